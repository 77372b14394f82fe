import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { EngineEvents } from '../../../src/engine/docker/events.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the engine’s events', () => {
  let clock: ManualClock;
  let streams: PassThrough[];
  let told: string[];
  let running: string[];
  let reachable: boolean;
  let listed: () => Promise<{ Id: string }[]>;
  let state: object;
  let events: EngineEvents;

  beforeEach(async () => {
    clock = new ManualClock();
    [streams, told, running, reachable] = [[], [], ['a', 'b'], true];
    listed = () => Promise.resolve([{ Id: 'b' }]);
    state = { Running: false, Status: 'exited', ExitCode: 7 };
    const docker = {
      getEvents: () => {
        if (!reachable) return Promise.reject(new Error('gone'));
        const stream = new PassThrough();
        streams.push(stream);
        return Promise.resolve(stream);
      },
      listContainers: () => listed(),
      getContainer: () => ({ inspect: () => Promise.resolve({ State: state }) }),
    } as unknown as Docker;
    events = new EngineEvents(docker, 'run', clock, {
      oom: (id) => told.push(`oom ${id}`),
      died: (id, exitCode) => told.push(`died ${id} ${exitCode}`),
      running: () => running,
      restore: () => Promise.resolve(),
      connection: (connection) => told.push(connection),
    });
    await events.open();
  });

  async function breakOff(): Promise<void> {
    streams.at(-1)?.destroy();
    await clock.advanceAsync(5_000);
  }

  it('come again after a break, and a death that was missed is told', async () => {
    streams[0]?.write('{"Action":"oom","id":"x","time":5}\n{"Action":"die","id":"x","ti');
    streams[0]?.write('me":6,"Actor":{"Attributes":{"exitCode":"137"}}}\n');
    await clock.advanceAsync(0);
    expect(told).toEqual(['oom x', 'died x 137']);
    reachable = false;
    await breakOff();
    expect(told.slice(2)).toEqual(['lost']);
    reachable = true;
    await clock.advanceAsync(5_000);
    expect(told.slice(3)).toEqual(['died a 7', 'back']);
    expect(streams).toHaveLength(2);
    events.close();
    await clock.advanceAsync(60_000);
    expect(streams).toHaveLength(2);
  });

  it('tell nobody dead who started while the engine was asked after a break', async () => {
    running = ['b'];
    listed = () => {
      running = ['b', 'new'];
      return Promise.resolve([{ Id: 'b' }]);
    };
    await breakOff();
    expect(told).toEqual(['lost', 'back']);
  });

  it('tell nobody dead whose start is under way', async () => {
    state = { Running: false, Status: 'created', ExitCode: 0 };
    await breakOff();
    expect(told).toEqual(['lost', 'back']);
  });

  it('have one stream, also when the engine goes away again at once', async () => {
    listed = () => Promise.reject(new Error('gone again'));
    await breakOff();
    listed = () => Promise.resolve([{ Id: 'a' }, { Id: 'b' }]);
    await clock.advanceAsync(10_000);
    expect(told).toEqual(['lost', 'back']);
    expect(streams.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
    events.close();
    expect(streams.filter(({ destroyed }) => !destroyed)).toEqual([]);
  });

  it('are asked for from just after the last one, in the engine’s own time', async () => {
    const clock = new ManualClock();
    const streams: PassThrough[] = [];
    const asked: (string | undefined)[] = [];
    let reachable = true;
    const docker = {
      getEvents: ({ since }: { since?: string }) => {
        asked.push(since);
        if (!reachable) return Promise.reject(new Error('gone'));
        const stream = new PassThrough();
        streams.push(stream);
        return Promise.resolve(stream);
      },
      listContainers: () => Promise.resolve([{ Id: 'b' }]),
      getContainer: () => ({ inspect: () => Promise.resolve({ State: { ExitCode: 7 } }) }),
    } as unknown as Docker;
    const told: string[] = [];
    const events = new EngineEvents(docker, 'run', clock, {
      oom: (id) => told.push(`oom ${id}`),
      died: (id, exitCode) => told.push(`died ${id} ${exitCode}`),
      running: () => ['a', 'b'],
      restore: () => Promise.resolve(),
      connection: (state) => told.push(state),
    });
    await events.open();
    streams[0]?.write('{"Action":"oom","id":"x","time":5}\n{"Action":"die","id":"x","ti');
    streams[0]?.write(
      'me":6,"timeNano":1700000000123456789,"Actor":{"Attributes":{"exitCode":"137"}}}\n',
    );
    await clock.advanceAsync(0);
    expect(told).toEqual(['oom x', 'died x 137']);
    reachable = false;
    streams[0]?.destroy();
    await clock.advanceAsync(5_000);
    expect(told.slice(2)).toEqual(['lost']);
    reachable = true;
    await clock.advanceAsync(5_000);
    expect(told.slice(3)).toEqual(['died a 7', 'back']);
    expect(streams).toHaveLength(2);
    // What was told already would be taken for the end of newer processes.
    expect(asked.at(-1)).toBe('1700000000.123456790');
    events.close();
    await clock.advanceAsync(60_000);
    expect(streams).toHaveLength(2);
  });

  it('are asked for again when a call found nobody, but not while the engine merely dawdles', async () => {
    const clock = new ManualClock();
    const streams: PassThrough[] = [];
    let reachable = true;
    const docker = {
      ping: () => (reachable ? Promise.resolve('OK') : Promise.reject(new Error('gone'))),
      getEvents: () => {
        if (!reachable) return Promise.reject(new Error('gone'));
        streams.push(new PassThrough());
        return Promise.resolve(streams.at(-1));
      },
      listContainers: () => Promise.resolve([]),
    } as unknown as Docker;
    const told: string[] = [];
    const events = new EngineEvents(docker, 'run', clock, {
      oom: () => undefined,
      died: (id) => told.push(`died ${id}`),
      running: () => [],
      restore: () => Promise.resolve(void told.push('restored')),
      connection: (state) => told.push(state),
    });
    await events.open();
    events.suspect();
    await clock.advanceAsync(5_000);
    expect([told, events.away]).toEqual([[], false]);
    reachable = false;
    events.suspect();
    events.suspect();
    await clock.advanceAsync(5_000);
    expect([told, events.away]).toEqual([['lost'], true]);
    // The old stream still tells what the engine does as it ends.
    streams[0]?.write('{"Action":"die","Actor":{"ID":"a","Attributes":{"exitCode":"137"}}}\n');
    await clock.advanceAsync(0);
    reachable = true;
    await clock.advanceAsync(1_000);
    expect([told, events.away]).toEqual([['lost', 'died a', 'restored', 'back'], false]);
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, false]);
    events.close();
  });
});
