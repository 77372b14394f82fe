/**
 * The service model of Lambda: every operation with its path, and the shapes and constraints of
 * its request. Each is read once, when first asked for.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The shape of its request. */
  readonly input?: string;
  /** Of that, what does not stand in the body. */
  readonly located?: Readonly<Record<string, Located>>;
  /** Something may not be absent. */
  readonly requires?: boolean;
}

export interface Located {
  readonly location: 'uri' | 'querystring' | 'header';
  readonly locationName: string;
  readonly type: Shape['type'];
}

export interface Member {
  readonly shape: string;
}

export interface Shape {
  readonly type:
    | 'structure'
    | 'list'
    | 'map'
    | 'string'
    | 'integer'
    | 'long'
    | 'double'
    | 'boolean'
    | 'blob'
    | 'timestamp';
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly required?: readonly string[];
  readonly payload?: string;
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: string;
  readonly key?: string;
  readonly value?: string;
}

export interface Model {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

type Shapes = Record<string, Shape>;

let operations: Model['operations'] | undefined;
let shapes: Shapes | undefined;
let runtimes: readonly string[] = [];

const MODEL: Model = {
  get operations() {
    return (operations ??= (read('lambda-2015-03-31.json') as Model).operations);
  },
  get shapes() {
    return (shapes ??= readShapes());
  },
};

export function model(): Model {
  return MODEL;
}

/** Every runtime the API has ever known, in the order of the model. */
export function modelRuntimes(): readonly string[] {
  shapes ??= readShapes();
  return runtimes;
}

function readShapes(): Shapes {
  const { shapes: all } = read('lambda-2015-03-31-shapes.json') as { shapes: Shapes };
  runtimes = all['Runtime']?.enum ?? [];
  adjust(all);
  return all;
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot(), 'models', name), 'utf8')) as unknown;
}

/** The model's bounds hold for managed instances too; ordinary functions have less (contract 8.8). */
const BOUNDS: Readonly<Record<string, Partial<Shape>>> = {
  Timeout: { max: 900 },
  MemorySize: { max: 10_240 },
  EphemeralStorageSize: { max: 10_240 },
  // Unknown runtimes have a text and a class of their own (contract 8.6).
  Runtime: { enum: [] },
};

function adjust(shapes: Record<string, Shape>): void {
  for (const [name, bounds] of Object.entries(BOUNDS)) {
    const shape = shapes[name];
    if (shape !== undefined) shapes[name] = { ...shape, ...bounds };
  }
}
