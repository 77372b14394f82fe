/**
 * The service model of Lambda: every operation with its path, and the shapes and constraints of
 * its request. Read once, when first asked for.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly input?: string;
}

export interface Member {
  readonly shape: string;
  readonly location?: 'uri' | 'querystring' | 'header';
  readonly locationName?: string;
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

let loaded: Model | undefined;
let runtimes: readonly string[] = [];

export function model(): Model {
  if (loaded === undefined) {
    const file = join(packageRoot(), 'models', 'lambda-2015-03-31.json');
    const original = JSON.parse(readFileSync(file, 'utf8')) as Model & {
      shapes: Record<string, Shape>;
    };
    runtimes = original.shapes['Runtime']?.enum ?? [];
    adjust(original.shapes);
    loaded = original;
  }
  return loaded;
}

/** Every runtime the API has ever known, in the order of the model. */
export function modelRuntimes(): readonly string[] {
  model();
  return runtimes;
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
