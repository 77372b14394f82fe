/** Rebuilds the values of a document. Pure. */

import { isMap, own, type Map } from '../map.js';

/** Nothing that a person writes is nested more deeply; what is stays as it was. */
const DEEPEST = 200;

export interface Changes {
  /** Sees every map first; what it gives takes the map's place, and undefined goes inside. */
  map?(map: Map, inside: (value: unknown) => unknown): unknown;
  text?(text: string): unknown;
}

export function rewrite(value: unknown, changes: Changes, depth = 0): unknown {
  if (typeof value === 'string') return changes.text === undefined ? value : changes.text(value);
  if (depth > DEEPEST) return value;
  const inside = (inner: unknown): unknown => rewrite(inner, changes, depth + 1);
  if (Array.isArray(value)) return value.map(inside);
  if (!isMap(value)) return value;
  const changed = changes.map?.(value, inside);
  if (changed !== undefined) return changed;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item)]));
}

/** The only key of a map and what it holds; undefined when it has another number of keys. */
export function single(map: Map): readonly [name: string, argument: unknown] | undefined {
  const [entry, ...others] = Object.entries(map);
  return others.length === 0 ? entry : undefined;
}

/** Takes the names in a text of `Fn::Sub` for others; `rename` gives those that change. */
export function renameInSub(
  argument: unknown,
  rename: (name: string) => string | { readonly variable: unknown } | undefined,
): unknown {
  const [template, given] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
  if (typeof template !== 'string') return argument;
  const variables: Record<string, unknown> = isMap(given) ? { ...given } : {};
  const text = template.replace(/\$\{([^}!][^}]*)\}/g, (whole, written: string) => {
    const name = written.trim();
    if (isMap(given) && Object.hasOwn(given, name)) return whole;
    const next = rename(name);
    if (next === undefined) return whole;
    if (typeof next === 'string') return `\${${next}}`;
    if (typeof next.variable === 'string') return next.variable.replaceAll('${', '${!');
    // Names of variables are letters and digits.
    let variable = name.replace(/\W/g, '');
    while (own(variables, variable) !== undefined) variable += 'X';
    variables[variable] = next.variable;
    return `\${${variable}}`;
  });
  return Object.keys(variables).length === 0 ? text : [text, variables];
}
