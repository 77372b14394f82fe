import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { History } from '../../../src/step-functions/history.js';
import { StateFailed } from '../../../src/step-functions/interpreter/failure.js';
import type { ExecutionRecord } from '../../../src/step-functions/records.js';
import { ExecutionStore } from '../../../src/step-functions/store.js';

const DAY_MS = 24 * 3_600_000;

let folder: string;
let store: ExecutionStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'execution-store-'));
  store = open(0);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(nowMs: number): ExecutionStore {
  return new ExecutionStore(join(folder, 'executions.db'), nowMs);
}

function add(name: string): ExecutionRecord {
  const machineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:m';
  const arn = `arn:aws:states:us-east-1:123456789012:execution:m:${name}`;
  const known = { arn, machineArn, name, type: 'STANDARD', startedAtMs: 0 } as const;
  return store.add({ ...known, input: '{}', roleArn: 'r', revisionId: 'v' }, '{"StartAt":"A"}', 0);
}

function historyOf({ id: executionId }: ExecutionRecord): History {
  const now = { nowMs: () => 0, aheadMs: () => 0 };
  return new History({ store, executionId, durable: true, ...now });
}

describe('the record of executions', () => {
  it('holds what is kept, over a restart; what is only told is told again', () => {
    const record = add('one');
    const history = historyOf(record);
    history.event('ExecutionStarted', 0);
    const cursor = { state: 'A', input: 1, variables: {}, previous: 1 };
    history.keep('', cursor);
    history.keep('0', cursor);
    history.keep('0/1', cursor);
    history.keep('1', cursor);
    history.event('Lost', 1);
    store.close();
    store = open(0);
    expect(store.running().map(({ name }) => name)).toEqual(['one']);
    const again = historyOf(record);
    expect(again.cursor('0/1')).toEqual(cursor);
    again.forgetBelow('0');
    again.keep('0', { ...cursor, state: 'B' });
    expect(again.event('Next', 1)).toBe(2);
    store.close();
    store = open(0);
    const last = historyOf(record);
    expect(['', '0', '0/1', '1'].map((scope) => last.cursor(scope)?.state)).toEqual([
      'A',
      'B',
      undefined,
      'A',
    ]);
  });

  it('is full at 25,000 events, the last of which says so', () => {
    const history = historyOf(add('long'));
    for (let id = 1; id < 25_000; id += 1) expect(history.event('E', id - 1)).toBe(id);
    expect(() => history.event('E', 0)).toThrow(StateFailed);
    expect(history.event('ExecutionFailed', 0)).toBe(25_000);
  });

  it('forgets executions that ended 90 days ago, and keeps what runs', () => {
    const old = add('old');
    historyOf(old).event('ExecutionStarted', 0);
    store.change(old.id, {
      events: [{ id: 1, previousEventId: 0, atMs: 0, type: 'E', details: {} }],
      ending: { status: 'SUCCEEDED', stoppedAtMs: DAY_MS, output: '1' },
      aheadMs: 0,
    });
    add('running');
    store.close();
    store = open(90 * DAY_MS);
    expect(store.list({ limit: 9 }).map(({ name }) => name)).toEqual(['running', 'old']);
    store.close();
    store = open(91 * DAY_MS + 1);
    expect(store.list({ limit: 9 }).map(({ name }) => name)).toEqual(['running']);
    expect(store.history(old.id, { limit: 9, reverse: false })).toEqual([]);
  });
});
