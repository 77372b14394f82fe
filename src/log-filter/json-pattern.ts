/** `{ $.level = "ERROR" && ($.user.id NOT EXISTS || $.items[0].price > 10) }`. Pure. */

import { Cursor, parseCondition, type Condition } from './condition.js';
import { comparison, type Operator } from './values.js';

const MISSING = Symbol('missing');
const SELECTOR = /\$(?:\.[\w-]+|\.?\["[^"]*"\]|\[\d+\]|\[\*\])+/y;
const STEP = /\.([\w-]+)|\.?\["([^"]*)"\]|\[(\d+|\*)\]/g;
const STATE = /NOT EXISTS|EXISTS|IS NULL|IS TRUE|IS FALSE/y;
const OPERATOR = /!=|<=|>=|=|<|>/y;
const VALUE = /"(?:[^"\\]|\\.)*"|%[^%]+%|[^\s(){}&|"%]+/y;

const STATES: Readonly<Record<string, (found: unknown) => boolean>> = {
  'NOT EXISTS': (found) => found === MISSING,
  EXISTS: (found) => found !== MISSING,
  'IS NULL': (found) => found === null,
  'IS TRUE': (found) => found === true,
  'IS FALSE': (found) => found === false,
};

/** Undefined where it is none. What is no JSON never matches. */
export function parseJsonPattern(pattern: string): ((message: string) => boolean) | undefined {
  const cursor = new Cursor(pattern);
  if (cursor.take(/\{/y) === undefined) return undefined;
  const condition = parseCondition(cursor, comparisonAt);
  if (condition === undefined || cursor.take(/\}/y) === undefined || !cursor.atEnd)
    return undefined;
  return (message) => {
    const start = message.trimStart();
    if (!start.startsWith('{') && !start.startsWith('[')) return false;
    try {
      return condition(JSON.parse(message));
    } catch {
      return false;
    }
  };
}

function comparisonAt(cursor: Cursor): Condition<unknown> | undefined {
  const selector = cursor.take(SELECTOR);
  if (selector === undefined) return undefined;
  const steps = stepsOf(selector);
  const state = cursor.take(STATE);
  if (state !== undefined) return (document) => STATES[state]?.(valueAt(document, steps)) === true;
  const operator = cursor.take(OPERATOR) as Operator | undefined;
  const wanted = operator === undefined ? undefined : cursor.take(VALUE);
  if (operator === undefined || wanted === undefined) return undefined;
  const holds = comparison(operator, wanted);
  if (holds === undefined) return undefined;
  return (document) => {
    const found = valueAt(document, steps);
    // A field that is not there is not unequal either.
    return found !== MISSING && found !== null && holds(found);
  };
}

function stepsOf(selector: string): readonly string[] {
  return [...selector.matchAll(STEP)].map(
    ([, name, quoted, index]) => name ?? quoted ?? index ?? '',
  );
}

/** `[*]` stands for the first item. */
function valueAt(document: unknown, steps: readonly string[]): unknown {
  let at: unknown = document;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null) return MISSING;
    const key = step === '*' ? '0' : step;
    if (!Object.hasOwn(at, key)) return MISSING;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
