/** Retries, dead letters and fairness of deliveries, in virtual time. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Deliveries } from '../../../src/event-bridge/deliveries.js';
import { afterFailure, DEFAULT_RETRY } from '../../../src/event-bridge/delivery.js';
import type { RuleDefinition, RuleTargetDefinition } from '../../../src/stack/event-bridge.js';
import { EventBridgeStore } from '../../../src/event-bridge/store.js';
import type { Logger } from '../../../src/log/logger.js';
import { TargetError } from '../../../src/targets/targets.js';
import { EventBridgeBench } from '../../support/event-bridge-bench.js';
import { ManualClock } from '../../support/manual-clock.js';
import { movedAtLook } from '../../support/moved-clock.js';

const FUNCTION = 'arn:aws:lambda:eu-west-1:000000000000:function:hello';
const QUEUE = 'arn:aws:sqs:eu-west-1:000000000000:orders';
const DEAD = 'arn:aws:sqs:eu-west-1:000000000000:dead';
const HOUR = 3_600_000;

function rule(...targets: Partial<RuleTargetDefinition>[]): RuleDefinition {
  return {
    path: 'Resources.R',
    name: 'orders',
    bus: 'default',
    pattern: { source: ['shop'] },
    enabled: true,
    targets: targets.map((target, index) => ({ id: String(index), arn: FUNCTION, ...target })),
  };
}

describe('deliveries', () => {
  let bench: EventBridgeBench;

  beforeEach(async () => {
    bench = await EventBridgeBench.make();
  });

  afterEach(() => bench.close());

  const put = (count = 1) =>
    bench.runtime.bridge.put(
      Array.from({ length: count }, (_none, n) => ({
        Source: 'shop',
        DetailType: 'T',
        Detail: JSON.stringify({ n }),
      })),
    );
  const away = (): Promise<void> =>
    Promise.reject(new TargetError('ServiceUnavailable', 'it is away', true));

  test('a target that is away is tried again until it is there', async () => {
    bench.setFiles({ rules: [rule({})] });
    bench.onSend = away;
    await put();
    await bench.until(() => bench.warnings.length > 0);
    for (let tries = 2; tries < 6; tries += 1) {
      await bench.advance(60_000);
      await bench.untilSent(tries);
    }
    bench.onSend = () => Promise.resolve();
    await bench.advance(60_000);
    await bench.untilSent(6);
    await bench.runtime.drain();
    expect(new Set(bench.sent.map(({ body }) => body)).size).toBe(1);
    // It is said once.
    expect(bench.warnings).toEqual([
      `the rule orders cannot reach ${FUNCTION}, and tries again: it is away`,
    ]);
  });

  test('what is tried often enough goes to the dead-letter queue, as it matched', async () => {
    bench.setFiles({
      rules: [
        rule({ input: '{"constant":1}', deadLetterArn: DEAD, retry: { maximumAttempts: 2 } }),
      ],
    });
    bench.onSend = (arn) => (arn === DEAD ? Promise.resolve() : away());
    await put();
    await bench.until(() => bench.warnings.length > 0);
    for (let tries = 2; tries <= 3; tries += 1) {
      await bench.advance(60_000);
      await bench.untilSent(tries);
    }
    const sent = await bench.untilSent(4);
    expect(sent.slice(0, 3).map(({ body }) => body)).toEqual(Array(3).fill('{"constant":1}'));
    expect(sent[3]?.arn).toBe(DEAD);
    expect(JSON.parse(sent[3]?.body ?? '')).toMatchObject({ source: 'shop', detail: { n: 0 } });
    const attributes = Object.entries(sent[3]?.message.attributes ?? {});
    expect(Object.fromEntries(attributes.map(([name, { value }]) => [name, value]))).toEqual({
      RULE_ARN: 'arn:aws:events:eu-west-1:000000000000:rule/orders',
      TARGET_ARN: FUNCTION,
      ERROR_CODE: 'CONNECTION_FAILURE',
      ERROR_MESSAGE: 'it is away',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '2',
    });
  });

  test('what grows too old goes there too', async () => {
    bench.setFiles({ rules: [rule({ deadLetterArn: DEAD, retry: { maximumAgeSeconds: 60 } })] });
    bench.onSend = (arn) => (arn === DEAD ? Promise.resolve() : away());
    await put();
    await bench.until(() => bench.warnings.length > 0);
    await bench.advance(59_000);
    const sent = await bench.untilSent(3);
    expect(sent.at(-1)?.message.attributes?.['EXHAUSTED_RETRY_CONDITION']?.value).toBe(
      'MaximumEventAgeInSeconds',
    );
  });

  test('what a target refuses is not tried again', async () => {
    bench.setFiles({ rules: [rule({ deadLetterArn: DEAD }, { arn: QUEUE })] });
    bench.onSend = (arn) =>
      arn === DEAD
        ? Promise.resolve()
        : Promise.reject(new TargetError('ResourceNotFoundException', 'there is none', false));
    await put();
    const sent = await bench.untilSent(3);
    const dead = sent.find(({ arn }) => arn === DEAD);
    expect(dead?.message.attributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
    expect(dead?.message.attributes?.['RETRY_ATTEMPTS']).toEqual({ type: 'String', value: '0' });
    expect(dead?.message.attributes?.['ERROR_CODE']?.value).toBe('NO_RESOURCE');
    expect([...bench.warnings].sort()).toEqual([
      `the rule orders could not deliver an event to ${FUNCTION}, tried once; it goes to ${DEAD}: there is none`,
      `the rule orders could not deliver an event to ${QUEUE}, tried once; it is dropped: there is none`,
    ]);
  });

  test('a target that does not answer holds up no other', async () => {
    bench.setFiles({ rules: [rule({}, { arn: QUEUE })] });
    bench.onSend = (arn) => (arn === FUNCTION ? new Promise(() => undefined) : Promise.resolve());
    for (let times = 0; times < 10; times += 1) await put(10);
    await bench.until(() => bench.sent.filter(({ arn }) => arn === QUEUE).length === 100);
    expect(bench.sent.filter(({ arn }) => arn === FUNCTION)).toHaveLength(10);
  });
});

describe('back-off', () => {
  test('fills a day, and never goes beyond what is allowed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
        (randoms) => {
          let nowMs = 0;
          for (let attempts = 1; ; attempts += 1) {
            const random = randoms[attempts % randoms.length] ?? 0;
            const next = afterFailure(
              { retryable: true },
              DEFAULT_RETRY,
              { firstAtMs: 0, attempts, nowMs },
              random,
            );
            if (next.kind === 'over') {
              expect(nowMs).toBeGreaterThan(14 * HOUR);
              expect(attempts).toBeLessThanOrEqual(186);
              return;
            }
            expect(next.dueAtMs).toBeGreaterThan(nowMs);
            expect(next.dueAtMs).toBeLessThanOrEqual(24 * HOUR);
            nowMs = next.dueAtMs;
          }
        },
      ),
    );
  });
});

test('what becomes due between any two looks at the clock is sent all the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
  const store = new EventBridgeStore(join(folder, 'bridge.db'));
  const log = { warn: () => undefined } as unknown as Logger;
  const origin = { kind: 'rule', name: 'orders', arn: 'arn' } as const;
  try {
    for (let look = 1; look <= 12; look += 1) {
      const real = new ManualClock();
      let sent = 0;
      const deliveries = new Deliveries({
        store,
        clock: movedAtLook(real, look, 2_000),
        pace: real,
        aheadMs: () => 0,
        random: () => 0.5,
        log,
        send: () => {
          sent += 1;
          return sent === 1
            ? Promise.reject(new TargetError('ServiceUnavailable', 'it is away', true))
            : Promise.resolve();
        },
      });
      const about = { origin, retry: DEFAULT_RETRY };
      await deliveries.add([{ arn: QUEUE, body: Buffer.from('{}'), about }]);
      await real.advanceAsync(60_000);
      await deliveries.drain();
      expect([look, sent, store.count]).toEqual([look, 2, 0]);
    }
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});
