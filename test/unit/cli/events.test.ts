import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { QueuedEventStatus } from '../../../src/view.js';
import { startFake, type FakeOrchestrator } from '../../support/fake-orchestrator.js';
import { startInProcess } from '../../support/memory-host.js';
import type { CliRun } from '../../support/run-cli.js';

let project: string;
let fake: FakeOrchestrator;
beforeEach(async () => {
  project = mkdtempSync(join(tmpdir(), 'cli-events-'));
  fake = await startFake({ stateDirectory: join(project, '.orchestrator') });
});
afterEach(async () => {
  await fake.destroy();
  rmSync(project, { recursive: true, force: true });
});

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: project }).ended;
}

const WAITS: QueuedEventStatus = {
  requestId: 'r1',
  functionName: 'orders',
  qualifier: 'live',
  ageMs: 61_000,
  attempts: 1,
  setbacks: 0,
  running: false,
  nextInMs: 59_000,
  lastError: 'no\tstock',
  payloadBytes: 2_400,
};
const RUNS: QueuedEventStatus = {
  requestId: 'r2',
  functionName: 'hello',
  ageMs: 100,
  attempts: 0,
  setbacks: 0,
  running: true,
  nextInMs: 0,
  payloadBytes: 2,
};

describe('events', () => {
  it('lists what is queued, and what became of the rest', async () => {
    fake.view.eventList = [WAITS, RUNS];
    const { code, stdout, stderr } = await cli('events');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'REQUEST\tFUNCTION\tAGE\tSIZE\tATTEMPTS\tNEXT\tLAST ERROR',
      'r1\torders:live\t1 min 1 s\t3 kB\t1\tin 59 s\tno stock',
      'r2\thello\t100 ms\t1 kB\t0\trunning\t',
      '',
    ]);
    expect(stderr).toBe(
      '2 events queued; since the start 9 accepted, 4 succeeded, 3 failed, 2 dropped, 1 not delivered to their destination\n',
    );
    const json = await cli('events', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ events: [WAITS, RUNS], queued: 2 });
  });

  it('tries one now, or drops it', async () => {
    fake.view.eventList = [WAITS, RUNS];
    expect((await cli('events', 'retry', 'r1')).code).toBe(0);
    expect((await cli('events', 'drop', 'r1')).code).toBe(0);
    expect(fake.view.changes).toEqual(['retry r1', 'drop r1']);
    const running = await cli('events', 'drop', 'r2');
    expect([running.code, running.stderr]).toEqual([3, expect.stringContaining('is being run')]);
    const unknown = await cli('events', 'retry', 'r3');
    expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('No event r3')]);
  });

  it.each([
    [['events', 'forget', 'r1'], 'retry or drop, not forget'],
    [['events', 'retry'], 'needs a request id'],
    [['time', 'stop'], 'is advance, not stop'],
    [['time', 'advance'], 'needs to know how far'],
    [['time', 'advance', 'soon'], 'must be a duration, not soon'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cli(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('time', () => {
  it('is shown and moved on', async () => {
    expect((await cli('time')).stdout).toBe(
      'Queue time is 2026-01-05T10:00:00.000Z, passing 60 times as fast.\n',
    );
    expect((await cli('time', 'advance', '6h')).stdout).toBe(
      'Queue time is 2026-01-05T16:00:00.000Z, 6 h 0 min ahead of real time, passing 60 times as fast.\n',
    );
    expect(fake.view.aheadMs).toBe(6 * 3_600_000);
    expect(JSON.parse((await cli('time', '--json')).stdout)).toMatchObject({ scale: 60 });
  });
});
