/** Intrinsic functions of JSONPath states, `States.…` (contract 11.16). */

import { createHash, randomUUID } from 'node:crypto';
import { INTRINSIC_FAILURE, StateFailed } from './failure.js';
import { isJsonMap, parseJson, sameJson, type Json } from './json.js';

export type Expression =
  | { readonly kind: 'call'; readonly name: string; readonly parts: readonly Expression[] }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'value'; readonly value: Json };

const DEEPEST = 10;
const LONGEST_RANGE = 1000;
const LONGEST_TEXT = 10_000;
const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

export function isIntrinsic(text: string): boolean {
  return text.startsWith('States.');
}

/** Raises an `Error` that says what is wrong. */
export function parseIntrinsic(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.expression(0);
  parser.end();
  if (expression.kind !== 'call') throw new Error('it calls no function');
  return expression;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  expression(depth: number): Expression {
    if (depth > DEEPEST) throw new Error(`more than ${DEEPEST} functions are nested`);
    this.#space();
    const rest = this.#text.slice(this.#at);
    const call = /^States\.(\w+)\s*\(/.exec(rest);
    if (call !== null) {
      this.#at += call[0].length;
      const name = call[1] ?? '';
      if (FUNCTIONS[name] === undefined) throw new Error(`there is no function States.${name}`);
      return { kind: 'call', name, parts: this.#parts(depth) };
    }
    if (rest.startsWith("'")) return { kind: 'value', value: this.#string() };
    if (rest.startsWith('$')) return { kind: 'path', path: this.#path() };
    const literal = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=\s*[,)]|\s*$)/.exec(
      rest,
    );
    if (literal === null)
      throw new Error(`what stands at character ${this.#at + 1} is no argument`);
    this.#at += literal[0].length;
    return { kind: 'value', value: JSON.parse(literal[0]) as Json };
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) {
      throw new Error(`there is something behind its end, at character ${this.#at + 1}`);
    }
  }

  #parts(depth: number): Expression[] {
    const parts: Expression[] = [];
    this.#space();
    if (this.#take(')')) return parts;
    for (;;) {
      parts.push(this.expression(depth + 1));
      this.#space();
      if (this.#take(')')) return parts;
      if (!this.#take(',')) throw new Error('a closing parenthesis is missing');
    }
  }

  #string(): string {
    let value = '';
    for (let index = this.#at + 1; index < this.#text.length; index += 1) {
      const character = this.#text.charAt(index);
      if (character === '\\') {
        index += 1;
        const escaped = this.#text.charAt(index);
        // Braces keep their backslash until `States.Format` has seen it.
        value += escaped === '{' || escaped === '}' ? `\\${escaped}` : escaped;
      } else if (character === "'") {
        this.#at = index + 1;
        return value;
      } else value += character;
    }
    throw new Error('a quote is not closed');
  }

  #path(): string {
    const start = this.#at;
    let brackets = 0;
    let quote = '';
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      if (quote !== '') {
        if (character === quote) quote = '';
      } else if (brackets > 0 && (character === "'" || character === '"')) quote = character;
      else if (character === '[') brackets += 1;
      else if (character === ']') brackets -= 1;
      else if (brackets === 0 && /[,)\s]/.test(character)) break;
      this.#at += 1;
    }
    return this.#text.slice(start, this.#at);
  }

  #space(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false;
    this.#at += 1;
    return true;
  }
}

/** Raises `StateFailed`. */
export function evaluateIntrinsic(
  expression: Expression,
  lookUp: (path: string) => Json,
  random: () => number,
): Json {
  if (expression.kind === 'value') return expression.value;
  if (expression.kind === 'path') return lookUp(expression.path);
  const parts = expression.parts.map((part) => evaluateIntrinsic(part, lookUp, random));
  const call = FUNCTIONS[expression.name];
  if (call === undefined) throw failure(`there is no function States.${expression.name}`);
  const { least, most = least, run } = call;
  if (parts.length < least || parts.length > most) {
    const many = most === Number.POSITIVE_INFINITY ? `at least ${least}` : String(least);
    throw failure(`States.${expression.name} takes ${many} arguments, not ${parts.length}`);
  }
  return run(parts, random);
}

interface Intrinsic {
  readonly least: number;
  readonly most?: number;
  run(parts: readonly Json[], random: () => number): Json;
}

const FUNCTIONS: Readonly<Record<string, Intrinsic>> = {
  Array: { least: 0, most: Number.POSITIVE_INFINITY, run: (parts) => [...parts] },
  ArrayPartition: {
    least: 2,
    run([written, size]) {
      const list = listOf(written, 'ArrayPartition');
      const length = wholeOf(size, 'ArrayPartition');
      if (length < 1) throw failure('States.ArrayPartition needs a size of at least 1');
      const chunks = Math.ceil(list.length / length);
      return Array.from({ length: chunks }, (_, index) =>
        list.slice(index * length, (index + 1) * length),
      );
    },
  },
  ArrayContains: {
    least: 2,
    run: ([list, value]) =>
      listOf(list, 'ArrayContains').some((item) => sameJson(item, value ?? null)),
  },
  ArrayRange: {
    least: 3,
    run(parts) {
      const [first = 0, last = 0, step = 0] = parts.map((part) => wholeOf(part, 'ArrayRange'));
      if (step === 0) throw failure('States.ArrayRange needs a step other than 0');
      const length = Math.max(0, Math.floor((last - first) / step) + 1);
      if (length > LONGEST_RANGE) {
        throw failure(`States.ArrayRange makes at most ${LONGEST_RANGE} items`);
      }
      return Array.from({ length }, (_, index) => first + index * step);
    },
  },
  ArrayGetItem: {
    least: 2,
    run([written, at]) {
      const list = listOf(written, 'ArrayGetItem');
      const item = list[wholeOf(at, 'ArrayGetItem')];
      if (item === undefined) throw failure('States.ArrayGetItem: the index is out of bounds');
      return item;
    },
  },
  ArrayLength: { least: 1, run: ([list]) => listOf(list, 'ArrayLength').length },
  ArrayUnique: {
    least: 1,
    run([written]) {
      const list = listOf(written, 'ArrayUnique');
      return list.filter((item, index) => list.findIndex((o) => sameJson(o, item)) === index);
    },
  },
  Base64Encode: {
    least: 1,
    run: ([text]) => Buffer.from(shortText(text, 'Base64Encode')).toString('base64'),
  },
  Base64Decode: {
    least: 1,
    run: ([text]) => Buffer.from(shortText(text, 'Base64Decode'), 'base64').toString('utf8'),
  },
  Hash: {
    least: 2,
    run([data, algorithm]) {
      const name = HASHES[textOf(algorithm, 'Hash')];
      if (name === undefined) {
        throw failure(`States.Hash knows ${Object.keys(HASHES).join(', ')}`);
      }
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      return createHash(name).update(shortText(text, 'Hash')).digest('hex');
    },
  },
  JsonMerge: {
    least: 3,
    run([one, other, deep]) {
      if (deep !== false) throw failure('States.JsonMerge merges shallowly only: pass false');
      if (!isJsonMap(one) || !isJsonMap(other)) throw failure('States.JsonMerge takes two objects');
      return { ...one, ...other };
    },
  },
  StringToJson: {
    least: 1,
    run([text]) {
      const value = parseJson(textOf(text, 'StringToJson'));
      if (value === undefined) throw failure('States.StringToJson: the text is not JSON');
      return value;
    },
  },
  JsonToString: { least: 1, run: ([value]) => JSON.stringify(value) },
  MathRandom: {
    least: 2,
    most: 3,
    run(parts, random) {
      const [start = 0, end = 0, seed] = parts.map((part) => wholeOf(part, 'MathRandom'));
      if (end <= start) throw failure('States.MathRandom needs an end above its start');
      const drawn = seed === undefined ? random() : seeded(seed);
      return start + Math.floor(drawn * (end - start));
    },
  },
  MathAdd: {
    least: 2,
    run(parts) {
      const [one = 0, other = 0] = parts.map((part) => wholeOf(part, 'MathAdd'));
      return one + other;
    },
  },
  StringSplit: {
    least: 2,
    run([text, written]) {
      const splitters = new Set(textOf(written, 'StringSplit'));
      const pieces = [''];
      for (const character of textOf(text, 'StringSplit')) {
        if (splitters.has(character)) pieces.push('');
        else pieces.push(`${pieces.pop() ?? ''}${character}`);
      }
      return pieces.filter((piece) => piece !== '');
    },
  },
  UUID: { least: 0, run: () => randomUUID() },
  Format: {
    least: 1,
    most: Number.POSITIVE_INFINITY,
    run: ([text, ...values]) => format(text, values),
  },
};

function format(written: Json | undefined, values: readonly Json[]): string {
  const template = textOf(written, 'Format');
  let used = 0;
  const text = template.replace(/\\([{}])|\{\}/g, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[used];
    used += 1;
    if (value === undefined) return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  if (used !== values.length) {
    throw failure(`States.Format has ${used} places for ${values.length} arguments`);
  }
  return text;
}

/** The same number for the same seed. */
function seeded(seed: number): number {
  const digest = createHash('sha256').update(String(seed)).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}

function listOf(value: Json | undefined, name: string): readonly Json[] {
  if (!Array.isArray(value)) throw failure(`States.${name} takes an array`);
  return value as readonly Json[];
}

function wholeOf(value: Json | undefined, name: string): number {
  if (typeof value !== 'number') throw failure(`States.${name} takes a number`);
  return Math.round(value);
}

function textOf(value: Json | undefined, name: string): string {
  if (typeof value !== 'string') throw failure(`States.${name} takes a string`);
  return value;
}

function shortText(value: Json | undefined, name: string): string {
  const text = textOf(value, name);
  if (text.length > LONGEST_TEXT) {
    throw failure(`States.${name} takes at most ${LONGEST_TEXT} characters`);
  }
  return text;
}

function failure(cause: string): StateFailed {
  return new StateFailed(INTRINSIC_FAILURE, cause);
}
