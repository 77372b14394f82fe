/**
 * Which state machines there are: those of the project's files, and those made through the API,
 * which are kept. What the API changes of one from a file holds until the file changes it or the
 * next start.
 */

import { createHash, randomUUID } from 'node:crypto';
import { arnOf, stateMachineArn, type Place } from '../stack/arns.js';
import type { StateMachineDefinition } from '../stack/state-machines.js';
import type { MachineRecord } from './records.js';
import type { ExecutionStore } from './store.js';

export class Machines {
  readonly #place: Place;
  readonly #store: ExecutionStore;
  readonly #now: () => number;
  readonly #kept: Map<string, MachineRecord>;
  readonly #files = new Map<string, { readonly written: string; record: MachineRecord }>();

  constructor(store: ExecutionStore, place: Place, now: () => number) {
    this.#store = store;
    this.#place = place;
    this.#now = now;
    this.#kept = new Map(store.machines().map((machine) => [machine.arn, machine]));
  }

  /** Makes those of the files what they say now. */
  setFiles(definitions: readonly StateMachineDefinition[]): void {
    const arns = new Set(definitions.map(({ name }) => stateMachineArn(this.#place, name)));
    for (const arn of this.#files.keys()) if (!arns.has(arn)) this.#files.delete(arn);
    for (const { name, type, definition } of definitions) {
      const arn = stateMachineArn(this.#place, name);
      const text = JSON.stringify(definition);
      const written = `${type} ${text}`;
      const known = this.#files.get(arn);
      if (known?.written === written) continue;
      const now = this.#now();
      const record: MachineRecord = {
        arn,
        name,
        type,
        definition: text,
        roleArn: arnOf('iam', { ...this.#place, region: '' }, 'role/orchestrator'),
        createdAtMs: known?.record.createdAtMs ?? now,
        updatedAtMs: now,
        revisionId: revision(written),
        tags: known?.record.tags ?? {},
        extras: {},
      };
      this.#files.set(arn, { written, record });
    }
  }

  find(arn: string): MachineRecord | undefined {
    return this.#files.get(arn)?.record ?? this.#kept.get(arn);
  }

  /** By name. */
  list(): MachineRecord[] {
    const files = [...this.#files.values()].map(({ record }) => record);
    const kept = [...this.#kept.values()].filter(({ arn }) => !this.#files.has(arn));
    return [...files, ...kept].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  create(
    machine: Omit<MachineRecord, 'arn' | 'createdAtMs' | 'updatedAtMs' | 'revisionId'>,
  ): MachineRecord {
    const now = this.#now();
    const record: MachineRecord = {
      ...machine,
      arn: stateMachineArn(this.#place, machine.name),
      createdAtMs: now,
      updatedAtMs: now,
      revisionId: randomUUID(),
    };
    this.#keep(record);
    return record;
  }

  update(record: MachineRecord, change: Partial<MachineRecord>): MachineRecord {
    const updated = {
      ...record,
      ...change,
      updatedAtMs: this.#now(),
      revisionId: randomUUID(),
    };
    this.#replace(updated);
    return updated;
  }

  tag(record: MachineRecord, tags: Readonly<Record<string, string>>): void {
    this.#replace({ ...record, tags });
  }

  delete(arn: string): void {
    this.#files.delete(arn);
    if (this.#kept.delete(arn)) this.#store.forgetMachine(arn);
  }

  #replace(record: MachineRecord): void {
    const file = this.#files.get(record.arn);
    if (file === undefined) this.#keep(record);
    else file.record = record;
  }

  #keep(record: MachineRecord): void {
    this.#store.keepMachine(record);
    this.#kept.set(record.arn, record);
  }
}

/** The same for the same text. */
function revision(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}
