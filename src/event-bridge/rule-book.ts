/**
 * The buses and rules there are: those of files, and those made through the API, which are kept. A
 * file's rule hides one of the same name made through the API, as its functions do.
 */

import { compilePattern, type EventPattern } from '../event-pattern/event-pattern.js';
import { busArn, ruleArn, type Place } from '../stack/arns.js';
import type { RuleDefinition, RuleTargetDefinition } from '../stack/event-bridge.js';
import type { Stack } from '../stack/stack.js';
import type { EventBridgeStore } from './store.js';

export const DEFAULT_BUS = 'default';

export interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly fromFile: boolean;
  readonly createdAtMs: number;
}

export interface Rule {
  readonly arn: string;
  readonly definition: RuleDefinition;
  readonly pattern: EventPattern | undefined;
  readonly fromFile: boolean;
  /** When it was made here, real time. */
  readonly createdAtMs: number;
}

/** A rule made through the API, as it is kept. */
export type KeptRule = RuleDefinition & { readonly createdAtMs: number };
type KeptBus = { readonly description?: string; readonly createdAtMs: number };

export interface RuleBookParts {
  readonly place: Place;
  readonly store: EventBridgeStore;
  /** Real time, Unix ms. */
  now(): number;
}

export class RuleBook {
  readonly #parts: RuleBookParts;
  /** Bus and name → rule. */
  readonly #files = new Map<string, Rule>();
  readonly #made = new Map<string, Rule>();
  readonly #fileBuses = new Map<string, Bus>();
  readonly #madeBuses = new Map<string, Bus>();
  /** Rules of files that were switched through the API, until the file says something else. */
  readonly #switched = new Map<string, boolean>();
  readonly #byBus = new Map<string, Rule[]>();

  constructor(parts: RuleBookParts) {
    this.#parts = parts;
    for (const [name, kept] of parts.store.records('bus')) {
      this.#madeBuses.set(name, this.#bus(name, kept as KeptBus));
    }
    for (const [key, kept] of parts.store.records('rule')) {
      this.#made.set(key, this.#rule(kept as KeptRule, false, (kept as KeptRule).createdAtMs));
    }
    this.#index();
  }

  /** What files declare. Rules that stay the same stay as they are. */
  setFiles({ buses, rules }: Pick<Stack, 'buses' | 'rules'>): void {
    this.#fileBuses.clear();
    // A rule's bus is there, whoever makes it elsewhere.
    const names = [...buses.map(({ name }) => name), ...rules.map(({ bus }) => bus)];
    for (const name of names.filter((each) => each !== DEFAULT_BUS)) {
      this.#fileBuses.set(name, {
        ...this.#bus(name, { createdAtMs: this.#parts.now() }),
        fromFile: true,
      });
    }
    const before = new Map(this.#files);
    this.#files.clear();
    for (const definition of rules) {
      const key = keyOf(definition.bus, definition.name);
      const old = before.get(key);
      if (old !== undefined && same(old.definition, definition)) this.#files.set(key, old);
      else {
        this.#switched.delete(key);
        this.#files.set(key, this.#rule(definition, true, this.#seen(definition)));
      }
    }
    this.#index();
  }

  buses(): readonly Bus[] {
    const all = new Map<string, Bus>([
      [DEFAULT_BUS, this.#bus(DEFAULT_BUS, { createdAtMs: 0 })],
      ...this.#madeBuses,
      ...this.#fileBuses,
    ]);
    return [...all.values()];
  }

  bus(name: string): Bus | undefined {
    return this.buses().find((bus) => bus.name === name);
  }

  makeBus(name: string, description: string | undefined): Bus {
    const kept = {
      ...(description === undefined ? {} : { description }),
      createdAtMs: this.#parts.now(),
    };
    this.#parts.store.put('bus', name, kept);
    const bus = this.#bus(name, kept);
    this.#madeBuses.set(name, bus);
    return bus;
  }

  removeBus(name: string): void {
    this.#parts.store.remove('bus', name);
    this.#madeBuses.delete(name);
  }

  /** Of a bus, in order of their names. */
  rulesOf(bus: string): readonly Rule[] {
    return this.#byBus.get(bus) ?? [];
  }

  rules(): readonly Rule[] {
    return [...this.#byBus.values()].flat();
  }

  rule(bus: string, name: string): Rule | undefined {
    return this.rulesOf(bus).find(({ definition }) => definition.name === name);
  }

  /** Raises `InvalidPattern`. */
  makeRule(definition: RuleDefinition): Rule {
    const key = keyOf(definition.bus, definition.name);
    const createdAtMs = this.#made.get(key)?.createdAtMs ?? this.#parts.now();
    const rule = this.#rule(definition, false, createdAtMs);
    this.#parts.store.put('rule', key, { ...definition, createdAtMs });
    this.#made.set(key, rule);
    this.#index();
    return rule;
  }

  removeRule(bus: string, name: string): void {
    const key = keyOf(bus, name);
    this.#parts.store.remove('rule', key);
    this.#made.delete(key);
    this.#index();
  }

  setTargets(rule: Rule, targets: readonly RuleTargetDefinition[]): void {
    this.makeRule({ ...rule.definition, targets });
  }

  setEnabled({ definition, fromFile }: Rule, enabled: boolean): void {
    if (fromFile) {
      this.#switched.set(keyOf(definition.bus, definition.name), enabled);
      this.#index();
    } else this.makeRule({ ...definition, enabled });
  }

  #bus(name: string, kept: KeptBus): Bus {
    return { name, arn: busArn(this.#parts.place, name), fromFile: false, ...kept };
  }

  #rule(definition: RuleDefinition, fromFile: boolean, createdAtMs: number): Rule {
    const { bus, name, pattern } = definition;
    return {
      arn: ruleArn(this.#parts.place, bus, name),
      definition,
      pattern: pattern === undefined ? undefined : compilePattern(patternText(pattern)),
      fromFile,
      createdAtMs,
    };
  }

  /** When a file's rule was first seen as it is: rates go on counting after a restart. */
  #seen(definition: RuleDefinition): number {
    const { bus, name, schedule } = definition;
    if (schedule === undefined) return this.#parts.now();
    return seenAt(this.#parts.store, `rule ${keyOf(bus, name)}`, schedule, this.#parts.now());
  }

  #index(): void {
    const all = new Map([...this.#made, ...this.#files]);
    this.#byBus.clear();
    for (const [key, rule] of [...all].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const enabled = this.#switched.get(key);
      const shown =
        enabled === undefined ? rule : { ...rule, definition: { ...rule.definition, enabled } };
      const { bus } = rule.definition;
      const list = this.#byBus.get(bus);
      if (list === undefined) this.#byBus.set(bus, [shown]);
      else list.push(shown);
    }
  }
}

/** As it was given; a template's, as JSON. */
export function patternText(pattern: unknown): string {
  return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
}

/** When a schedule of a file was first seen with this expression, real time. */
export function seenAt(
  store: EventBridgeStore,
  key: string,
  expression: string,
  nowMs: number,
): number {
  const found = store.records('seen').find(([name]) => name === key)?.[1] as
    { readonly expression: string; readonly atMs: number } | undefined;
  if (found?.expression === expression) return found.atMs;
  store.put('seen', key, { expression, atMs: nowMs });
  return nowMs;
}

function keyOf(bus: string, name: string): string {
  return `${bus}/${name}`;
}

function same(one: RuleDefinition, other: RuleDefinition): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
