import { afterEach, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import { markOf, stepTo } from '../../../src/invocation/lineage.js';
import { ARN_HEAD, EventBench, HOUR, OK } from '../../support/event-bench.js';

let bench: EventBench;
afterEach(() => bench.close());

const LOOPS = new OrchestratorError('recursive-invocation', 'a loop');

/** Functions that the router would stop; destinations lead from each to the other. */
function open(): void {
  const step = (functionName: string, traceId: string) => stepTo(markOf(functionName), traceId);
  bench = new EventBench({
    traceBehind: ({ functionName, traceId }) => {
      const { again, traceId: behind } = step(functionName, traceId);
      return again ? undefined : behind;
    },
  });
  bench.answer = ({ event: { functionName, traceId } }) =>
    step(functionName, traceId).loops ? { kind: 'refused', error: LOOPS } : OK;
}

const ran = (name: string): number =>
  bench.attempts.filter(
    ({ event: { functionName, traceId } }) =>
      functionName === name && !stepTo(markOf(name), traceId).loops,
  ).length;

it('a loop of destinations ends, and is told of at the first stop', async () => {
  open();
  bench.define('ping', { onSuccessArn: `${ARN_HEAD}pong`, onFailureArn: `${ARN_HEAD}told` });
  bench.define('pong', { onSuccessArn: `${ARN_HEAD}ping` });
  bench.define('told');
  await bench.accept('ping');
  await bench.clock.advanceAsync(HOUR);
  expect([ran('ping'), ran('pong'), ran('told')]).toEqual([16, 16, 1]);
  expect(bench.queue.size).toBe(0);
  expect(bench.logged).toEqual([
    `ping: RetriesExhausted after 0 attempts: a loop; on to ${ARN_HEAD}told`,
  ]);
});

it('failures that lead back into the loop end as well', async () => {
  open();
  const both = (name: string) => ({ onSuccessArn: ARN_HEAD + name, onFailureArn: ARN_HEAD + name });
  bench.define('round', both('about'));
  bench.define('about', both('round'));
  await bench.accept('round');
  await bench.clock.advanceAsync(HOUR);
  expect([ran('round'), ran('about')]).toEqual([16, 16]);
  expect(bench.queue.size).toBe(0);
  expect(bench.logged).toContain(
    `round: not delivered to ${ARN_HEAD}about: it is part of a recursive loop`,
  );
});
