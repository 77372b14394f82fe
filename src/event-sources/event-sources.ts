/**
 * Event source mappings (contract 11.8–11.12): queues of SQS, Kinesis streams and the streams of
 * DynamoDB tables. Follows the registry of mappings, which files and the control API change; each
 * mapping is run by itself, and trouble with one is told, tried again and no other's.
 */

import { join } from 'node:path';
import type { SourceStatus } from '../view.js';
import { sleep } from '../async/clock.js';
import { messageOf } from '../errors.js';
import type { MappingRecord } from '../registry/mapping-records.js';
import type { MappingState, MappingStatus } from '../registry/mapping-registry.js';
import type { Source, SourceParts } from '../sources/source.js';
import type { Stack } from '../stack/stack.js';
import { examined } from './examined.js';
import { Filters } from './filters.js';
import { mappingOf, type Mapping } from './mapping.js';
import { QueueRunner } from './queue/queue-runner.js';
import { readersOf, type Readers } from './readers.js';
import type { Runner, RunnerParts } from './runner.js';
import { CheckpointStore } from './stream/checkpoint-store.js';
import { StreamRunner } from './stream/stream-runner.js';
import { tellDiscarded } from './stream/discarded.js';

interface Entry {
  record: MappingRecord;
  state: MappingState;
  lastResult: string;
  runner: Runner | undefined;
  /** What is being done to it, one thing after the other. */
  last: Promise<void>;
}

const NOTHING_YET = 'No records processed';
/** A start does not wait longer than this for sources that do not answer. */
const OPEN_MS = 10_000;

export class EventSources implements Source {
  readonly name = 'Event source mappings';
  readonly #parts: SourceParts;
  readonly #readers: Readers;
  readonly #entries = new Map<string, Entry>();
  #checkpoints: CheckpointStore | undefined;
  #stopping = false;

  constructor(parts: SourceParts, readers: Readers = readersOf(parts)) {
    this.#parts = parts;
    this.#readers = readers;
    parts.mappings.follower = {
      changed: () => this.#reconcile(),
      statusOf: (uuid) => this.#statusOf(uuid),
      examine: (definition, timeoutSeconds) => examined(definition, timeoutSeconds, readers),
    };
  }

  async apply(stack: Stack): Promise<void> {
    this.#parts.mappings.setFiles(stack.mappings);
    this.#reconcile();
    const begun = Promise.all([...this.#entries.values()].map(({ last }) => last));
    const waited = new AbortController();
    const limit = sleep(this.#parts.clock, OPEN_MS, waited.signal).catch(() => undefined);
    await Promise.race([begun, limit]);
    waited.abort();
  }

  status(): readonly SourceStatus[] {
    return [...this.#entries.values()].map(({ record, state, lastResult, runner }) => {
      const mapping = mappingOf(record);
      const { functionName, qualifier } = mapping.target;
      return {
        kind: KINDS[mapping.kind],
        id: record.uuid,
        from: mapping.sourceArn,
        to: qualifier === undefined ? functionName : `${functionName}:${qualifier}`,
        state,
        last: lastResult,
        ...(runner === undefined ? {} : { figures: runner.figures }),
      };
    });
  }

  async drain(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#entries.values()].map(({ runner }) => runner?.drain()));
  }

  async close(): Promise<void> {
    this.#stopping = true;
    for (const { runner } of this.#entries.values()) runner?.close();
    this.#checkpoints?.close();
    await Promise.resolve();
  }

  #statusOf(uuid: string): MappingStatus | undefined {
    const entry = this.#entries.get(uuid);
    if (entry === undefined) return undefined;
    const { state, lastResult, record } = entry;
    return { state, lastResult, record };
  }

  /** Makes what runs match the registry. */
  #reconcile(): void {
    if (this.#stopping) return;
    const records = new Map(this.#parts.mappings.list().map((record) => [record.uuid, record]));
    for (const record of records.values()) {
      const entry = this.#entries.get(record.uuid);
      if (entry === undefined || entry.state === 'Deleting') this.#begin(record, entry?.last);
      else this.#change(entry, record);
    }
    for (const [uuid, entry] of this.#entries) if (!records.has(uuid)) this.#end(uuid, entry);
  }

  #begin(record: MappingRecord, before: Promise<void> = Promise.resolve()): void {
    const entry: Entry = {
      record,
      state: 'Creating',
      lastResult: NOTHING_YET,
      runner: undefined,
      last: before,
    };
    this.#entries.set(record.uuid, entry);
    this.#then(entry, () => this.#start(entry, record));
  }

  #change(entry: Entry, record: MappingRecord): void {
    const { definition } = entry.record;
    if (JSON.stringify(definition) === JSON.stringify(record.definition)) {
      // Its tags, say: what is under way for this definition goes on.
      entry.record = { ...record, definition };
      return;
    }
    entry.record = record;
    const { enabled } = record.definition;
    if (definition.enabled === enabled) entry.state = 'Updating';
    else entry.state = enabled ? 'Enabling' : 'Disabling';
    this.#then(entry, async () => {
      await this.#halt(entry);
      await this.#start(entry, record);
    });
  }

  #end(uuid: string, entry: Entry): void {
    if (entry.state === 'Deleting') return;
    entry.state = 'Deleting';
    this.#then(entry, async () => {
      await this.#halt(entry);
      if (mappingOf(entry.record).kind !== 'sqs') this.#store().forget(uuid);
      if (this.#entries.get(uuid) === entry) this.#entries.delete(uuid);
    });
  }

  #then(entry: Entry, step: () => Promise<void>): void {
    entry.last = entry.last.then(step).catch((error: unknown) => {
      entry.lastResult = `PROBLEM: ${messageOf(error)}`;
      this.#parts.log.error(`${this.#called(entry)} cannot be run: ${messageOf(error)}`);
    });
  }

  async #halt(entry: Entry): Promise<void> {
    const { runner } = entry;
    entry.runner = undefined;
    await runner?.drain();
  }

  async #start(entry: Entry, record: MappingRecord): Promise<void> {
    // Something newer is waiting to be done.
    const isLatest = (): boolean => entry.record.definition === record.definition;
    if (this.#stopping || !isLatest() || entry.state === 'Deleting') return;
    if (!record.definition.enabled) {
      entry.state = 'Disabled';
      return;
    }
    const runner = this.#runnerOf(entry, mappingOf(record));
    entry.runner = runner;
    await runner.opened;
    if (isLatest() && entry.runner === runner) entry.state = 'Enabled';
  }

  #runnerOf(entry: Entry, mapping: Mapping): Runner {
    const { clock, queueClock, invoker, log } = this.#parts;
    const parts: RunnerParts = {
      clock,
      queueClock,
      invoke: (payload, requestId) =>
        invoker.invoke(mapping.target, payload, requestId === undefined ? {} : { requestId }),
      report: (result) => {
        entry.lastResult = result;
      },
      warn: (message) => log.warn(`${this.#called(entry)}: ${message}`),
    };
    if (mapping.kind === 'sqs') {
      const filters = new Filters(mapping.filters, 'body');
      return new QueueRunner({ ...parts, mapping, filters, reader: this.#readers.queue(mapping) });
    }
    return new StreamRunner({
      ...parts,
      mapping,
      filters: new Filters(mapping.filters, mapping.kind === 'kinesis' ? 'data' : undefined),
      reader: this.#readers.stream(mapping),
      checkpoints: this.#store(),
      discard: (discarded) => tellDiscarded(discarded, mapping, this.#parts, this.#called(entry)),
    });
  }

  #store(): CheckpointStore {
    const { stateDirectory } = this.#parts.settings;
    this.#checkpoints ??= new CheckpointStore(join(stateDirectory, 'mappings.db'));
    return this.#checkpoints;
  }

  #called({ record }: Entry): string {
    const { target, path } = record.definition;
    return `mapping ${path === '' ? record.uuid : path} of ${target.functionName}`;
  }
}

const KINDS: Readonly<Record<Mapping['kind'], string>> = {
  sqs: 'SQS',
  kinesis: 'Kinesis',
  dynamodb: 'DynamoDB',
};
