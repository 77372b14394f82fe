import { describe, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import { afterAttempt, overBefore } from '../../../src/event-queue/policy.js';
import type { EventSettings, QueuedEvent } from '../../../src/event-queue/queued-event.js';
import type { Outcome } from '../../../src/invocation/outcome.js';
import { AWAY, FAILS, HOUR, MINUTE, OK, SECOND, THROTTLED } from '../../support/event-bench.js';
import { failed } from '../../support/fake-router.js';

const ACCEPTED = 1_000_000;
const SETTINGS: EventSettings = { maximumRetryAttempts: 2, maximumEventAgeMs: 6 * HOUR };

function event(parts: Partial<QueuedEvent> = {}): QueuedEvent {
  return {
    id: 1,
    requestId: 'r',
    functionName: 'fn',
    invokedFunctionArn: 'arn',
    traceId: 't',
    acceptedAtMs: ACCEPTED,
    dueAtMs: ACCEPTED,
    attempts: 0,
    setbacks: 0,
    payloadBytes: 2,
    ...parts,
  };
}

describe('after a failure of the function', () => {
  it('the next attempts come one minute and then two minutes later', () => {
    const last = { status: 200, error: 'no stock', executedVersion: '$LATEST' };
    expect(afterAttempt(event(), FAILS, SETTINGS, ACCEPTED)).toEqual({
      kind: 'again',
      progress: { dueAtMs: ACCEPTED + MINUTE, attempts: 1, setbacks: 0, last },
    });
    const now = ACCEPTED + MINUTE;
    expect(afterAttempt(event({ attempts: 1, setbacks: 3 }), FAILS, SETTINGS, now)).toEqual({
      kind: 'again',
      progress: { dueAtMs: now + 2 * MINUTE, attempts: 2, setbacks: 0, last },
    });
    expect(afterAttempt(event({ attempts: 2 }), FAILS, SETTINGS, now)).toEqual({
      kind: 'over',
      condition: 'RetriesExhausted',
      attempts: 3,
      last,
    });
  });

  it.each([0, 1, 2])('%i retries are made where so many are configured', (maximumRetryAttempts) => {
    let attempts = 0;
    for (;;) {
      const settings = { ...SETTINGS, maximumRetryAttempts };
      const verdict = afterAttempt(event({ attempts }), FAILS, settings, ACCEPTED);
      attempts += 1;
      if (verdict.kind === 'over') break;
    }
    expect(attempts).toBe(maximumRetryAttempts + 1);
  });

  it('a retry that would come after the maximum age is not waited for', () => {
    const settings = { ...SETTINGS, maximumEventAgeMs: MINUTE };
    expect(afterAttempt(event(), FAILS, settings, ACCEPTED)).toMatchObject({
      kind: 'over',
      condition: 'EventAgeExceeded',
      attempts: 1,
    });
  });

  it('the message that is kept has at most 1 KB and no half character', () => {
    const long = failed({ errorMessage: `${'a'.repeat(1023)}é` }, 'E');
    expect(afterAttempt(event({ attempts: 2 }), long, SETTINGS, ACCEPTED)).toMatchObject({
      last: { error: 'a'.repeat(1023) },
    });
    const silent: Outcome = { ...FAILS, payload: Buffer.from('no json') } as Outcome;
    expect(afterAttempt(event({ attempts: 2 }), silent, SETTINGS, ACCEPTED)).toMatchObject({
      last: { error: 'StockError' },
    });
  });
});

describe('after a throttle or a system error', () => {
  it.each([
    ['throttle', THROTTLED, 429],
    ['system error', AWAY, 500],
  ])('the back-off of a %s doubles from one second to five minutes', (_what, outcome, status) => {
    const waits: number[] = [];
    let setbacks = 0;
    for (let count = 0; count < 11; count += 1) {
      const verdict = afterAttempt(event({ attempts: 1, setbacks }), outcome, SETTINGS, ACCEPTED);
      if (verdict.kind !== 'again') throw new Error('it was given up');
      expect(verdict.progress).toMatchObject({ attempts: 1, last: { status } });
      waits.push((verdict.progress.dueAtMs - ACCEPTED) / SECOND);
      ({ setbacks } = verdict.progress);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('the last moment is that of the maximum age', () => {
    const now = ACCEPTED + 6 * HOUR - SECOND;
    expect(afterAttempt(event({ setbacks: 20 }), THROTTLED, SETTINGS, now)).toMatchObject({
      progress: { dueAtMs: ACCEPTED + 6 * HOUR },
    });
    expect(overBefore(event(), SETTINGS, now)).toBeUndefined();
    expect(overBefore(event(), SETTINGS, now + SECOND)).toBe('EventAgeExceeded');
  });
});

it('an event whose function may never run is over before it is tried', () => {
  expect(overBefore(event(), { ...SETTINGS, reservedConcurrency: 0 }, ACCEPTED)).toBe(
    'ZeroReservedConcurrency',
  );
  expect(overBefore(event(), { ...SETTINGS, reservedConcurrency: 1 }, ACCEPTED)).toBeUndefined();
});

it('success is the end, however old the event is', () => {
  const now = ACCEPTED + 7 * HOUR;
  expect(afterAttempt(event({ attempts: 1 }), OK, SETTINGS, now)).toEqual({
    kind: 'over',
    condition: 'Success',
    attempts: 2,
  });
});

it('a function that is no more is no reason to try again, a stopping orchestrator no attempt', () => {
  const refused = (code: 'function-not-found' | 'shutting-down'): Outcome => ({
    kind: 'refused',
    error: new OrchestratorError(code, code),
  });
  expect(afterAttempt(event(), refused('function-not-found'), undefined, ACCEPTED).kind).toBe(
    'gone',
  );
  expect(afterAttempt(event(), FAILS, undefined, ACCEPTED).kind).toBe('gone');
  expect(afterAttempt(event(), refused('shutting-down'), SETTINGS, ACCEPTED).kind).toBe('kept');
});

it('what a function can never take is over at once, without an attempt', () => {
  const error = new OrchestratorError('tenant-missing', 'no tenant');
  expect(afterAttempt(event(), { kind: 'refused', error }, SETTINGS, ACCEPTED)).toEqual({
    kind: 'over',
    condition: 'RetriesExhausted',
    attempts: 0,
    last: { status: 400, error: 'no tenant' },
  });
});
