import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStore } from '../../../src/event-queue/event-store.js';
import { packageRoot } from '../../../src/package-root.js';
import { closeDatabase, openDatabase } from '../../../src/state/database.js';
import { newEvent } from '../../support/event-bench.js';
import { post, until } from '../../support/project.js';

const SERVER = join(packageRoot(), 'dist/test/support/event-server.js');
const NOW = { nowMs: 1_000_000, aheadMs: 0 };

let directory: string;
let path: string;
const stores: EventStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'event-store-'));
  path = join(directory, 'events.db');
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(mostPages?: number): EventStore {
  const store = new EventStore(path, mostPages);
  stores.push(store);
  return store;
}

describe('the queue on disk', () => {
  it('gives back what it was given, to its owner only', async () => {
    const store = open();
    const given = { ...newEvent('fn', { ü: 1 }), qualifier: 'live', tenantId: 'blue' };
    const event = store.add(given, NOW);
    const { payload, ...known } = given;
    expect(store.find(given.requestId)).toEqual({
      ...known,
      id: event.id,
      acceptedAtMs: NOW.nowMs,
      dueAtMs: NOW.nowMs,
      attempts: 0,
      setbacks: 0,
      payloadBytes: payload.length,
    });
    expect(store.find(given.requestId)).toEqual(event);
    expect(store.payload(event.id)).toEqual(payload);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await store.synced();
  });

  it('hands out events by the time they are due, then in order of acceptance', () => {
    const store = open();
    const [first, second, third] = [1, 2, 3].map((event) => store.add(newEvent('fn', event), NOW));
    store.add(newEvent('other'), NOW);
    if (first === undefined) throw new Error('nothing was added');
    store.update(first.id, { dueAtMs: NOW.nowMs + 5, attempts: 1, setbacks: 0 }, 0);
    expect(store.next('fn', 10).map(({ id }) => id)).toEqual([second?.id, third?.id, first.id]);
    expect(store.functions()).toEqual([
      { functionName: 'fn', events: 3, nextDueAtMs: NOW.nowMs },
      { functionName: 'other', events: 1, nextDueAtMs: NOW.nowMs },
    ]);
  });

  it('ends an event and begins the one it leads to in one moment', () => {
    const store = open();
    const event = store.add(newEvent('fn'), NOW);
    const begun = { event: newEvent('told', { a: 1 }), time: NOW };
    const next = store.finish(event.id, { event: begun });
    expect(store.list(10)).toEqual([next]);
    expect(store.payload(event.id)).toBeUndefined();
    expect(store.payload(next?.id ?? 0)?.toString()).toBe('{"a":1}');
  });

  it('turns back the times of a run in virtual time', async () => {
    const first = new EventStore(path);
    const hour = 3_600_000;
    const event = first.add(newEvent('fn'), NOW);
    // Five hours of virtual time later it failed, and is to be tried a minute after that.
    const dueAtMs = NOW.nowMs + 5 * hour + 60_000;
    first.update(event.id, { dueAtMs, attempts: 1, setbacks: 0 }, 5 * hour);
    await first.close();
    const [again] = open().list(1);
    expect(again?.dueAtMs).toBe(NOW.nowMs + 60_000);
    // Its age is what it was.
    expect((again?.dueAtMs ?? 0) - (again?.acceptedAtMs ?? 0)).toBe(5 * hour + 60_000);
  });

  it('asks the disk once for many events that come together', async () => {
    const store = open();
    const waits = Array.from({ length: 200 }, () => {
      store.add(newEvent('fn'), NOW);
      return store.synced();
    });
    await Promise.all(waits);
    expect(store.syncs).toBeLessThan(5);
  });

  it('takes no event that the disk has no room for, and goes on with what it has', () => {
    const store = open(40);
    const kept = store.add(newEvent('fn', 'small'), NOW);
    expect(() => store.add(newEvent('fn', 'x'.repeat(1_000_000)), NOW)).toThrow(/full/);
    expect(store.list(10)).toEqual([kept]);
    store.finish(kept.id);
    expect(store.count).toBe(0);
  });

  it('is opened by its first use, and then knows what was left', async () => {
    await open().close();
    expect(existsSync(path)).toBe(false);
    const before = open();
    before.add(newEvent('fn', 'early'), NOW);
    expect(before.leftBefore).toBe(0);
    await before.close();
    const after = open();
    after.add(newEvent('fn', 'late'), NOW);
    expect([after.leftBefore, after.count]).toEqual([1, 2]);
  });

  it('is a file of its own, and a damaged one says what to do', () => {
    closeDatabase(openDatabase(path));
    expect(() => open().open()).toThrow(
      expect.objectContaining({ code: 'state-unusable', remedy: expect.any(String) }),
    );
  });
});

describe('a kill -9 at any moment', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  async function start(): Promise<{
    child: ChildProcess;
    exited: Promise<unknown>;
    origin: string;
  }> {
    const child = spawn(process.execPath, [SERVER, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const exited = once(child, 'exit');
    const [said] = (await once(child.stdout!, 'data')) as [Buffer];
    const port = said.toString().trim().split(' ')[1];
    return { child, exited, origin: `http://127.0.0.1:${port}` };
  }

  const journal = (): string[][] => {
    const file = join(directory, 'journal.txt');
    if (!existsSync(file)) return [];
    // The last line of a process may have been cut.
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => line.split(' '));
  };

  it('loses no accepted event, and runs none again that was finished', async () => {
    const accepted = new Set<string>();
    let event = 0;
    for (let round = 0; round < 8; round += 1) {
      const { child, exited, origin } = await start();
      const url = `${origin}/2015-03-31/functions/fn/invocations`;
      const stopAfter = accepted.size + 1 + Math.floor(Math.random() * 60);
      const client = async (): Promise<void> => {
        for (;;) {
          event += 1;
          const name = String(event);
          const body = Buffer.from(JSON.stringify({ event, fails: event % 3 === 0 }));
          const answer = await post(url, body, { 'x-amz-invocation-type': 'Event' });
          if (answer.status !== 202) throw new Error(`it answered ${answer.status}`);
          accepted.add(name);
          if (accepted.size >= stopAfter) child.kill('SIGKILL');
        }
      };
      // Each ends with the connection.
      await Promise.allSettled(Array.from({ length: 8 }, client));
      await exited;
    }
    const { child, exited, origin } = await start();
    await until(async () => (await (await fetch(`${origin}/left`)).text()) === '0');
    child.kill('SIGKILL');
    await exited;

    const over = new Set<string>();
    const ran = new Set<string>();
    for (const [what, name = ''] of journal()) {
      if (what === 'finished') over.add(name);
      else if (over.has(name)) throw new Error(`${name} ran again after it was finished`);
      else ran.add(name);
    }
    for (const name of accepted) expect(ran).toContain(name);
    expect(open().count).toBe(0);
  }, 240_000);
});
