/**
 * A process with the Lambda API over the real event queue, meant to be killed. Its function notes
 * in a file that it ran, and the file is noted in again when the event is finished on disk:
 *
 *   ran <event>        the function was run
 *   finished <event>   the queue has forgotten the event
 *
 * An event fails its first attempt when it says so; queue time passes so fast that it is tried
 * again soon. Says `listening <port>` once it takes events; `GET /left` says how many are not over.
 */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/async/clock.js';
import { VirtualClock } from '../../src/async/virtual-clock.js';
import { EventQueue } from '../../src/event-queue/event-queue.js';
import { EventStore } from '../../src/event-queue/event-store.js';
import { InvokeApi } from '../../src/invoke-api/server.js';
import { FakeRouter, failed, succeeded } from './fake-router.js';

const [directory = ''] = process.argv.slice(2);
const journal = join(directory, 'journal.txt');
/** A minute of queue time in 10 ms. */
const time = new VirtualClock(systemClock, 6000);

class NotedStore extends EventStore {
  readonly #events = new Map<number, string>();

  override payload(id: number): Buffer | undefined {
    const payload = super.payload(id);
    this.note(id, payload);
    return payload;
  }

  note(id: number, payload: Buffer | undefined): void {
    if (payload !== undefined) this.#events.set(id, eventOf(payload));
  }

  override finish(...given: Parameters<EventStore['finish']>): ReturnType<EventStore['finish']> {
    const next = super.finish(...given);
    appendFileSync(journal, `finished ${this.#events.get(given[0])}\n`);
    return next;
  }
}

function eventOf(payload: Buffer): string {
  return String((JSON.parse(payload.toString()) as { event: number }).event);
}

const router = new FakeRouter();
router.add({ name: 'fn' });
const store = new NotedStore(join(directory, 'events.db'));
const queue = new EventQueue({
  store,
  clock: time,
  aheadMs: () => time.aheadMs,
  pace: systemClock,
  settings: () => ({ maximumRetryAttempts: 2, maximumEventAgeMs: 100 * 24 * 3_600_000 }),
  reservedConcurrency: () => undefined,
  waiting: () => 0,
  run: (event, payload, settle) => {
    store.note(event.id, payload);
    const { fails } = JSON.parse(payload.toString()) as { fails: boolean };
    appendFileSync(journal, `ran ${eventOf(payload)}\n`);
    systemClock.setTimer(Math.random() * 5, () =>
      settle(fails && event.attempts === 0 ? failed({}, 'E') : succeeded('null')),
    );
  },
  log: () => undefined,
  warn: (message) => process.stderr.write(`${message}\n`),
});
const api = new InvokeApi({
  router,
  events: queue,
  host: '127.0.0.1',
  port: 0,
  region: 'us-east-1',
  accountId: '123456789012',
  clock: systemClock,
});
api.mount('/left', (_request, response) => response.end(String(queue.size)));
const { port } = await api.listen();
queue.start();
process.stdout.write(`listening ${port}\n`);
