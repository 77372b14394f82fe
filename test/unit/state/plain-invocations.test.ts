import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  endOf,
  recordOf,
  startOf,
  type PlainEnd,
  type PlainStart,
  type ServedBy,
} from '../../../src/invocation/plain-invocation.js';
import type { LogSink } from '../../../src/log/log-sink.js';
import { openDatabase } from '../../../src/state/database.js';
import { InvocationStore } from '../../../src/state/invocation-store.js';
import type { InvocationRecord, LogLine } from '../../../src/view.js';
import { ManualClock } from '../../support/manual-clock.js';
import { lineOf } from '../../support/store-entries.js';

let directory: string;
let files = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'store-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function openStore(path = join(directory, `${(files += 1)}.db`)): InvocationStore {
  const warn = (message: string): void => {
    throw new Error(message);
  };
  return new InvocationStore({ open: () => openDatabase(path), clock: new ManualClock(), warn });
}

const BY: ServedBy = {
  functionName: 'hello',
  version: '$LATEST',
  memorySizeMb: 128,
  environmentId: 'env-1',
};

const END: PlainEnd = {
  startedAtMs: 9,
  durationMs: 1.234,
  timestampMs: 12,
  memoryPeakMb: 36,
  start: 'warm',
  served: 3,
};

describe('a plain invocation in the invocation store', () => {
  it('is kept whole: its lines in their order, and its record', async () => {
    const path = join(directory, 'whole.db');
    const store = openStore(path);
    const start = { by: BY, requestId: 'a', timestampMs: 10 };
    store.began(start);
    store.line(lineOf('working', { requestId: 'a', timestampMs: 10 }));
    store.ended(start, END);
    const read = async (from: InvocationStore): Promise<void> => {
      const lines = await from.query({ requestId: 'a' });
      expect(lines.map(({ text }) => text)).toEqual([
        'START RequestId: a Version: $LATEST',
        'working',
        'END RequestId: a',
        'REPORT RequestId: a\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t',
      ]);
      expect(lines.map(({ timestampMs }) => timestampMs)).toEqual([10, 10, 12, 12]);
      expect(await from.query({ functionName: 'hello' })).toEqual(lines);
      expect(await from.query({ functionName: 'other' })).toEqual([]);
      expect(await from.invocation('a')).toEqual({
        requestId: 'a',
        functionName: 'hello',
        version: '$LATEST',
        environmentId: 'env-1',
        startedAtMs: 9,
        durationMs: 1.234,
        billedMs: 2,
        memoryPeakMb: 36,
        status: 'succeeded',
        start: 'warm',
        cause: 'a running environment that had served 3 before.',
      });
    };
    await read(store);
    store.close();
    const again = openStore(path);
    await read(again);
    again.close();
  });

  it('has its START for all to see while it runs', async () => {
    const store = openStore();
    const start = { by: BY, requestId: 'a', timestampMs: 10 };
    store.began(start);
    expect(await store.query({ functionName: 'hello' })).toEqual([startOf(start)]);
    expect(await store.invocation('a')).toBeUndefined();
    store.ended(start, END);
    expect(await store.query({ requestId: 'a' })).toEqual([startOf(start), ...endOf(start, END)]);
    expect(await store.invocation('a')).toEqual(recordOf(start, END));
    store.close();
  });

  it('says and counts what its lines and its record would, whatever comes between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(), { maxLength: 60 }), async (steps) => {
        const plain = openStore();
        const told = openStore();
        const lines = play(steps, [plain, new Told(told)]);
        for (const query of [{}, { functionName: 'f1' }, { requestId: 'r3' }, { limit: 5 }]) {
          expect(await plain.query(query)).toEqual(await told.query(query));
        }
        const all = await plain.query({ limit: lines + 1 });
        expect(all).toHaveLength(lines);
        for (let id = 0; id < steps.length; id += 1) {
          expect(await plain.invocation(`r${id}`)).toEqual(await told.invocation(`r${id}`));
        }
        plain.close();
        told.close();
      }),
      { numRuns: 60 },
    );
  });
});

/** What environments do, one after the other in time. */
type Step =
  | { readonly kind: 'begin' | 'end'; readonly environment: number }
  | { readonly kind: 'line'; readonly environment: number; readonly text: string }
  | { readonly kind: 'flush' };

function step(): fc.Arbitrary<Step> {
  const environment = fc.nat({ max: 3 });
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('begin' as const), environment }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), environment }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('line' as const), environment, text: fc.string() }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
  );
}

type Store = LogSink & { flush(): void };

/** Tells each of them the same; returns how many lines that was. */
function play(steps: readonly Step[], stores: readonly Store[]): number {
  const running = new Map<number, PlainStart>();
  const servers = [0, 1, 2, 3].map((id): ServedBy => ({
    ...BY,
    functionName: `f${id % 2}`,
    environmentId: `env-${id}`,
  }));
  let lines = 0;
  steps.forEach((what, at) => {
    const timestampMs = 1000 + Math.floor(at / 2);
    if (what.kind === 'flush') {
      for (const store of stores) store.flush();
      return;
    }
    const by = servers[what.environment] ?? BY;
    const start = running.get(what.environment);
    if (what.kind === 'line') {
      const { functionName, environmentId } = by;
      const whose = { functionName, environmentId, timestampMs };
      const requestId = start === undefined ? {} : { requestId: start.requestId };
      for (const store of stores) store.line(lineOf(what.text, { ...whose, ...requestId }));
      lines += 1;
    } else if (what.kind === 'begin' && start === undefined) {
      const begun = { by, requestId: `r${at}`, timestampMs };
      running.set(what.environment, begun);
      for (const store of stores) store.began(begun);
      lines += 1;
    } else if (what.kind === 'end' && start !== undefined) {
      running.delete(what.environment);
      const end: PlainEnd = {
        startedAtMs: start.timestampMs - (at % 3),
        durationMs: at * 1.37,
        timestampMs,
        memoryPeakMb: at % 4 === 0 ? undefined : at,
        start: at % 5 === 0 ? 'thawed' : 'warm',
        served: at + 1,
      };
      for (const store of stores) store.ended(start, end);
      lines += 2;
    }
  });
  return lines;
}

/** The same as lines and records. */
class Told implements Store {
  readonly #store: LogSink & {
    flush(): void;
    record(record: InvocationRecord): void;
  };

  constructor(store: InvocationStore) {
    this.#store = store;
  }

  line(line: LogLine): void {
    this.#store.line(line);
  }
  began(start: PlainStart): void {
    this.#store.line(startOf(start));
  }
  ended(start: PlainStart, end: PlainEnd): void {
    for (const line of endOf(start, end)) this.#store.line(line);
    this.#store.record(recordOf(start, end));
  }
  flush(): void {
    this.#store.flush();
  }
}
