/**
 * The pattern language of EventBridge rules and of Lambda's event filtering (contract 11.12). A
 * pattern is compiled once and then asked of every event; it behaves as AWS' own matcher does,
 * consistency of arrays included: what is asked of several fields below one array must hold in one
 * element of it.
 */

import { branchesOf, type Branch } from './branches.js';
import type { Condition } from './conditions.js';
import {
  addField,
  findFields,
  newStep,
  NO_ARRAYS,
  type Found,
  type Membership,
  type Step,
} from './fields.js';
import { InvalidPattern } from './invalid-pattern.js';
import { parseLiterally } from './literal-json.js';
import { messageOf } from '../errors.js';

export interface EventPattern {
  /**
   * Whether the event, as parsed, matches. Parsed by `parseLiterally` its numbers are compared as
   * they were written; parsed by `JSON.parse`, as JavaScript writes them.
   */
  matches(event: unknown): boolean;
}

/** `text` is the pattern's JSON. Raises `InvalidPattern`. */
export function compilePattern(text: string): EventPattern {
  const branches = branchesOf(parsed(text)).map((branch) => new CompiledBranch(branch));
  return {
    matches: (event) =>
      typeof event === 'object' &&
      event !== null &&
      !Array.isArray(event) &&
      branches.some((branch) => branch.matches(event)),
  };
}

function parsed(text: string): unknown {
  try {
    return parseLiterally(text);
  } catch (error) {
    throw new InvalidPattern('', `Filter is not JSON: ${messageOf(error)}`);
  }
}

class CompiledBranch {
  readonly #conditions: readonly Condition[];
  readonly #root: Step = newStep();

  constructor(branch: Branch) {
    // The order in which AWS goes through fields: what is found first binds the elements of arrays.
    const names = [...branch.keys()].sort();
    const conditions: Condition[] = [];
    for (const name of names) {
      const field = branch.get(name);
      if (field === undefined) continue;
      addField(this.#root, field.parts, conditions.length);
      // Names with dots in them mean nested names as well.
      addField(this.#root, name.split('.'), conditions.length);
      conditions.push(field.condition);
    }
    this.#conditions = conditions;
  }

  matches(event: object): boolean {
    const fields = findFields(event, this.#root, this.#conditions.length);
    if (fields.some((found) => found.some(({ membership }) => membership.size > 0))) {
      return this.#matchesInArrays(fields);
    }
    return this.#conditions.every((condition, field) => {
      const found = fields[field] ?? [];
      if (found.length === 0) return condition.absent;
      return found.some(({ leaf }) => condition.allows(leaf));
    });
  }

  /** Which elements of arrays the fields so far stand in: all possibilities, each once. */
  #matchesInArrays(fields: readonly (readonly Found[])[]): boolean {
    const lastUse = lastUses(fields);
    let possible: readonly Membership[] = [NO_ARRAYS];
    for (const [field, condition] of this.#conditions.entries()) {
      const found = fields[field] ?? [];
      const allowed = found.filter(({ leaf }) => condition.allows(leaf));
      const next = new Map<string, Membership>();
      const keep = (membership: Membership): void => {
        const still = stillUsed(membership, lastUse, field);
        next.set(keyOf(still), still);
      };
      for (const soFar of possible) {
        if (condition.absent && !found.some(({ membership }) => agree(soFar, membership))) {
          keep(soFar);
        }
        for (const { membership } of allowed) {
          if (agree(soFar, membership)) keep(new Map([...soFar, ...membership]));
        }
      }
      if (next.size === 0) return false;
      possible = [...next.values()];
    }
    return true;
  }
}

function agree(one: Membership, other: Membership): boolean {
  for (const [array, index] of other) {
    const bound = one.get(array);
    if (bound !== undefined && bound !== index) return false;
  }
  return true;
}

/** Array → the last field that has values below it. */
function lastUses(fields: readonly (readonly Found[])[]): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  for (const [field, found] of fields.entries()) {
    for (const { membership } of found)
      for (const array of membership.keys()) last.set(array, field);
  }
  return last;
}

/** What no later field stands in decides nothing more: forgetting it keeps the possibilities few. */
function stillUsed(
  membership: Membership,
  lastUse: ReadonlyMap<number, number>,
  field: number,
): Membership {
  const used = [...membership].filter(([array]) => (lastUse.get(array) ?? 0) > field);
  return used.length === 0 ? NO_ARRAYS : new Map(used);
}

function keyOf(membership: Membership): string {
  if (membership.size === 0) return '';
  return [...membership].sort(([one], [other]) => one - other).join(';');
}
