import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Filters } from '../../../src/event-sources/filters.js';
import { mappingOf, type QueueMapping } from '../../../src/event-sources/mapping.js';
import { QueueRunner } from '../../../src/event-sources/queue/queue-runner.js';
import type { Outcome } from '../../../src/invocation/outcome.js';
import type { MappingDefinition } from '../../../src/stack/mappings.js';
import { succeeded } from '../../support/fake-router.js';
import { FakeQueue } from '../../support/fake-queue.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FAILS, MappingBench, OK, THROTTLED, type Called } from '../../support/mapping-bench.js';
import { StreamBench } from '../../support/stream-bench.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

type Answer = 'ok' | 'fails' | 'throttled' | 'partial';

interface Step {
  readonly puts: readonly number[];
  readonly waitMs: number;
  readonly kill: boolean;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    puts: fc.array(fc.nat({ max: 4 }), { maxLength: 12 }),
    waitMs: fc.nat({ max: 20 * SECOND }),
    kill: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);
const answers = fc.array(fc.constantFrom<Answer>('ok', 'ok', 'fails', 'throttled', 'partial'), {
  maxLength: 40,
});

/** Follows what the function was given and what became of it, key by key. */
class Ledger {
  readonly done = new Set<string>();
  readonly all: { readonly id: string; readonly key: string }[] = [];

  add(id: string, key: string): void {
    this.all.push({ id, key });
  }

  /** Nothing of a key may be handed out before what came earlier is done, or stands before it. */
  checkOrder(ids: readonly string[]): void {
    for (const [index, id] of ids.entries()) {
      const at = this.all.findIndex((one) => one.id === id);
      const key = this.all[at]?.key;
      const before = this.all.slice(0, at).filter((one) => one.key === key);
      const missing = before.find(
        (one) => !this.done.has(one.id) && !ids.slice(0, index).includes(one.id),
      );
      if (missing !== undefined) throw new Error(`${id} came before ${missing.id}`);
    }
  }
}

describe('a stream under random failures and kills', () => {
  const settings = fc.record({
    batchSize: fc.integer({ min: 1, max: 6 }),
    parallelizationFactor: fc.integer({ min: 1, max: 4 }),
    bisectOnError: fc.boolean(),
    reportBatchItemFailures: fc.boolean(),
    batchingWindowSeconds: fc.constantFrom(0, 3),
    maximumRetryAttempts: fc.constantFrom(-1, 0, 2),
    tumblingWindowSeconds: fc.constantFrom(0, 0, 30),
  });

  it('loses no record, and hands none out before those it follows', async () => {
    await fc.assert(
      fc.asyncProperty(steps, answers, settings, async (run, plan, definition) => {
        const bench = new StreamBench(definition);
        const ledger = new Ledger();
        let problem: unknown;
        let nth = 0;
        let heals = false;
        bench.bench.durationMs = 700;
        bench.bench.starts = ({ event }) => {
          try {
            ledger.checkOrder(event.Records.map(({ sequenceNumber }) => String(sequenceNumber)));
          } catch (error) {
            problem ??= error;
          }
        };
        bench.bench.answer = (called) => {
          const ids = called.event.Records.map(({ sequenceNumber }) => String(sequenceNumber));
          const answer = heals ? 'ok' : (plan[nth++ % Math.max(1, plan.length)] ?? 'ok');
          return answered(answer, ids, definition.reportBatchItemFailures, ledger);
        };
        const onDiscard = (ids: readonly string[]): void =>
          ids.forEach((id) => ledger.done.add(id));
        bench.onDiscard = onDiscard;
        try {
          bench.start();
          let texts = 0;
          for (const { puts, waitMs, kill } of run) {
            for (const key of puts) {
              const id = bench.stream.put(`t${(texts += 1)}`, { key: `k${key}` });
              ledger.add(id, `k${key}`);
            }
            await bench.clock.advanceAsync(waitMs);
            if (!kill) continue;
            // What is under way is answered to nobody.
            bench.bench.forget();
            bench.kill();
          }
          heals = true;
          await bench.clock.advanceAsync(HOUR);
          if (problem !== undefined) throw problem as Error;
          expect(ledger.all.filter(({ id }) => !ledger.done.has(id))).toEqual([]);
        } finally {
          bench.close();
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe('a queue under random failures and kills', () => {
  const settings = fc.record({
    batchSize: fc.integer({ min: 1, max: 10 }),
    reportBatchItemFailures: fc.boolean(),
  });

  it.each([
    ['standard', 'arn:aws:sqs:eu-west-1:000000000000:jobs'],
    ['FIFO', 'arn:aws:sqs:eu-west-1:000000000000:jobs.fifo'],
  ])(
    'loses no message: %s',
    async (kind, sourceArn) => {
      await fc.assert(
        fc.asyncProperty(steps, answers, settings, async (run, plan, definition) => {
          const clock = new ManualClock();
          const queue = new FakeQueue(clock, 10 * SECOND);
          const bench = new MappingBench(clock);
          const ledger = new Ledger();
          let problem: unknown;
          let nth = 0;
          let heals = false;
          bench.durationMs = 700;
          const bodiesOf = ({ event }: Called): string[] =>
            event.Records.map(({ body }) => String(body));
          bench.starts = (called) => {
            try {
              if (kind === 'FIFO') ledger.checkOrder(bodiesOf(called));
            } catch (error) {
              problem ??= error;
            }
          };
          bench.answer = (called) => {
            const answer = heals ? 'ok' : (plan[nth++ % Math.max(1, plan.length)] ?? 'ok');
            const ids = new Map(
              called.event.Records.map(({ body, messageId }) => [String(body), String(messageId)]),
            );
            return answered(
              answer,
              [...ids.keys()],
              definition.reportBatchItemFailures,
              ledger,
              ids,
            );
          };
          let runner = runnerOf(bench, queue, { ...definition, sourceArn });
          let bodies = 0;
          for (const { puts, waitMs, kill } of run) {
            for (const key of puts) {
              const body = `b${(bodies += 1)}`;
              ledger.add(body, `k${key}`);
              queue.send(body, kind === 'FIFO' ? `k${key}` : undefined);
            }
            await clock.advanceAsync(waitMs);
            if (!kill) continue;
            bench.forget();
            runner.close();
            runner = runnerOf(bench, queue, { ...definition, sourceArn });
          }
          heals = true;
          await clock.advanceAsync(HOUR);
          runner.close();
          if (problem !== undefined) throw problem as Error;
          expect(queue.left).toEqual([]);
          expect(ledger.all.filter(({ id }) => !ledger.done.has(id))).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
    60_000,
  );
});

function runnerOf(
  bench: MappingBench,
  queue: FakeQueue,
  definition: Partial<MappingDefinition> & { readonly sourceArn: string },
): QueueRunner {
  const mapping = mappingOf({
    uuid: 'u-1',
    definition: { path: '', target: { functionName: 'worker' }, enabled: true, ...definition },
    told: {},
    tags: {},
    modifiedAtMs: 0,
  }) as QueueMapping;
  return new QueueRunner({
    ...bench.parts,
    mapping,
    reader: queue,
    filters: new Filters([], 'body'),
  });
}

/** The outcome, and in the ledger what is done by it. */
function answered(
  answer: Answer,
  ids: readonly string[],
  reports: boolean,
  { done }: Ledger,
  identifiers: ReadonlyMap<string, string> = new Map(),
): Outcome {
  if (answer === 'fails') return FAILS;
  if (answer === 'throttled') return THROTTLED;
  if (answer === 'ok' || !reports || ids.length === 0) {
    for (const id of ids) done.add(id);
    return OK;
  }
  // The second half failed; an order that is kept makes everything from there on fail.
  const failed = ids.slice(Math.floor(ids.length / 2));
  for (const id of ids) if (!failed.includes(id)) done.add(id);
  const items = failed.map((id) => ({ itemIdentifier: identifiers.get(id) ?? id }));
  return succeeded(JSON.stringify({ batchItemFailures: items }));
}
