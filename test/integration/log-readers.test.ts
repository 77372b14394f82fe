/** Whoever reads the live log: nothing is lost, and a reader that stands still is in nobody's way. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  finished,
  projectFolder,
  removeFolder,
  starting,
  up,
  type RunningUp,
  type StartingUp,
} from '../support/running-up.js';

const LIMIT_MS = 120_000;
/** Prints numbered lines of a length, some in each turn. */
const PRINTS = `
export const handler = async ({ tag, count, length, perTurn }) => {
  const rest = 'x'.repeat(length);
  for (let printed = 0; printed < count; printed += 1) {
    console.log('<' + tag + ':' + printed + '>' + rest);
    if (printed % perTurn === 0) await new Promise((resolve) => setTimeout(resolve, 8));
  }
  return count;
};
`;
/** More than we do: some waits in our process, some on its way out of it. */
const WE_KEEP_BYTES = 8 * 2 ** 20;
/** Together less than is kept of all logs. */
const MOST_BATCHES = 2;
/** A fraction of what may wait for the disk. */
const ROUNDS_TO_WRITE = 8;
const TAGS = Array.from({ length: 8 }, (_, index) => `lane-${index}`);

let directory: string;
let running: RunningUp;
let state: string;

beforeAll(async () => {
  const prints = { files: { 'index.mjs': PRINTS }, timeout: 60 };
  directory = await projectFolder({ prints });
  state = join(directory, '.orchestrator');
  running = await up(directory);
}, LIMIT_MS);

afterAll(async () => {
  await running.end('SIGINT');
  await removeFolder(directory);
}, LIMIT_MS);

/** Of a connection whose reader stands still: what both of its ends may hold at most. */
function kernelKeepsBytes(): number {
  return ['rmem', 'wmem']
    .map((kind) => readFileSync(`/proc/sys/net/ipv4/tcp_${kind}`, 'utf8').trim().split(/\s+/)[2])
    .reduce((sum, most) => sum + Number(most), 0);
}

/** How many lines a reader was told that it missed. */
function missedLines(reader: StartingUp): number {
  return [...reader.output().matchAll(/([\d,]+) lines? left out here/g)].reduce(
    (sum, [, lines = '']) => sum + Number(lines.replaceAll(',', '')),
    0,
  );
}

/** `logs --follow` that shows what comes from now on. */
async function following(tag: string): Promise<StartingUp> {
  const reader = starting(['logs', '--follow', '-n', '0', '--state', state]);
  await printUntilShown(reader, tag);
  return reader;
}

/** What the reader wrote to its other output before, too, has been read by then. */
async function othersAreRead(): Promise<void> {
  for (let turns = 0; turns < 2; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** How many events that took. */
async function printUntilShown(reader: StartingUp, tag: string): Promise<number> {
  let isShown = false;
  const shown = reader.says(`<${tag}:`).then(() => (isShown = true));
  let events = 0;
  for (; !isShown; events += 1) await print({ tag, count: 1, length: 0, perTurn: 1 });
  await shown;
  await othersAreRead();
  return events;
}

async function print(event: {
  tag: string;
  count: number;
  length: number;
  perTurn: number;
}): Promise<void> {
  const { status, json } = await running.invoke('prints', event);
  expect([status, json]).toEqual([200, event.count]);
}

/** The numbers of the lines with that tag, in their order. */
function numbersOf(text: string, tag: string): number[] {
  return [...text.matchAll(new RegExp(`<${tag}:(\\d+)>`, 'g'))].map(([, number]) => Number(number));
}

describe('readers of the log', () => {
  it(
    'have every line of eight environments at once, each in its order, followed and kept',
    async () => {
      const reader = await following('begin');
      const numbers = Array.from({ length: 3_000 }, (_, index) => index);
      await Promise.all(
        TAGS.map((tag) => print({ tag, count: numbers.length, length: 0, perTurn: 10 })),
      );
      for (const tag of TAGS) {
        await reader.says(`<${tag}:${numbers.length - 1}>`);
        expect(numbersOf(reader.output(), tag)).toEqual(numbers);
      }
      const kept = await finished(['logs', '-n', '100000', '--state', state]);
      for (const tag of TAGS) expect(numbersOf(kept.stdout, tag)).toEqual(numbers);
      reader.child.kill('SIGINT');
      await reader.closed;
    },
    LIMIT_MS,
  );

  it(
    'that stand still hold no function up, and are told how many lines they missed',
    async () => {
      const reader = await following('awake');
      // More than the kernel and we keep for one reader; less in each than a function may print.
      const count = 800;
      let rounds = 0;
      let more = 0;
      // What the kernel keeps besides its buffers differs from one to the next.
      for (let batch = 1; missedLines(reader) === 0 && batch <= MOST_BATCHES; batch *= 2) {
        reader.child.kill('SIGSTOP');
        const bytes = batch * (kernelKeepsBytes() + WE_KEEP_BYTES);
        const until = rounds + Math.ceil(bytes / (count * 1_000));
        for (; rounds < until; rounds += 1) {
          await print({ tag: `still-${rounds}`, count, length: 1_000, perTurn: count });
          // What is asked for has been written: a slow disk is not what this is about.
          if (rounds % ROUNDS_TO_WRITE === 0) await finished(['logs', '-n', '1', '--state', state]);
        }
        reader.child.kill('SIGCONT');
        more += await printUntilShown(reader, `again-${batch}`);
      }
      const kept = await finished(['logs', '-n', '200000', '--state', state]);
      const followed = reader.output();
      const missed = missedLines(reader);
      let seen = 0;
      for (let round = 0; round < rounds; round += 1) {
        expect(numbersOf(kept.stdout, `still-${round}`)).toHaveLength(count);
        seen += numbersOf(followed, `still-${round}`).length;
      }
      expect(missed).toBeGreaterThan(0);
      // Besides its own, each event has lines of the platform: at most START, END and REPORT.
      expect(seen + missed).toBeGreaterThanOrEqual(rounds * count);
      expect(seen + missed).toBeLessThanOrEqual(rounds * (count + 3) + more * 4);
      reader.child.kill('SIGINT');
      await reader.closed;
    },
    LIMIT_MS,
  );
});
