/**
 * What values out of files and flags have to look like: small checks put together, each of which
 * gives the value as the program takes it, or says what was expected where. A library for this would
 * take longer to load than all else that a project's file needs.
 */

import { isMap, own } from './map.js';

/** One thing that is not as expected; the path leads to it from the value that was checked. */
export interface Issue {
  readonly path: readonly string[];
  readonly expected: string;
  /** Keys of the map at `path` that it may not have, and those that it may. */
  readonly keys?: { readonly unknown: readonly string[]; readonly known: readonly string[] };
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly issues: readonly Issue[];
      /** It is of the right kind: an alternative of another kind is not what was meant. */
      readonly near: boolean;
    };

export type Shape<T> = (value: unknown) => Checked<T>;
/** What a shape gives. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** A rule about a value of the right kind. */
export interface Rule<T> {
  readonly holds: (value: T) => boolean;
  readonly expected: string;
  /** The key that it is about; absent: the value itself. */
  readonly key?: string;
}

function sound<T>(value: T): Checked<T> {
  return { ok: true, value };
}

function wrong(expected: string): Checked<never> {
  return { ok: false, issues: [{ path: [], expected }], near: false };
}

/** All rules that do not hold are told. */
function held<T>(value: T, rules: readonly Rule<T>[]): Checked<T> {
  const broken = rules.filter(({ holds }) => !holds(value));
  if (broken.length === 0) return sound(value);
  const issues = broken.map(({ key, expected }) => ({
    path: key === undefined ? [] : [key],
    expected,
  }));
  return { ok: false, issues, near: true };
}

export function text(expected: string, ...rules: readonly Rule<string>[]): Shape<string> {
  return (value) => (typeof value === 'string' ? held(value, rules) : wrong(expected));
}

export function matches(pattern: RegExp, expected: string): Rule<string> {
  return { holds: (value) => pattern.test(value), expected };
}

export function atMost(length: number, expected: string): Rule<{ readonly length: number }> {
  return { holds: (value) => value.length <= length, expected };
}

/** A whole number; out of bounds it is of the right kind all the same. */
export function integer(limits: { min: number; max?: number }, expected: string): Shape<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = limits;
  return (value) => {
    if (!Number.isSafeInteger(value)) return wrong(expected);
    return held(value as number, [{ holds: (number) => number >= min && number <= max, expected }]);
  };
}

export function flag(expected: string): Shape<boolean> {
  return (value) => (typeof value === 'boolean' ? sound(value) : wrong(expected));
}

export function oneOf<const T extends string>(words: readonly T[], expected: string): Shape<T> {
  return (value) => (words.includes(value as T) ? sound(value as T) : wrong(expected));
}

/** The first alternative that takes the value; where just one is of its kind, what that says of it. */
export function either<const S extends readonly Shape<unknown>[]>(
  alternatives: S,
  expected: string,
): Shape<Shaped<S[number]>> {
  return (value) => {
    const near: Checked<unknown>[] = [];
    for (const alternative of alternatives) {
      const checked = alternative(value);
      if (checked.ok) return checked as Checked<Shaped<S[number]>>;
      if (checked.near) near.push(checked);
    }
    const [meant] = near;
    return meant === undefined || near.length > 1
      ? wrong(expected)
      : (meant as Checked<Shaped<S[number]>>);
  };
}

/** As `change` makes it once it is as expected. */
export function changed<T, U>(shape: Shape<T>, change: (value: T) => U): Shape<U> {
  return (value) => {
    const checked = shape(value);
    return checked.ok ? sound(change(checked.value)) : { ...checked, near: false };
  };
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value) => (value === undefined ? sound(undefined) : shape(value));
}

export function withDefault<T>(shape: Shape<T>, value: NoInfer<T>): Shape<T> {
  return (written) => (written === undefined ? sound(value) : shape(written));
}

export function list<T>(
  item: Shape<T>,
  expected: string,
  ...rules: readonly Rule<readonly unknown[]>[]
): Shape<T[]> {
  return (value) => {
    if (!Array.isArray(value)) return wrong(expected);
    const items: T[] = [];
    const issues: Issue[] = [];
    value.forEach((one: unknown, index) => {
      const checked = item(one);
      if (checked.ok) items.push(checked.value);
      else issues.push(...below(String(index), checked.issues));
    });
    const all = held(value, rules);
    if (!all.ok) issues.push(...all.issues);
    return issues.length > 0 ? { ok: false, issues, near: true } : sound(items);
  };
}

/** A map from names that a person chose. */
export function mapOf<T>(item: Shape<T>, expected: string): Shape<Record<string, T>> {
  return (value) => {
    if (!isMap(value)) return wrong(expected);
    const entries: [string, T][] = [];
    const issues: Issue[] = [];
    for (const [key, one] of Object.entries(value)) {
      const checked = item(one);
      if (checked.ok) entries.push([key, checked.value]);
      else issues.push(...below(key, checked.issues));
    }
    return issues.length > 0
      ? { ok: false, issues, near: true }
      : sound(Object.fromEntries(entries));
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: undefined extends Shaped<F[K]> ? K : never;
}[keyof F];
export type FieldsOf<F extends Fields> = {
  [K in Exclude<keyof F, OptionalKeys<F>>]: Shaped<F[K]>;
} & { [K in OptionalKeys<F>]?: Exclude<Shaped<F[K]>, undefined> };

/** A map that has these keys and no others; rules are looked at once all of it is as expected. */
export interface MapShape<F extends Fields> extends Shape<FieldsOf<F>> {
  readonly fields: F;
}

export function mapWith<const F extends Fields>(
  fields: F,
  expected: string,
  ...rules: readonly Rule<FieldsOf<F>>[]
): MapShape<F> {
  const check: Shape<FieldsOf<F>> = (value) => {
    if (!isMap(value)) return wrong(expected);
    const taken: Record<string, unknown> = {};
    const issues: Issue[] = [];
    for (const [key, shape] of Object.entries(fields)) {
      const checked = shape(own(value, key));
      if (!checked.ok) issues.push(...below(key, checked.issues));
      else if (checked.value !== undefined) taken[key] = checked.value;
    }
    const unknown = Object.keys(value).filter((key) => !Object.hasOwn(fields, key));
    if (unknown.length > 0) {
      issues.push({ path: [], expected, keys: { unknown, known: Object.keys(fields) } });
    }
    return issues.length > 0
      ? { ok: false, issues, near: true }
      : held(taken as FieldsOf<F>, rules);
  };
  return Object.assign(check, { fields });
}

function below(key: string, issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }));
}
