/**
 * The single values of an event that a pattern asks for, with the elements of arrays they stand in:
 * one walk along what the pattern names, past all else.
 */

import type { Leaf } from './leaf.js';
import { LiteralNumber } from './literal-json.js';

/** Number of an array, in the order they were met → index of the element. */
export type Membership = ReadonlyMap<number, number>;

export interface Found {
  readonly leaf: Leaf;
  readonly membership: Membership;
}

/** A tree of the names of fields. */
export interface Step {
  /** Index of the field that ends here. */
  field: number | undefined;
  readonly steps: Map<string, Step>;
}

/** Arrays inside of arrays; nobody writes deeper ones in earnest. */
const DEEPEST = 100;

export const NO_ARRAYS: Membership = new Map();

export function newStep(): Step {
  return { field: undefined, steps: new Map() };
}

export function addField(root: Step, parts: readonly string[], field: number): void {
  let step = root;
  for (const part of parts) {
    let next = step.steps.get(part);
    if (next === undefined) {
      next = newStep();
      step.steps.set(part, next);
    }
    step = next;
  }
  step.field = field;
}

/** For each field the values found, in the order of the event. */
export function findFields(event: object, root: Step, fields: number): Found[][] {
  const found: Found[][] = Array.from({ length: fields }, () => []);
  let arrays = 0;

  const enter = (value: unknown, step: Step, membership: Membership): void => {
    if (Array.isArray(value)) enterArray(value, step, membership);
    else if (typeof value === 'object' && value !== null && !(value instanceof LiteralNumber)) {
      for (const [name, next] of step.steps) {
        if (!Object.hasOwn(value, name)) continue;
        enter((value as Readonly<Record<string, unknown>>)[name], next, membership);
      }
    } else if (step.field !== undefined && value !== undefined) {
      found[step.field]?.push({ leaf: value as Leaf, membership });
    }
  };

  const enterArray = (array: readonly unknown[], step: Step, membership: Membership): void => {
    if (membership.size > DEEPEST) return;
    const number = arrays;
    arrays += 1;
    for (const [index, element] of array.entries()) {
      // Single values of one array may go with any element of another.
      const single = typeof element !== 'object' || element === null;
      enter(element, step, single ? membership : new Map(membership).set(number, index));
    }
  };

  enter(event, root, NO_ARRAYS);
  return found;
}
