/** What paths, templates and intrinsic functions of JSONPath states see, and what they give. */

import { runtimeError } from './failure.js';
import { evaluateIntrinsic, isIntrinsic, parseIntrinsic } from './intrinsics.js';
import { isJsonMap, type Json, type JsonMap } from './json.js';
import { find, type Found } from './json-path.js';

export interface Surroundings {
  /** What `$$` is. */
  readonly context: JsonMap;
  readonly variables: JsonMap;
  readonly random: () => number;
}

const VARIABLE = /^\$([\p{L}_][\p{L}\p{N}_]*)/u;

/** The value at `$…`, `$$…` or `$variable…`. */
export function look(path: string, input: Json, around: Surroundings): Found | undefined {
  if (path.startsWith('$$')) return find(path.slice(1), around.context);
  const name = VARIABLE.exec(path)?.[1];
  if (name === undefined) return find(path, input);
  const value = around.variables[name];
  return value === undefined ? undefined : find(`$${path.slice(name.length + 1)}`, value);
}

/** The same, where it must be there. */
export function require(path: string, field: string, input: Json, around: Surroundings): Json {
  const found = look(path, input, around);
  if (found !== undefined) return found.value;
  throw runtimeError(
    `The JSONPath '${path}' specified for the field '${field}' could not be found in the input '${JSON.stringify(input)}'`,
  );
}

/** A path or an intrinsic function, as stands in fields whose name ends in `.$`. */
export function evaluate(text: string, field: string, input: Json, around: Surroundings): Json {
  if (!isIntrinsic(text)) return require(text, field, input, around);
  const lookUp = (path: string): Json => require(path, field, input, around);
  return evaluateIntrinsic(parseIntrinsic(text), lookUp, around.random);
}

/** A payload template filled in. */
export function fill(template: Json, input: Json, around: Surroundings): Json {
  if (Array.isArray(template)) {
    return template.map((item: Json) => fill(item, input, around));
  }
  if (!isJsonMap(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$') && typeof value === 'string'
        ? [key.slice(0, -2), evaluate(value, key, input, around)]
        : [key, fill(value, input, around)],
    ),
  );
}
