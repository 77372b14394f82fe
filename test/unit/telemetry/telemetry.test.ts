import { describe, expect, it } from '@jest/globals';
import type { LogLine } from '../../../src/view.js';
import type { PlatformEvent } from '../../../src/telemetry/events.js';
import type { Destination, Subscription } from '../../../src/telemetry/subscription.js';
import { Telemetry } from '../../../src/telemetry/telemetry.js';
import { ManualClock } from '../../support/manual-clock.js';

function subscription(port: number, changes: Partial<Subscription> = {}): Subscription {
  return {
    schema: '2022-12-13',
    types: ['platform', 'function'],
    buffering: { maxItems: 1000, maxBytes: 262_144, timeoutMs: 25 },
    destination: { protocol: 'TCP', port },
    ...changes,
  };
}

function start(requestId: string): PlatformEvent {
  return { type: 'platform.start', timeMs: 0, record: { requestId, version: '1' } };
}

function line(text: string): LogLine {
  return { timestampMs: 0, functionName: 'f', environmentId: 'e', source: 'function', text };
}

class Rig {
  readonly clock = new ManualClock();
  readonly telemetry: Telemetry;
  readonly said: PlatformEvent[] = [];
  /** By port: the record of each event, lines as they are, other events by what tells them. */
  readonly heard: Record<number, string[]> = {};

  constructor() {
    this.telemetry = new Telemetry({
      clock: this.clock,
      json: false,
      say: (event) => this.said.push(event),
      openSink: (destination: Destination) => ({
        send: (batch) => {
          const heard = (this.heard[destination.port] ??= []);
          for (const text of batch) {
            const { record } = JSON.parse(text) as { record: string | { requestId?: string } };
            heard.push(typeof record === 'string' ? record : (record.requestId ?? ''));
          }
          return Promise.resolve();
        },
        close: () => undefined,
      }),
    });
    this.telemetry.begin();
  }

  async waits(): Promise<this> {
    await this.clock.advanceAsync(1000);
    return this;
  }
}

describe('the subscribers of an environment', () => {
  it('get what was told before they came, and of everything the types they asked for', async () => {
    const rig = new Rig();
    rig.telemetry.line(line('early'));
    rig.telemetry.subscribe('one', 'telemetry', subscription(1));
    rig.telemetry.subscribe('two', 'telemetry', subscription(2, { types: ['platform'] }));
    rig.telemetry.platform(start('a'));
    rig.telemetry.initEnded();
    rig.telemetry.line(line('late'));
    await rig.waits();
    expect(rig.heard).toEqual({ 1: ['early', 'a', 'late'], 2: ['a'] });
  });

  it('cannot come once init is over, and can again with new processes', async () => {
    const rig = new Rig();
    rig.telemetry.subscribe('one', 'telemetry', subscription(1));
    rig.telemetry.initEnded();
    expect(rig.telemetry.subscribe('two', 'telemetry', subscription(2))).toBe('closed');
    rig.telemetry.begin();
    expect(rig.telemetry.subscribed).toBe(false);
    expect(rig.telemetry.subscribe('two', 'telemetry', subscription(2))).toBe('subscribed');
    rig.telemetry.platform(start('a'));
    await rig.waits();
    expect(rig.heard).toEqual({ 2: ['a'] });
  });

  it('use one of the two APIs', () => {
    const rig = new Rig();
    expect(rig.telemetry.subscribe('one', 'logs', subscription(1))).toBe('subscribed');
    expect(rig.telemetry.subscribe('two', 'telemetry', subscription(2))).toBe('other-api');
    expect(rig.telemetry.subscribe('two', 'logs', subscription(2))).toBe('subscribed');
    expect(rig.said.map(({ type, record }) => [type, record])).toEqual(
      ['one', 'two'].map((name) => [
        'platform.logsSubscription',
        { name, state: 'Subscribed', types: ['platform', 'function'] },
      ]),
    );
  });

  it('replace their own subscription by a second one', async () => {
    const rig = new Rig();
    rig.telemetry.platform(start('a'));
    rig.telemetry.subscribe('one', 'telemetry', subscription(1));
    rig.telemetry.subscribe('one', 'telemetry', subscription(2));
    rig.telemetry.platform(start('b'));
    await rig.waits();
    expect(rig.heard).toEqual({ 2: ['a', 'b'] });
  });

  it('hear nothing while the environment is frozen, and the rest after the thaw', async () => {
    const rig = new Rig();
    rig.telemetry.subscribe('one', 'telemetry', subscription(1));
    rig.telemetry.platform(start('a'));
    rig.telemetry.hold();
    await rig.waits();
    expect(rig.heard).toEqual({});
    rig.telemetry.platform(start('b'));
    rig.telemetry.release();
    await rig.waits();
    expect(rig.heard).toEqual({ 1: ['a', 'b'] });
  });

  it('keep nothing of an init that nobody has subscribed to', async () => {
    const rig = new Rig();
    rig.telemetry.line(line('early'));
    rig.telemetry.initEnded();
    expect(rig.telemetry).toMatchObject({ open: false, subscribed: false });
    expect(rig.clock.pending).toBe(0);
  });
});
