/** Members of a request's input, checked as AWS' services check them: all at once, in their words. */

import { isObject } from '../is-object.js';
import { ApiFault } from './api-fault.js';

export type Input = Readonly<Record<string, unknown>>;

export interface TextRule {
  readonly required?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly choices?: readonly string[];
}

export class Checked {
  readonly #input: Input;
  readonly #problems: string[] = [];

  constructor(input: Input) {
    this.#input = input;
  }

  text(name: string, rule: TextRule = {}): string | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null) {
      if (rule.required === true) this.#add(name, undefined, 'Member must not be null');
      return undefined;
    }
    if (typeof value !== 'string') throw serialization(name, 'a string');
    const { min = 0, max = Infinity, pattern, choices } = rule;
    if (value.length > max) {
      this.#add(name, value, `Member must have length less than or equal to ${max}`);
    }
    if (value.length < min) {
      this.#add(name, value, `Member must have length greater than or equal to ${min}`);
    }
    if (pattern !== undefined && !pattern.test(value)) {
      this.#add(
        name,
        value,
        `Member must satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`,
      );
    }
    if (choices !== undefined && !choices.includes(value)) {
      this.#add(name, value, `Member must satisfy enum value set: [${choices.join(', ')}]`);
    }
    return value;
  }

  number(name: string, rule: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number') throw serialization(name, 'a number');
    if (value < rule.min) {
      this.#add(name, value, `Member must have value greater than or equal to ${rule.min}`);
    }
    if (value > rule.max) {
      this.#add(name, value, `Member must have value less than or equal to ${rule.max}`);
    }
    return value;
  }

  list(name: string, rule: { required?: boolean; min?: number; max?: number } = {}): unknown[] {
    const value = this.#input[name];
    if (value === undefined || value === null) {
      if (rule.required === true) this.#add(name, undefined, 'Member must not be null');
      return [];
    }
    if (!Array.isArray(value)) throw serialization(name, 'a list');
    if (value.length > (rule.max ?? Infinity)) {
      this.#add(name, shown(value), `Member must have length less than or equal to ${rule.max}`);
    }
    if (value.length < (rule.min ?? 0)) {
      this.#add(name, shown(value), `Member must have length greater than or equal to ${rule.min}`);
    }
    return value as unknown[];
  }

  map(name: string): Input | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null) return undefined;
    if (!isObject(value)) throw serialization(name, 'a structure');
    return value;
  }

  /** Raises `ValidationException` for all that was found. */
  done(): void {
    const count = this.#problems.length;
    if (count === 0) return;
    const errors = count === 1 ? '1 validation error' : `${count} validation errors`;
    throw new ApiFault('ValidationException', `${errors} detected: ${this.#problems.join('; ')}`);
  }

  #add(name: string, value: string | number | undefined, constraint: string): void {
    const member = name[0]?.toLowerCase() + name.slice(1);
    const found = value === undefined ? 'Value null' : `Value '${value}'`;
    this.#problems.push(`${found} at '${member}' failed to satisfy constraint: ${constraint}`);
  }
}

export function mapOf(value: unknown, name: string): Input {
  if (!isObject(value)) throw serialization(name, 'a structure');
  return value;
}

function serialization(name: string, wanted: string): ApiFault {
  return new ApiFault('SerializationException', `${name} must be ${wanted}`);
}

function shown(value: readonly unknown[]): string {
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** Some of a list, and where the next begins. Raises `ValidationException`. */
export function page<T>(
  items: readonly T[],
  token: string | undefined,
  limit: number,
): { readonly items: readonly T[]; readonly next?: string } {
  const from = token === undefined ? 0 : Number(Buffer.from(token, 'base64').toString());
  if (!Number.isInteger(from) || from < 0) {
    throw new ApiFault('ValidationException', 'Invalid nextToken.');
  }
  const end = from + limit;
  return {
    items: items.slice(from, end),
    ...(end < items.length ? { next: Buffer.from(String(end)).toString('base64') } : {}),
  };
}
