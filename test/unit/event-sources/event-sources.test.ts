import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventSources } from '../../../src/event-sources/event-sources.js';
import { MappingRegistry } from '../../../src/registry/mapping-registry.js';
import { FileRegistryStore } from '../../../src/registry/registry-store.js';
import type { SourceParts } from '../../../src/sources/source.js';
import type { MappingDefinition } from '../../../src/stack/mappings.js';
import { emptyStack } from '../../../src/stack/stack.js';
import { FakeQueue } from '../../support/fake-queue.js';
import { FakeStream } from '../../support/fake-stream.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MappingBench } from '../../support/mapping-bench.js';

const PLACE = 'eu-west-1:000000000000';
const QUEUE = `arn:aws:sqs:${PLACE}:jobs`;
const SECOND = 1_000;

let directory: string;
let clock: ManualClock;
let bench: MappingBench;
let queues: Map<string, FakeQueue>;
let stream: FakeStream;
let mappings: MappingRegistry;
let store: FileRegistryStore;
let sources: EventSources;
let logged: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mappings-'));
  clock = new ManualClock();
  bench = new MappingBench(clock);
  queues = new Map();
  stream = new FakeStream(clock);
  logged = [];
  open();
});
afterEach(async () => {
  await sources.close();
  store.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(): void {
  store = new FileRegistryStore(join(directory, 'registry.jsonl'));
  mappings = new MappingRegistry({ store, clock });
  const log = {
    warn: (text: string) => logged.push(text),
    error: (text: string) => logged.push(text),
  };
  const parts = {
    clock,
    queueClock: clock,
    mappings,
    log,
    settings: { stateDirectory: directory, region: 'eu-west-1', accountId: '000000000000' },
    invoker: { invoke: (_target: unknown, payload: Buffer) => bench.parts.invoke(payload) },
  };
  sources = new EventSources(parts as unknown as SourceParts, {
    queue: ({ sourceArn }) => queueOf(sourceArn),
    stream: () => stream,
  });
}

function queueOf(arn: string): FakeQueue {
  const queue = queues.get(arn) ?? new FakeQueue(clock);
  queues.set(arn, queue);
  return queue;
}

function mapping(more: Partial<MappingDefinition> = {}): MappingDefinition {
  const target = { functionName: 'worker' };
  return { path: 'Resources.M', target, sourceArn: QUEUE, enabled: true, ...more };
}

async function apply(...definitions: readonly MappingDefinition[]): Promise<void> {
  const applied = sources.apply({ ...emptyStack(), mappings: definitions });
  await clock.advanceAsync(100);
  await applied;
}

describe('event source mappings', () => {
  it('run as files say, and are the same in the next run', async () => {
    await apply(mapping());
    const [before] = sources.status();
    expect(before).toMatchObject({
      kind: 'SQS',
      from: QUEUE,
      to: 'worker',
      state: 'Enabled',
      last: 'No records processed',
      figures: { batches: 0 },
    });
    queueOf(QUEUE).send('a');
    await clock.advanceAsync(SECOND);
    expect(sources.status()[0]).toMatchObject({ last: 'OK', figures: { batches: 1, messages: 1 } });
    await sources.close();
    store.close();
    open();
    await apply(mapping());
    expect(sources.status()[0]?.id).toBe(before?.id);
  });

  it('follow changes, and leave what is the same undisturbed', async () => {
    await apply(mapping(), mapping({ sourceArn: `${QUEUE}-2` }));
    const untouched = queueOf(QUEUE).requests;
    await apply(mapping(), mapping({ sourceArn: `${QUEUE}-2`, enabled: false }));
    expect(queueOf(QUEUE).requests).toBe(untouched);
    expect(
      sources
        .status()
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['Disabled', 'Enabled']);
    expect(queueOf(`${QUEUE}-2`).open_).toBe(0);
    await apply(mapping({ sourceArn: `${QUEUE}-2` }));
    expect(sources.status()).toMatchObject([{ from: `${QUEUE}-2`, state: 'Enabled' }]);
    expect(queueOf(QUEUE).open_).toBe(0);
  });

  it('of the API run beside them, and end when what runs is over', async () => {
    await apply();
    const made = mappings.add({ definition: mapping({ path: '' }), told: {}, tags: {} });
    expect(mappings.follower.statusOf(made.uuid)).toMatchObject({ state: 'Creating' });
    await clock.advanceAsync(100);
    expect(mappings.follower.statusOf(made.uuid)).toMatchObject({ state: 'Enabled' });
    bench.durationMs = 5 * SECOND;
    queueOf(QUEUE).send('a');
    await clock.advanceAsync(SECOND);
    mappings.remove(made.uuid);
    await clock.advanceAsync(SECOND);
    expect(mappings.follower.statusOf(made.uuid)).toMatchObject({ state: 'Deleting' });
    await clock.advanceAsync(10 * SECOND);
    expect(mappings.follower.statusOf(made.uuid)).toBeUndefined();
    expect(queueOf(QUEUE).removed).toEqual(['a']);
  });

  it('of files that the API changed are so until the file changes', async () => {
    await apply(mapping());
    const [record] = mappings.list();
    if (record === undefined) throw new Error('there is no mapping');
    const { uuid } = record;
    mappings.change({ ...record, definition: { ...record.definition, enabled: false } });
    await clock.advanceAsync(100);
    expect(sources.status()[0]?.state).toBe('Disabled');
    await apply(mapping());
    expect(sources.status()[0]?.state).toBe('Disabled');
    await apply(mapping({ batchSize: 1 }));
    expect(sources.status()[0]).toMatchObject({ id: uuid, state: 'Enabled' });
    mappings.remove(uuid);
    await clock.advanceAsync(100);
    expect(sources.status()).toEqual([]);
    await apply(mapping({ batchSize: 2 }));
    expect(sources.status()).toHaveLength(1);
  });

  it('that are tagged while a change of theirs is under way are changed all the same', async () => {
    bench.durationMs = 5 * SECOND;
    await apply(mapping());
    queueOf(QUEUE).send('a');
    await clock.advanceAsync(SECOND);
    const [record] = mappings.list();
    if (record === undefined) throw new Error('there is no mapping');
    const definition = { ...record.definition, batchSize: 1 };
    const changed = mappings.change({ ...record, definition });
    await clock.advanceAsync(100);
    expect(sources.status()[0]?.state).toBe('Updating');
    mappings.change({ ...changed, tags: { stage: 'test' }, definition: { ...definition } });
    await clock.advanceAsync(10 * SECOND);
    expect(sources.status()[0]?.state).toBe('Enabled');
    queueOf(QUEUE).send('b');
    await clock.advanceAsync(10 * SECOND);
    expect(queueOf(QUEUE).removed).toEqual(['a', 'b']);
  });

  it('stand beside one that cannot run', async () => {
    queueOf(`${QUEUE}-bad`).trouble = new Error('getaddrinfo ENOTFOUND');
    await apply(mapping(), mapping({ sourceArn: `${QUEUE}-bad` }));
    queueOf(QUEUE).send('a');
    await clock.advanceAsync(30 * SECOND);
    const bad = sources.status().find(({ from }) => from.endsWith('-bad'));
    expect(bad).toMatchObject({ state: 'Enabled', last: 'PROBLEM: getaddrinfo ENOTFOUND' });
    expect(queueOf(QUEUE).removed).toEqual(['a']);
    expect(logged).toEqual([expect.stringContaining('cannot be read: getaddrinfo ENOTFOUND')]);
  });

  it('tell what their source has against them', async () => {
    const { examine } = mappings.follower;
    expect(await examine(mapping(), 30)).toBeUndefined();
    expect(await examine(mapping(), 31)).toBe(
      'Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds',
    );
    queueOf(QUEUE).trouble = new Error('QueueDoesNotExist: The specified queue does not exist.');
    expect(await examine(mapping(), 3)).toContain('AWS.SimpleQueueService.NonExistentQueue');
    queueOf(QUEUE).trouble = new Error('ECONNREFUSED');
    expect(await examine(mapping(), 3)).toBeUndefined();
  });
});
