import { expect, it } from '@jest/globals';
import type { LogLine } from '../../../src/view.js';
import { LogLines, type LineBatch } from '../../../src/notifications/log-lines.js';
import { ManualClock } from '../../support/manual-clock.js';

function bench(wanted: readonly string[] = ['/aws/lambda/orders']) {
  const clock = new ManualClock();
  const told: LineBatch[] = [];
  const lines = new LogLines({
    clock,
    placeOf: (environmentId) =>
      environmentId === ''
        ? undefined
        : { logGroup: '/aws/lambda/orders', logStream: `stream of ${environmentId}` },
    isWanted: (logGroup) => wanted.includes(logGroup),
    tell: (batch) => void told.push(batch),
  });
  const line = (environmentId: string, text: string): void => {
    const source = 'function' as const;
    const one: LogLine = { environmentId, functionName: 'orders', timestampMs: 5, source, text };
    lines.line(one);
  };
  return { clock, told, lines, line };
}

it('lines of an environment that come together are told together', () => {
  const { clock, told, line } = bench();
  line('e1', 'a');
  line('e2', 'b');
  line('e1', 'c');
  expect(told).toEqual([]);
  clock.advance(500);
  expect(
    told.map(({ logStream, events }) => [logStream, events.map((one) => one.message)]),
  ).toEqual([
    ['stream of e1', ['a', 'c']],
    ['stream of e2', ['b']],
  ]);
  const ids = told.flatMap(({ events }) => events.map(({ id }) => id));
  expect(new Set(ids).size).toBe(3);
});

it('nothing is kept of groups that nobody wants, or of lines that are no environment’s', () => {
  const none = bench([]);
  none.line('e1', 'a');
  expect(none.clock.pending).toBe(0);
  const some = bench();
  some.line('', 'EVENT RequestId: 1');
  expect(some.clock.pending).toBe(0);
});

it('much at once does not wait, and what waits is told at the end', () => {
  const { told, lines, line, clock } = bench();
  for (let count = 0; count < 1_000; count += 1) line('e1', 'x');
  expect(told[0]?.events).toHaveLength(1_000);
  line('e1', 'last');
  lines.flush();
  expect(told[1]?.events.map(({ message }) => message)).toEqual(['last']);
  expect(clock.pending).toBe(0);
});
