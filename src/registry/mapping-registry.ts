/**
 * Which event source mappings exist: the one writer. Those from files and those made through the
 * API live side by side, as functions do: what the API makes of one from a file holds, in memory,
 * until the file says something else. A change is on the disk before anybody hears of it.
 */

import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import type { MappingDefinition } from '../stack/mappings.js';
import type { MappingRecord } from './mapping-records.js';
import type { RegistryStore } from './registry-store.js';

/** As the API calls them. */
export type MappingState =
  'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting';

/** Who runs what the registry says exists. */
export interface MappingFollower {
  /** After each change made through the API. */
  changed(): void;
  /** Undefined: nothing is known of it. */
  statusOf(uuid: string): MappingStatus | undefined;
  /** What the source has against a mapping of it, in AWS's words; undefined: nothing that is known. */
  examine(definition: MappingDefinition, timeoutSeconds: number): Promise<string | undefined>;
}

export interface MappingStatus {
  readonly state: MappingState;
  readonly lastResult: string;
  /** As it was, when it is being deleted. */
  readonly record: MappingRecord;
}

export interface MappingRegistryParts {
  readonly store: RegistryStore;
  readonly clock: Pick<Clock, 'now'>;
}

export class MappingRegistry {
  readonly #parts: MappingRegistryParts;
  readonly #stored = new Map<string, MappingRecord>();
  readonly #files = new Map<string, MappingRecord>();
  readonly #overrides = new Map<string, MappingRecord | 'deleted'>();
  follower: MappingFollower = {
    changed: () => undefined,
    statusOf: () => undefined,
    examine: () => Promise.resolve(undefined),
  };

  /** Raises `state-unusable`. */
  constructor(parts: MappingRegistryParts) {
    this.#parts = parts;
    for (const row of parts.store.read('mapping')) {
      const record = row as MappingRecord;
      this.#stored.set(record.uuid, record);
    }
  }

  /** In the order of UUIDs. */
  list(): MappingRecord[] {
    const uuids = new Set([...this.#files.keys(), ...this.#stored.keys()]);
    return [...uuids].sort().flatMap((uuid) => this.get(uuid) ?? []);
  }

  get(uuid: string): MappingRecord | undefined {
    const override = this.#overrides.get(uuid);
    if (override === 'deleted') return undefined;
    return override ?? this.#files.get(uuid) ?? this.#stored.get(uuid);
  }

  /** The mappings of the files, all of them. Their UUIDs are the same in every run. */
  setFiles(definitions: readonly MappingDefinition[]): void {
    const before = new Map(this.#files);
    this.#files.clear();
    for (const definition of definitions) {
      const uuid = uuidOf(definition);
      const known = before.get(uuid);
      if (known !== undefined && same(known.definition, definition)) {
        this.#files.set(uuid, known);
        continue;
      }
      this.#files.set(uuid, this.#recordOf(uuid, definition));
      this.#overrides.delete(uuid);
    }
    for (const uuid of before.keys()) if (!this.#files.has(uuid)) this.#overrides.delete(uuid);
  }

  add(record: Omit<MappingRecord, 'uuid' | 'modifiedAtMs'>): MappingRecord {
    const added = { ...record, uuid: randomUUID(), modifiedAtMs: this.#parts.clock.now() };
    this.#keep(added);
    return added;
  }

  change(record: Omit<MappingRecord, 'modifiedAtMs'>): MappingRecord {
    const changed = { ...record, modifiedAtMs: this.#parts.clock.now() };
    this.#keep(changed);
    return changed;
  }

  remove(uuid: string): void {
    if (this.#files.has(uuid)) this.#overrides.set(uuid, 'deleted');
    else {
      this.#parts.store.write('mapping', uuid, undefined);
      this.#stored.delete(uuid);
    }
    this.follower.changed();
  }

  #keep(record: MappingRecord): void {
    if (this.#files.has(record.uuid)) this.#overrides.set(record.uuid, record);
    else {
      this.#parts.store.write('mapping', record.uuid, record);
      this.#stored.set(record.uuid, record);
    }
    this.follower.changed();
  }

  #recordOf(uuid: string, definition: MappingDefinition): MappingRecord {
    return { uuid, definition, told: {}, tags: {}, modifiedAtMs: this.#parts.clock.now() };
  }
}

/** What was done of a stream is kept by it, so it is made of what makes a mapping another one. */
function uuidOf({ target, sourceArn }: MappingDefinition): string {
  const { functionName, qualifier = '' } = target;
  const text = JSON.stringify([functionName, qualifier, sourceArn]);
  const hex = createHash('sha256').update(`mapping ${text}`).digest('hex');
  // A valid UUID of version 8, which is for purposes of one's own.
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

function same(one: MappingDefinition, other: MappingDefinition): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
