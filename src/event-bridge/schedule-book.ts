/**
 * The schedules of EventBridge Scheduler: those of files, and those made through its API, which are
 * kept. A file's schedule hides one of the same group and name.
 */

import { arnOf, scheduleArn, type Place } from '../stack/arns.js';
import type { ScheduleDefinition } from '../stack/event-bridge.js';
import type { Stack } from '../stack/stack.js';
import { seenAt } from './rule-book.js';
import type { EventBridgeStore } from './store.js';

export const DEFAULT_GROUP = 'default';

export interface KeptSchedule {
  readonly arn: string;
  readonly definition: ScheduleDefinition;
  readonly fromFile: boolean;
  /** Real time, Unix ms. */
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** As it was given, for GetSchedule. */
  readonly input?: Readonly<Record<string, unknown>>;
}

export interface ScheduleGroup {
  readonly name: string;
  readonly arn: string;
  readonly fromFile: boolean;
  readonly createdAtMs: number;
}

export interface ScheduleBookParts {
  readonly place: Place;
  readonly store: EventBridgeStore;
  /** Real time, Unix ms. */
  now(): number;
}

type Stored = Omit<KeptSchedule, 'arn' | 'fromFile'>;

export class ScheduleBook {
  readonly #parts: ScheduleBookParts;
  readonly #files = new Map<string, KeptSchedule>();
  readonly #made = new Map<string, KeptSchedule>();
  readonly #groups = new Map<string, ScheduleGroup>();
  #fileGroups: ReadonlySet<string> = new Set();

  constructor(parts: ScheduleBookParts) {
    this.#parts = parts;
    for (const [key, stored] of parts.store.records('schedule')) {
      this.#made.set(key, this.#kept(stored as Stored, false));
    }
    for (const [name, stored] of parts.store.records('group')) {
      const { createdAtMs } = stored as { createdAtMs: number };
      this.#groups.set(name, this.#group(name, false, createdAtMs));
    }
  }

  setFiles({ schedules, scheduleGroups }: Pick<Stack, 'schedules' | 'scheduleGroups'>): void {
    this.#fileGroups = new Set([
      ...scheduleGroups.map(({ name }) => name),
      ...schedules.map(({ group }) => group),
    ]);
    this.#files.clear();
    for (const definition of schedules) {
      const key = keyOf(definition.group, definition.name);
      const signature = signatureOf(definition);
      const now = this.#parts.now();
      const createdAtMs = seenAt(this.#parts.store, `schedule ${key}`, signature, now);
      this.#files.set(
        key,
        this.#kept({ definition, createdAtMs, modifiedAtMs: createdAtMs }, true),
      );
    }
  }

  /** In order of group and name. */
  all(): readonly KeptSchedule[] {
    const all = new Map([...this.#made, ...this.#files]);
    return [...all].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, kept]) => kept);
  }

  find(group: string, name: string): KeptSchedule | undefined {
    const key = keyOf(group, name);
    return this.#files.get(key) ?? this.#made.get(key);
  }

  put(definition: ScheduleDefinition, input: KeptSchedule['input']): KeptSchedule {
    const key = keyOf(definition.group, definition.name);
    const now = this.#parts.now();
    const stored: Stored = {
      definition,
      createdAtMs: this.#made.get(key)?.createdAtMs ?? now,
      modifiedAtMs: now,
      ...(input === undefined ? {} : { input }),
    };
    this.#parts.store.put('schedule', key, stored);
    const kept = this.#kept(stored, false);
    this.#made.set(key, kept);
    return kept;
  }

  remove(group: string, name: string): void {
    const key = keyOf(group, name);
    this.#parts.store.remove('schedule', key);
    this.#made.delete(key);
  }

  groups(): readonly ScheduleGroup[] {
    const all = new Map(this.#groups);
    for (const name of [DEFAULT_GROUP, ...this.#fileGroups]) {
      if (!all.has(name)) all.set(name, this.#group(name, true, 0));
    }
    return [...all.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  group(name: string): ScheduleGroup | undefined {
    return this.groups().find((group) => group.name === name);
  }

  makeGroup(name: string): ScheduleGroup {
    const createdAtMs = this.#parts.now();
    this.#parts.store.put('group', name, { createdAtMs });
    const group = this.#group(name, false, createdAtMs);
    this.#groups.set(name, group);
    return group;
  }

  /** Its schedules go with it. */
  removeGroup(name: string): void {
    this.#parts.store.remove('group', name);
    this.#groups.delete(name);
    for (const { definition } of this.#made.values()) {
      if (definition.group === name) this.remove(name, definition.name);
    }
  }

  #kept(stored: Stored, fromFile: boolean): KeptSchedule {
    const { group, name } = stored.definition;
    return { ...stored, fromFile, arn: scheduleArn(this.#parts.place, group, name) };
  }

  #group(name: string, fromFile: boolean, createdAtMs: number): ScheduleGroup {
    const arn = arnOf('scheduler', this.#parts.place, `schedule-group/${name}`);
    return { name, arn, fromFile, createdAtMs };
  }
}

/** What says when it is due. */
export function signatureOf({
  expression,
  timezone,
  startDate,
  endDate,
}: ScheduleDefinition): string {
  return JSON.stringify([expression, timezone, startDate, endDate]);
}

function keyOf(group: string, name: string): string {
  return `${group}/${name}`;
}
