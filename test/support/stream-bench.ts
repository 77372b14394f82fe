/** Mappings of a stream in virtual time, with checkpoints in a real file that outlive them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Filters } from '../../src/event-sources/filters.js';
import { mappingOf, type StreamMapping } from '../../src/event-sources/mapping.js';
import { CheckpointStore } from '../../src/event-sources/stream/checkpoint-store.js';
import type { Discarded } from '../../src/event-sources/stream/shard-runner.js';
import { StreamRunner } from '../../src/event-sources/stream/stream-runner.js';
import type { MappingDefinition } from '../../src/stack/mappings.js';
import { FakeStream } from './fake-stream.js';
import { ManualClock } from './manual-clock.js';
import { MappingBench } from './mapping-bench.js';

export class StreamBench {
  readonly clock = new ManualClock();
  readonly stream: FakeStream;
  readonly bench = new MappingBench(this.clock);
  readonly discarded: (Discarded & { readonly shardId: string })[] = [];
  readonly mapping: StreamMapping;
  onDiscard: (sequenceNumbers: readonly string[]) => void = () => undefined;
  readonly #directory = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  #store: CheckpointStore;
  #runner: StreamRunner | undefined;

  constructor(definition: Partial<MappingDefinition> = {}, shards?: readonly string[]) {
    this.stream = new FakeStream(this.clock, shards);
    this.#store = new CheckpointStore(join(this.#directory, 'mappings.db'));
    this.mapping = mappingOf({
      uuid: 'u-1',
      definition: {
        path: '',
        target: { functionName: 'worker' },
        sourceArn: 'arn:aws:kinesis:eu-west-1:000000000000:stream/clicks',
        enabled: true,
        startingPosition: 'TRIM_HORIZON',
        ...definition,
      },
      told: {},
      tags: {},
      modifiedAtMs: 0,
    }) as StreamMapping;
  }

  start(): StreamRunner {
    this.#runner = new StreamRunner({
      ...this.bench.parts,
      mapping: this.mapping,
      reader: this.stream,
      filters: new Filters(this.mapping.filters, 'data'),
      checkpoints: this.#store,
      discard: (discarded) => {
        this.discarded.push(discarded);
        this.onDiscard(discarded.entries.map(({ record }) => record.sequenceNumber));
        return Promise.resolve();
      },
    });
    return this.#runner;
  }

  /** As a kill -9 and another start: nothing that was under way is known any more. */
  kill(): StreamRunner {
    this.#runner?.close();
    this.#store.close();
    this.#store = new CheckpointStore(join(this.#directory, 'mappings.db'));
    return this.start();
  }

  /** The texts of all records, batch by batch. */
  get batches(): string[][] {
    return this.bench.batches(({ text }) => String(text));
  }

  close(): void {
    this.#runner?.close();
    this.#store.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
