import { beforeEach, describe, expect, it } from '@jest/globals';
import { Extensions } from '../../../src/environment/extensions.js';
import { Shutdown, type ShutdownParts } from '../../../src/environment/shutdown.js';
import { ManualClock } from '../../support/manual-clock.js';

const FACTS = { functionName: 'f', functionVersion: '1', handler: 'h', accountId: '1' };

describe('the shutdown phase', () => {
  let clock: ManualClock;
  let told: string[];
  let extensions: Extensions;
  let shutdown: Shutdown | undefined;

  beforeEach(() => {
    clock = new ManualClock();
    told = [];
    shutdown = undefined;
    extensions = new Extensions(() => FACTS, {
      allRegistered: () => undefined,
      settled: () => undefined,
      noted: () => undefined,
      failed: () => undefined,
      gone: () => shutdown?.extensionGone(),
    });
  });

  /** Name → events; all ready. */
  function ready(external: Readonly<Record<string, string[]>>, internal: string[] = []): void {
    extensions.begin(Object.keys(external));
    const all: [string, string[]][] = [
      ...Object.entries(external),
      ...internal.map((name): [string, string[]] => [name, []]),
    ];
    for (const [name, events] of all) {
      const verdict = extensions.register(name, events, true);
      if (verdict.kind === 'refused') throw new Error(verdict.message);
      extensions.next(verdict.identifier, {
        deliver: (event) => void told.push(`${name}: ${JSON.stringify(event)}`),
      });
    }
  }

  function begin(parts: Partial<ShutdownParts> = {}): void {
    shutdown = new Shutdown({
      clock,
      extensions,
      reason: 'SPINDOWN',
      terminateRuntime: () => {
        told.push('TERM');
        return true;
      },
      killRuntime: () => void told.push('KILL'),
      killExtension: (name) => void told.push(`KILL ${name}`),
      done: () => void told.push('done'),
      ...parts,
    });
  }

  const event = (reason: string, deadlineMs: number): string =>
    `told: {"eventType":"SHUTDOWN","shutdownReason":"${reason}","deadlineMs":${deadlineMs}}`;

  it('asks the runtime first, then tells extensions, and is over when they have ended', () => {
    ready({ told: ['SHUTDOWN'], untold: ['INVOKE'] });
    const startedAt = clock.now();
    begin();
    expect(told).toEqual(['TERM']);
    shutdown?.runtimeGone();
    expect(told).toEqual(['TERM', 'KILL untold', event('SPINDOWN', startedAt + 2_000)]);
    extensions.exited('untold', 'signal: killed');
    expect(told).not.toContain('done');
    extensions.exited('told', 'exit code 0');
    expect(told.at(-1)).toBe('done');
    expect(clock.pending).toBe(0);
  });

  it('ends a runtime that has not ended after its share, and tells nobody before it has', () => {
    ready({ told: ['SHUTDOWN'] });
    begin();
    clock.advance(299);
    expect(told).toEqual(['TERM']);
    clock.advance(1);
    expect(told).toEqual(['TERM', 'KILL']);
    shutdown?.runtimeGone();
    expect(told).toHaveLength(3);
  });

  it('is over after 2 s, whoever is left', () => {
    ready({ told: ['SHUTDOWN'] });
    begin();
    shutdown?.runtimeGone();
    clock.advance(1_999);
    expect(told).not.toContain('done');
    clock.advance(1);
    expect(told.at(-1)).toBe('done');
  });

  it('gives the runtime all of 500 ms where there are internal extensions only', () => {
    ready({}, ['inside']);
    begin();
    clock.advance(499);
    expect(told).toEqual(['TERM']);
    clock.advance(1);
    expect(told).toEqual(['TERM', 'done']);
    expect(clock.pending).toBe(0);
  });

  it('gives the runtime its share where the external extension is what has failed', () => {
    ready({ told: ['SHUTDOWN'] });
    extensions.exited('told', 'exit status 1');
    begin({ reason: 'FAILURE' });
    clock.advance(300);
    expect(told).toEqual(['TERM', 'KILL']);
    shutdown?.runtimeGone();
    expect(told.at(-1)).toBe('done');
  });

  it('begins with the extensions when there is no runtime any more', () => {
    ready({ told: ['SHUTDOWN'] });
    const startedAt = clock.now();
    begin({ reason: 'FAILURE', terminateRuntime: () => false });
    expect(told).toEqual([event('FAILURE', startedAt + 2_000)]);
  });

  it('is over at once when nobody is left', () => {
    ready({ told: ['SHUTDOWN'] });
    extensions.exited('told', 'exit status 1');
    begin({ terminateRuntime: () => false });
    expect(told).toEqual(['done']);
    expect(clock.pending).toBe(0);
  });

  it('says nothing more once it is called off', () => {
    ready({ told: ['SHUTDOWN'] });
    begin();
    shutdown?.callOff();
    shutdown?.runtimeGone();
    clock.advance(10_000);
    expect(told).toEqual(['TERM']);
  });
});
