/**
 * JSONPath as the States Language uses it. Definite paths, which nearly all are, are followed here
 * and give one value or none; the others (`..`, `*`, slices, filters, several names) go to
 * jsonpath-plus and give a list, as in AWS's own interpreter.
 */

import { createRequire } from 'node:module';
import type { JSONPath } from 'jsonpath-plus';
import { isJsonMap, type Json } from './json.js';

export type Segment = string | number;

type Evaluate = typeof JSONPath;
const require = createRequire(import.meta.url);
let loaded: Evaluate | undefined;

/** Only machines with such paths pay for it. */
function evaluator(): Evaluate {
  loaded ??= (require('jsonpath-plus') as { JSONPath: Evaluate }).JSONPath;
  return loaded;
}

const STEP = /\.([^.[\]'"()*?@,:\s]+)|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+))\]/y;

/** The steps of a definite path below `$`; undefined when it is indefinite or no path. */
export function segmentsOf(path: string): readonly Segment[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const segments: Segment[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (match === null) return undefined;
    const [, name, single, double, index] = match;
    if (index !== undefined) segments.push(Number(index));
    else segments.push(name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1'));
  }
  return segments;
}

/** Why it is no JSONPath; undefined when it is one. */
export function pathProblem(path: string): string | undefined {
  if (!path.startsWith('$')) return 'it must begin with $';
  if (segmentsOf(path) !== undefined) return undefined;
  try {
    // Filters are parsed only where there is something to filter.
    evaluator()({ path, json: { probe: [{}] }, wrap: true, eval: 'safe' });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return /[[\]]/.test(path) && !balanced(path) ? 'its brackets do not match' : undefined;
}

export interface Found {
  readonly value: Json;
}

/** What the path finds; undefined when a definite path finds nothing. */
export function find(path: string, root: Json): Found | undefined {
  const segments = segmentsOf(path);
  if (segments !== undefined) return follow(segments, root);
  if (typeof root !== 'object' || root === null) return { value: [] };
  const value = evaluator()({ path, json: root as object, wrap: true, eval: 'safe' }) as
    Json[] | undefined;
  return { value: value ?? [] };
}

function follow(segments: readonly Segment[], root: Json): Found | undefined {
  let at = root;
  for (const segment of segments) {
    let next: Json | undefined;
    if (Array.isArray(at)) {
      const list = at as readonly Json[];
      next = typeof segment === 'number' ? list.at(segment) : undefined;
    } else if (isJsonMap(at) && Object.hasOwn(at, segment)) next = at[segment];
    if (next === undefined) return undefined;
    at = next;
  }
  return { value: at };
}

/** A copy of `root` with `value` at the reference path; undefined where something bars the way. */
export function place(path: string, root: Json, value: Json): Json | undefined {
  const segments = segmentsOf(path);
  return segments === undefined ? undefined : put(segments, root, value);
}

function put(segments: readonly Segment[], at: Json | undefined, value: Json): Json | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return value;
  if (typeof segment === 'number') {
    if (!Array.isArray(at) || segment < 0 || segment >= at.length) return undefined;
    const list = at as readonly Json[];
    const inner = put(rest, list[segment], value);
    return inner === undefined ? undefined : list.with(segment, inner);
  }
  if (at !== undefined && !isJsonMap(at)) return undefined;
  const inner = put(rest, at?.[segment], value);
  return inner === undefined ? undefined : { ...at, [segment]: inner };
}

function balanced(path: string): boolean {
  let depth = 0;
  for (const character of path) {
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
