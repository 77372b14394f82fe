import { describe, expect, it } from '@jest/globals';
import { Delivery, type Sink } from '../../../src/telemetry/delivery.js';
import type { Buffering } from '../../../src/telemetry/subscription.js';
import { ManualClock } from '../../support/manual-clock.js';

const BUFFERING: Buffering = { maxItems: 1000, maxBytes: 262_144, timeoutMs: 1000 };
const ANSWER_MS = 10_000;
const MOST_PENDING_BYTES = 4 * 2 ** 20;

/** A listener that answers as it is told. */
class FakeSink implements Sink {
  readonly batches: (readonly string[])[] = [];
  behaviour: 'takes' | 'refuses' | 'is silent' = 'takes';
  aborted = 0;
  closed = false;
  #answers: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

  send(batch: readonly string[], signal: AbortSignal): Promise<void> {
    this.batches.push(batch);
    if (this.behaviour === 'takes') return Promise.resolve();
    if (this.behaviour === 'refuses') return Promise.reject(new Error('503'));
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        this.aborted += 1;
        reject(new Error('aborted'));
      });
      this.#answers.push({ resolve, reject });
    });
  }

  answer(): void {
    for (const { resolve } of this.#answers.splice(0)) resolve();
  }

  close(): void {
    this.closed = true;
  }
}

class Rig {
  readonly clock = new ManualClock();
  readonly sink = new FakeSink();
  readonly delivery: Delivery;

  constructor(buffering: Partial<Buffering> = {}) {
    this.delivery = new Delivery({
      clock: this.clock,
      buffering: { ...BUFFERING, ...buffering },
      sink: this.sink,
      dropped: ({ droppedRecords, droppedBytes, reason }) =>
        `dropped ${droppedRecords}/${droppedBytes}: ${reason}`,
    });
  }

  add(...texts: string[]): this {
    for (const text of texts) this.delivery.add(text);
    return this;
  }

  /** How many times each batch went out, by its texts. */
  get sent(): string[] {
    return this.sink.batches.map((batch) => batch.join(' '));
  }
}

describe('batches for a subscriber', () => {
  it('go out when the first item has waited long enough', async () => {
    const rig = new Rig().add('a');
    await rig.clock.advanceAsync(999);
    rig.add('b');
    expect(rig.sent).toEqual([]);
    await rig.clock.advanceAsync(1);
    expect(rig.sent).toEqual(['a b']);
    await rig.clock.advanceAsync(5000);
    expect(rig.sent).toEqual(['a b']);
    expect(rig.clock.pending).toBe(0);
  });

  it('go out at once when there are enough items', async () => {
    const rig = new Rig({ maxItems: 3 }).add('a', 'b', 'c', 'd');
    expect(rig.sent).toEqual(['a b c']);
    await rig.clock.advanceAsync(1000);
    expect(rig.sent).toEqual(['a b c', 'd']);
  });

  it('go out at once when there are enough bytes, the item that reaches the bound included', async () => {
    const large = 'x'.repeat(5);
    const rig = new Rig({ maxBytes: 8 }).add('a', 'b', large, large, 'c');
    await rig.clock.advanceAsync(0);
    expect(rig.sent).toEqual([`a b ${large} ${large}`]);
    await rig.clock.advanceAsync(1000);
    expect(rig.sent.slice(1)).toEqual(['c']);
  });

  it('keep their order behind one that has not been taken yet', async () => {
    const rig = new Rig({ maxItems: 2 });
    rig.sink.behaviour = 'is silent';
    rig.add('a', 'b', 'c', 'd', 'e');
    await rig.clock.advanceAsync(5000);
    expect(rig.sent).toEqual(['a b']);
    rig.sink.answer();
    await rig.clock.advanceAsync(0);
    expect(rig.sent).toEqual(['a b', 'c d']);
  });
});

describe('a frozen environment', () => {
  it('is sent nothing, and all that is due once it is thawed', async () => {
    const rig = new Rig({ maxItems: 2 });
    rig.delivery.hold();
    rig.add('a', 'b', 'c');
    await rig.clock.advanceAsync(3_600_000);
    expect(rig.sent).toEqual([]);
    rig.delivery.release();
    await rig.clock.advanceAsync(0);
    expect(rig.sent[0]).toBe('a b');
    await rig.clock.advanceAsync(1000);
    expect(rig.sent).toEqual(['a b', 'c']);
  });

  it('is not taken for one that does not answer', async () => {
    const rig = new Rig({ maxItems: 1 });
    rig.sink.behaviour = 'is silent';
    rig.add('a');
    rig.delivery.hold();
    await rig.clock.advanceAsync(100 * ANSWER_MS);
    expect(rig.sink.aborted).toBe(0);
    rig.delivery.release();
    await rig.clock.advanceAsync(ANSWER_MS - 1);
    expect(rig.sink.aborted).toBe(0);
    await rig.clock.advanceAsync(1);
    expect(rig.sink.aborted).toBe(1);
  });

  it('gets no further try of a batch until it is thawed', async () => {
    const rig = new Rig({ maxItems: 1 });
    rig.sink.behaviour = 'refuses';
    rig.add('a');
    await rig.clock.advanceAsync(0);
    rig.delivery.hold();
    await rig.clock.advanceAsync(60_000);
    expect(rig.sent).toEqual(['a']);
    rig.sink.behaviour = 'takes';
    rig.delivery.release();
    await rig.clock.advanceAsync(0);
    expect(rig.sent).toEqual(['a', 'a']);
  });
});

describe('a listener that fails', () => {
  it('is tried again with growing pauses, and taken up when it is back', async () => {
    const rig = new Rig({ maxItems: 1 });
    rig.sink.behaviour = 'refuses';
    rig.add('a');
    const times: number[] = [];
    for (let at = 0; at < 1000; at += 50) {
      if (rig.sent.length > times.length) times.push(at);
      await rig.clock.advanceAsync(50);
    }
    expect(times).toEqual([0, 100, 300, 700]);
    rig.sink.behaviour = 'takes';
    await rig.clock.advanceAsync(1000);
    rig.add('b');
    await rig.clock.advanceAsync(0);
    expect(rig.sent).toEqual(['a', 'a', 'a', 'a', 'a', 'b']);
  });

  it('is told how much it has missed once a batch was given up', async () => {
    const rig = new Rig({ maxItems: 2 });
    rig.sink.behaviour = 'refuses';
    rig.add('aaa', 'bbb');
    await rig.clock.advanceAsync(60_000);
    expect(rig.sent).toHaveLength(5);
    rig.sink.behaviour = 'takes';
    rig.add('c', 'd');
    await rig.clock.advanceAsync(0);
    expect(rig.sent.at(-1)).toMatch(/^dropped 2\/6: Consumer seems to have fallen behind .* c d$/);
  });

  it('costs a bounded amount of memory: what is beyond is counted and told', async () => {
    const rig = new Rig({ maxItems: 1 });
    rig.sink.behaviour = 'is silent';
    rig.add('first');
    const block = 'x'.repeat(MOST_PENDING_BYTES / 4);
    rig.add(block, block, block, block, 'lost', 'lost');
    rig.sink.behaviour = 'takes';
    rig.sink.answer();
    await rig.clock.advanceAsync(0);
    expect(rig.sink.batches).toHaveLength(5);
    expect(rig.sink.batches[1]?.[0]).toMatch(/^dropped 2\/8: /);
    expect(rig.sink.batches.flat().filter((text) => text === 'lost')).toEqual([]);
  });

  it('that never answers is given up after a time, and tried again', async () => {
    const rig = new Rig({ maxItems: 1 });
    rig.sink.behaviour = 'is silent';
    rig.add('a');
    await rig.clock.advanceAsync(ANSWER_MS);
    expect(rig.sink.aborted).toBe(1);
    await rig.clock.advanceAsync(100);
    expect(rig.sent).toEqual(['a', 'a']);
  });
});

describe('the end of an environment', () => {
  it('sends what waits, and what still comes, at once', async () => {
    const rig = new Rig().add('a');
    rig.delivery.flush();
    rig.add('b');
    await rig.clock.advanceAsync(0);
    rig.add('c');
    await rig.clock.advanceAsync(0);
    expect(rig.sent).toEqual(['a', 'b', 'c']);
  });

  it('leaves no timer, no connection and nothing to send behind', async () => {
    const rig = new Rig({ maxItems: 1 });
    rig.sink.behaviour = 'is silent';
    rig.add('a', 'b');
    rig.delivery.close();
    rig.add('c');
    await rig.clock.advanceAsync(60_000);
    expect(rig.sent).toEqual(['a']);
    expect(rig.sink).toMatchObject({ aborted: 1, closed: true });
    expect(rig.clock.pending).toBe(0);
  });
});
