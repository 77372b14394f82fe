/** JSONata as Step Functions has it: `{% … %}` in strings, `$states`, and functions of its own. */

import { createHash, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type jsonata from 'jsonata';
import { QUERY_ERROR, StateFailed } from './failure.js';
import { isJsonMap, type Json, type JsonMap } from './json.js';

type Compile = typeof jsonata;
type Expression = ReturnType<Compile>;

const load = createRequire(import.meta.url);
let loaded: Compile | undefined;

/** Only machines that use it pay for it. */
function compile(text: string): Expression {
  loaded ??= load('jsonata') as Compile;
  return loaded(text);
}

const EXPRESSION = /^\{%([\s\S]*)%\}$/;
const LONGEST_RANGE = 1000;
const KEPT = 1000;
const compiled = new Map<string, Expression>();

/** What stands between `{%` and `%}`; undefined when the text is no expression. */
export function expressionIn(text: string): string | undefined {
  return EXPRESSION.exec(text)?.[1]?.trim();
}

/** Why it cannot be compiled; undefined when it can. */
export function expressionProblem(text: string): string | undefined {
  try {
    compile(text);
    return undefined;
  } catch (error) {
    const { message, position } = error as { message?: string; position?: number };
    return `${message ?? String(error)}${position === undefined ? '' : ` at character ${position}`}`;
  }
}

export interface Bindings {
  readonly states: JsonMap;
  readonly variables: JsonMap;
  readonly random: () => number;
}

/** A value with every expression in it evaluated; `field` is told when one fails. */
export async function evaluateAll(value: Json, field: string, bindings: Bindings): Promise<Json> {
  if (typeof value === 'string') {
    const expression = expressionIn(value);
    return expression === undefined ? value : evaluate(expression, field, bindings);
  }
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    return Promise.all(list.map((item, at) => evaluateAll(item, `${field}[${at}]`, bindings)));
  }
  if (!isJsonMap(value)) return value;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await evaluateAll(item, `${field}/${key}`, bindings)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function evaluate(text: string, field: string, bindings: Bindings): Promise<Json> {
  const where = `The JSONata expression '${text}' specified for the field '${field}'`;
  let result: unknown;
  try {
    const { states, variables } = bindings;
    result = await expressionOf(text).evaluate(undefined, {
      ...variables,
      states,
      ...functionsOf(bindings.random),
    });
  } catch (error) {
    const { message, code } = error as { message?: string; code?: string };
    const told = message ?? String(error);
    throw queryError(
      `${where} threw an error during evaluation. ${code === undefined ? told : `${code}: ${told}`}`,
    );
  }
  if (result === undefined) throw queryError(`${where} returned nothing (undefined).`);
  // Sequences carry marks of the evaluator's own; functions and the like are no JSON.
  const plain = JSON.stringify(result) as string | undefined;
  if (plain === undefined || typeof result === 'function') {
    throw queryError(`${where} returned an unsupported result type.`);
  }
  return JSON.parse(plain) as Json;
}

function expressionOf(text: string): Expression {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (compiled.size >= KEPT) compiled.clear();
  const expression = compile(text);
  compiled.set(text, expression);
  return expression;
}

function functionsOf(random: () => number): Record<string, unknown> {
  return {
    partition: (list: readonly unknown[], size: number) => {
      const length = Math.max(1, Math.round(size));
      return Array.from({ length: Math.ceil(list.length / length) }, (_, index) =>
        list.slice(index * length, (index + 1) * length),
      );
    },
    range(first: number, last: number, step: number) {
      const length = step === 0 ? 0 : Math.max(0, Math.floor((last - first) / step) + 1);
      if (length > LONGEST_RANGE) throw new Error(`$range makes at most ${LONGEST_RANGE} items`);
      return Array.from({ length }, (_, index) => first + index * step);
    },
    hash: (data: unknown, algorithm = 'SHA-1') =>
      createHash(algorithm.toLowerCase().replace('sha-', 'sha'))
        .update(typeof data === 'string' ? data : JSON.stringify(data))
        .digest('hex'),
    random: (seed?: number) => (seed === undefined ? random() : seeded(seed)),
    uuid: () => randomUUID(),
    parse: (text: string) => JSON.parse(text) as unknown,
    eval() {
      throw new Error('$eval is not supported; use $parse for JSON text');
    },
  };
}

/** The same number for the same seed. */
function seeded(seed: number): number {
  return createHash('sha256').update(String(seed)).digest().readUInt32BE(0) / 2 ** 32;
}

function queryError(cause: string): StateFailed {
  return new StateFailed(QUERY_ERROR, cause);
}
