/**
 * What values out of files and flags have to look like: schemas of valibot, with what ours have in
 * common, and what is not as expected as those who wrote it are told.
 */

import {
  array,
  check,
  custom,
  intersect,
  map as mapSchema,
  number,
  object,
  pipe,
  rawCheck,
  safeParse,
  string,
  transform,
  unknown,
  type BaseIssue,
  type GenericSchema,
  type InferOutput,
  type IssuePathItem,
  type ObjectSchema,
  type OptionalSchema,
} from 'valibot';
import { isMap, map, own, type Map as Named } from './map.js';

/** One thing that is not as expected; the path leads to it from the value that was checked. */
export interface Issue {
  readonly path: readonly string[];
  readonly expected: string;
  /** A key of the map at `path` that it may not have, and those that it may. */
  readonly key?: { readonly unknown: string; readonly known: readonly string[] };
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Between the keys that a map may have, where valibot has what it expected. */
const OR = ' | ';

/** Of whatever a file may hold. */
export type Shape<T> = GenericSchema<unknown, T>;

/** The value as the program takes it, or everything that is not as expected. */
export function checked<T>(shape: Shape<T>, value: unknown): Checked<T> {
  const { success, output, issues } = safeParse(shape, value);
  return success ? { ok: true, value: output } : { ok: false, issues: issues.flatMap(issuesOf) };
}

/**
 * Of alternatives that all do not fit: what is wrong with the one that is of the value's kind, or, where
 * there is none, what the alternatives are.
 */
function issuesOf(issue: BaseIssue<unknown>): Issue[] {
  const path = (issue.path ?? []).map(({ key }) => String(key));
  const near = (issue.issues ?? []).filter(
    (one) => one.kind !== 'schema' || one.path !== undefined,
  );
  if (near.length > 0) {
    return near.flatMap(issuesOf).map((one) => ({ ...one, path: [...path, ...one.path] }));
  }
  const { message: expected, type } = issue;
  if (type !== 'raw_check' || issue.expected === null) return [{ path, expected }];
  return [{ path, expected, key: { unknown: issue.received, known: issue.expected.split(OR) } }];
}

/** A whole number; only one thing is wrong with another. */
export function integer(limits: { min: number; max?: number }, expected: string): Shape<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = limits;
  return pipe(
    number(expected),
    check((value) => Number.isSafeInteger(value) && value >= min && value <= max, expected),
  );
}

/** A list of at most so many, which is told of items that are not as expected as well. */
export function list<T>(
  item: Shape<T>,
  expected: string,
  limit?: { readonly most: number; readonly expected: string },
): Shape<T[]> {
  const all = array(item, expected);
  if (limit === undefined) return all;
  return pipe(
    all,
    rawCheck(({ dataset: { value }, addIssue }) => {
      if (Array.isArray(value) && value.length > limit.most) addIssue({ message: limit.expected });
    }),
  );
}

/** A map from names that a person chose: any, whatever objects of JavaScript have. */
export function mapOf<T>(item: Shape<T>, expected: string): Shape<Record<string, T>> {
  return pipe(
    custom<Named>(isMap, expected),
    transform((value) => new Map(Object.entries(value))),
    mapSchema(string(), item),
    transform((entries) => Object.fromEntries(entries)),
  );
}

/** A rule about a map that is as expected otherwise. */
export interface Rule<T> {
  readonly holds: (value: T) => boolean;
  readonly expected: string;
  /** The key that it is about; absent: the map itself. */
  readonly key?: string;
}

/** None has to be written: of one that is missing valibot would not say what it expected. */
type Fields = Readonly<Record<string, OptionalSchema<Shape<unknown>, unknown>>>;
type FieldsOf<E extends Fields> = InferOutput<ObjectSchema<E, undefined>>;

/** A map that has these keys and no others; rules are looked at once all of it is as expected. */
export interface MapShape<E extends Fields> extends Shape<FieldsOf<E>> {
  readonly fields: E;
}

export function mapWith<const E extends Fields>(
  fields: E,
  expected: string,
  ...rules: readonly Rule<FieldsOf<E>>[]
): MapShape<E> {
  const keys = intersect([object(fields), noneBut(Object.keys(fields), expected)]) as Shape<
    FieldsOf<E>
  >;
  const shape: Shape<FieldsOf<E>> = pipe(
    custom<unknown>(isMap, expected),
    // What all objects have is nothing that was written.
    transform((value): unknown => ({ __proto__: null, ...map(value) })),
    keys,
    rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed || dataset.issues !== undefined) return;
      const { value } = dataset;
      for (const { holds, key, expected: message } of rules) {
        if (holds(value)) continue;
        addIssue(key === undefined ? { message } : { message, path: [itemOf(value, key)] });
      }
    }),
  );
  return Object.assign(shape, { fields });
}

function itemOf(input: unknown, key: string): IssuePathItem {
  return { type: 'unknown', origin: 'value', input, key, value: own(map(input), key) };
}

/** valibot tells of one unknown key only, and of none by a name that all objects have. */
function noneBut(known: readonly string[], message: string): Shape<object> {
  return pipe(
    unknown(),
    rawCheck(({ dataset: { value }, addIssue }) => {
      for (const key of Object.keys(map(value))) {
        if (!known.includes(key)) addIssue({ message, expected: known.join(OR), received: key });
      }
    }),
    transform(() => ({})),
  );
}
