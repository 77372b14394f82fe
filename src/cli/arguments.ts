/**
 * The arguments of one command, read by name and type. A flag given twice counts as given last,
 * except for lists. A number that is none is a usage error.
 */

import { OrchestratorError } from '../errors.js';

export class Arguments {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  string(name: string): string | undefined {
    const value = this.#last(name);
    return value === undefined ? undefined : String(value as string);
  }

  /** A positional the parser has already insisted on. */
  required(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw new TypeError(`the parser let ${name} through empty`);
    return value;
  }

  /** A whole number, at least 0. */
  number(name: string): number | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) {
      throw new OrchestratorError(
        'config-invalid',
        `--${name} must be a whole number, not ${text === '' ? 'empty' : text}`,
        {
          remedy: `Give it as in \`--${name} 4\`.`,
        },
      );
    }
    return Number(text);
  }

  /** Absent means that neither `--name` nor `--no-name` was given. */
  switch(name: string): boolean | undefined {
    const value = this.#last(name);
    return value === undefined ? undefined : value === true;
  }

  flag(name: string): boolean {
    return this.switch(name) === true;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).map(String);
  }

  #last(name: string): unknown {
    const value = this.#values[name];
    return Array.isArray(value) ? (value as unknown[]).at(-1) : value;
  }
}
