/**
 * Reads the properties of a resource or an event one by one: each is held against what AWS would
 * take, and what nobody asked for becomes a notice. Nothing is ignored in silence.
 */

import { isMap, type Map } from '../map.js';
import { nearestOf } from '../problems.js';
import type { TemplateContext } from './context.js';
import { UNRESOLVED } from './intrinsics.js';

export interface TextRule {
  readonly pattern: RegExp;
  readonly expected: string;
}

type Reporter = Pick<TemplateContext, 'problems' | 'notices'>;

const NOT_KNOWN = 'its value cannot be known here';
const NO_EFFECT = 'this property has no effect here';

export class Properties {
  /** Of the map that holds them, such as `Resources.Orders.Properties`. */
  readonly path: string;
  readonly #values: Map;
  readonly #reporter: Reporter;
  readonly #read = new Set<string>();
  readonly #below: Properties[] = [];

  constructor(path: string, values: Map, reporter: Reporter) {
    this.path = path;
    this.#values = values;
    this.#reporter = reporter;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** As it stands there; undefined when it is not there or cannot be known. */
  any(name: string): unknown {
    this.#read.add(name);
    const value = this.#values[name];
    if (value !== UNRESOLVED) return value ?? undefined;
    this.ignored(name, NOT_KNOWN);
    return undefined;
  }

  text(name: string, rule?: TextRule): string | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') return this.#wrong(name, rule?.expected ?? 'a text');
    if (rule !== undefined && !rule.pattern.test(text)) return this.#wrong(name, rule.expected);
    return text;
  }

  /** CloudFormation takes numbers written as texts. */
  whole(name: string, [least, most]: readonly [number, number]): number | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    const fits = Number.isInteger(number) && Number(number) >= least && Number(number) <= most;
    if (fits) return Number(number);
    return this.#wrong(name, `a whole number from ${least} to ${most}`);
  }

  flag(name: string): boolean | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    return this.#wrong(name, 'true or false');
  }

  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const nearest = typeof value === 'string' ? nearestOf(value, words) : undefined;
    const remedy = nearest === undefined ? undefined : `Did you mean '${nearest}'?`;
    return this.#wrong(name, `one of ${words.join(', ')}`, remedy);
  }

  map(name: string): Properties | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (!isMap(value)) return this.#wrong(name, 'a map');
    return this.#child(name, value);
  }

  /** A list of maps. */
  maps(name: string): readonly Properties[] {
    return this.list(name).flatMap((item, index) => {
      if (isMap(item)) return [this.#child(`${name}.${index}`, item)];
      this.#wrong(`${name}.${index}`, 'a map', undefined, item);
      return [];
    });
  }

  list(name: string): readonly unknown[] {
    const value = this.any(name);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.#wrong(name, 'a list');
    return [];
  }

  missing(name: string, expected: string): void {
    if (this.#values[name] === UNRESOLVED) return;
    this.refuse(name, expected, 'Add it.');
  }

  refuse(name: string, expected: string, remedy: string, value?: unknown): void {
    const shown = value ?? this.#values[name];
    this.#reporter.problems.add({
      path: this.#pathOf(name),
      ...(shown === undefined || shown === UNRESOLVED ? {} : { value: shown }),
      expected,
      remedy,
    });
  }

  ignored(name: string, reason: string): void {
    this.#notice(name, 'ignored', reason);
  }

  approximated(name: string, reason: string): void {
    this.#notice(name, 'approximated', reason);
  }

  /** A notice for each of these that is there. */
  ignore(reason: string, ...names: string[]): void {
    for (const name of names) {
      if (!this.has(name)) continue;
      this.#read.add(name);
      this.ignored(name, reason);
    }
  }

  /** Whatever has not been asked for, here and below, has no effect: a notice each. */
  rest(): void {
    const known = [...this.#read];
    for (const name of Object.keys(this.#values)) {
      if (this.#read.has(name)) continue;
      const nearest = nearestOf(name, known);
      const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
      this.ignored(name, `${NO_EFFECT}${hint}`);
    }
    for (const child of this.#below) child.rest();
  }

  #child(name: string, values: Map): Properties {
    const child = new Properties(this.#pathOf(name), values, this.#reporter);
    this.#below.push(child);
    return child;
  }

  #wrong(name: string, expected: string, remedy?: string, value?: unknown): undefined {
    this.refuse(name, expected, remedy ?? 'Change it to what is expected.', value);
    return undefined;
  }

  #notice(name: string, treatment: 'ignored' | 'approximated', reason: string): void {
    this.#reporter.notices.push({ path: this.#pathOf(name), treatment, reason });
  }

  #pathOf(name: string): string {
    return name === '' ? this.path : `${this.path}.${name}`;
  }
}
