/**
 * SAM's `Globals` laid under a resource's own properties (contract 12.3). Pure.
 */

import { isMap, type Map } from '../map.js';
import { isIntrinsic } from './intrinsics.js';

/** `ignore` is the resource's `IgnoreGlobals`. */
export function withGlobals(globals: Map, own: Map, ignore: unknown): Map {
  if (ignore === '*') return own;
  const left = Array.isArray(ignore) ? ignore.map(String) : [];
  const kept = Object.fromEntries(Object.entries(globals).filter(([key]) => !left.includes(key)));
  return merge(kept, own) as Map;
}

function merge(global: unknown, local: unknown): unknown {
  if (local === undefined) return global;
  if (global === undefined || isIntrinsic(global) || isIntrinsic(local)) return local;
  if (Array.isArray(global) && Array.isArray(local)) return [...global, ...local];
  if (isMap(global) && isMap(local)) {
    const keys = new Set([...Object.keys(global), ...Object.keys(local)]);
    return Object.fromEntries([...keys].map((key) => [key, merge(global[key], local[key])]));
  }
  return local;
}
