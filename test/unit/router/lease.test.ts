import { expect, it } from '@jest/globals';
import type { Assignment } from '../../../src/environment/assignment.js';
import type { FunctionDefinition } from '../../../src/function/function-version.js';
import type { InvocationRequest } from '../../../src/invocation/invocation.js';
import type { Outcome } from '../../../src/invocation/outcome.js';
import { Concurrency } from '../../../src/router/concurrency.js';
import type { Deployment } from '../../../src/router/deployment.js';
import { FunctionRouter } from '../../../src/router/function-router.js';
import { ManualClock } from '../../support/manual-clock.js';

const DONE: Outcome = {
  kind: 'succeeded',
  payload: Buffer.from('1'),
  contentType: 'application/json',
  executedVersion: '$LATEST',
};

/** A function that may run once at a time; what is submitted of it stays with the test. */
function bench() {
  const submitted: Assignment[] = [];
  const answers: string[] = [];
  const router = new FunctionRouter({
    concurrency: new Concurrency({
      limit: 10,
      unreservedMinimum: 0,
      requestsPerSecond: 'unlimited',
      clock: new ManualClock(),
    }),
    directory: {
      latest: () => ({ name: 'f' }) as FunctionDefinition,
      published: () => undefined,
      alias: () => undefined,
      reservedConcurrency: () => 1,
      allowsRecursion: () => false,
      provisioned: () => ({}),
      progress: () => undefined,
    },
    deploy: () =>
      ({
        version: '$LATEST',
        submit: (assignment: Assignment) => void submitted.push(assignment),
      }) as unknown as Deployment,
    random: () => 0,
  });
  router.sync('f');
  const invoke = (): void =>
    router.invoke('f', { requestId: 'r', traceId: '' } as InvocationRequest, (outcome) => {
      answers.push(outcome.kind === 'refused' ? outcome.error.code : outcome.kind);
    });
  return { submitted, answers, invoke };
}

it('keeps the concurrency of an invocation that goes on after its answer', () => {
  const { submitted, answers, invoke } = bench();
  invoke();
  const release = submitted[0]?.hold?.();
  submitted[0]?.settle(DONE);
  invoke();
  release?.();
  invoke();
  submitted[1]?.settle(DONE);
  invoke();
  expect([answers, submitted.length]).toEqual([['succeeded', 'throttled', 'succeeded'], 3]);
});

it('keeps it as well while an answer waits for its log', () => {
  const { submitted, answers, invoke } = bench();
  invoke();
  submitted[0]?.hold?.()();
  invoke();
  submitted[0]?.settle(DONE);
  invoke();
  expect([answers, submitted.length]).toEqual([['throttled', 'succeeded'], 2]);
});
