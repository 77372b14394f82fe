import { expect, jest, test } from '@jest/globals';
import type { ServicesSetting } from '../../../src/config/config.js';
import {
  Services,
  type HostedServices,
  type ServicesHost,
} from '../../../src/services/services.js';
import { ManualClock } from '../../support/manual-clock.js';

class FakeHost implements ServicesHost {
  readonly opened: (string | undefined)[] = [];
  removed = 0;
  failures = 0;
  adopted = false;
  isAway = false;
  endings: (() => void)[] = [];

  open(_signal: AbortSignal, port?: string): Promise<HostedServices> {
    if (this.failures > 0) {
      this.failures -= 1;
      return Promise.reject(new Error('no image'));
    }
    this.opened.push(port);
    const ended = new Promise<void>((resolve) => this.endings.push(resolve));
    const endpoint = 'http://127.0.0.1:4999';
    return Promise.resolve({ endpoint, adopted: this.adopted, ended: () => ended });
  }

  remove(): Promise<void> {
    this.removed += 1;
    return this.isAway ? Promise.reject(new Error('the engine is away')) : Promise.resolve();
  }
}

function make(
  setting: ServicesSetting = 'auto',
  more: { keep?: boolean; probe?: () => Promise<void> } = {},
) {
  const clock = new ManualClock();
  const host = new FakeHost();
  const warnings: string[] = [];
  const services = new Services({
    setting,
    region: 'eu-west-1',
    keep: more.keep === true,
    host,
    clock,
    log: { info: () => undefined, warn: (message) => void warnings.push(message) },
    ...(more.probe === undefined ? {} : { probe: more.probe }),
  });
  return { services, host, clock, warnings };
}

test('nothing is started until somebody asks, and then once', async () => {
  const { services, host } = make();
  await services.start();
  expect(host.opened).toEqual([]);
  const [one, other] = await Promise.all([services.clientConfig(), services.reach()]);
  expect(host.opened).toEqual([undefined]);
  expect(one).toMatchObject({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:4999' });
  expect(other).toBe(one);
});

test('`container` starts it with the run', async () => {
  const { services, host } = make('container');
  await services.start();
  expect(host.opened).toHaveLength(1);
});

test('a failed start is told, and the next who asks has it tried again', async () => {
  const { services, host } = make();
  host.failures = 1;
  await expect(services.clientConfig()).rejects.toThrow('no image');
  await expect(services.clientConfig()).resolves.toMatchObject({ region: 'eu-west-1' });
});

test('clients are given out once what is declared has been made', async () => {
  const { services } = make();
  const order: string[] = [];
  let finish = (): void => undefined;
  services.onFresh(async () => {
    await new Promise<void>((resolve) => (finish = resolve));
    order.push('made');
  });
  const config = services.clientConfig().then(() => order.push('client'));
  await services.reach();
  order.push('reached');
  await new Promise(setImmediate);
  finish();
  await config;
  expect(order).toEqual(['reached', 'made', 'client']);
});

test('what could not be made is tried again with the next client', async () => {
  const { services } = make();
  const makeIt = jest.fn<() => Promise<void>>().mockRejectedValueOnce(new Error('refused'));
  services.onFresh(makeIt);
  await expect(services.clientConfig()).rejects.toThrow('refused');
  await services.clientConfig();
  await services.clientConfig();
  expect(makeIt).toHaveBeenCalledTimes(2);
});

test('a container that dies is made again at its port, with what is declared, and said', async () => {
  const { services, host, clock, warnings } = make();
  const makeIt = jest.fn(() => Promise.resolve());
  services.onFresh(makeIt);
  await services.clientConfig();
  host.failures = 1;
  host.endings[0]?.();
  await clock.advanceAsync(1000);
  expect(host.opened).toEqual([undefined, '4999']);
  expect(makeIt).toHaveBeenCalledTimes(2);
  expect(warnings).toEqual([
    expect.stringContaining('its data is gone'),
    expect.stringContaining('no image'),
  ]);
});

test('it goes with the run, unless it is to stay', async () => {
  for (const [keep, removed] of [
    [false, 1],
    [true, 0],
  ] as const) {
    const { services, host } = make('auto', { keep });
    await services.reach();
    services.started();
    await services.close();
    expect(host.removed).toBe(removed);
  }
});

test('an engine that is away is told of by those that have something there', async () => {
  for (const [asks, said] of [
    [false, []],
    [true, [expect.stringContaining('the engine is away')]],
  ] as const) {
    const { services, host, warnings } = make();
    if (asks) await services.reach();
    services.started();
    host.isAway = true;
    await services.close();
    expect(warnings).toEqual(said);
  }
});

test('one that a crash left goes with the run as well, even if nothing asked for it', async () => {
  const { services, host } = make();
  services.started();
  await services.close();
  expect(host.removed).toBe(1);
});

test('a start that fails takes away what it made, never what it found', async () => {
  for (const [adopted, removed] of [
    [false, 1],
    [true, 0],
  ] as const) {
    const { services, host } = make();
    host.adopted = adopted;
    await services.reach();
    await services.close();
    expect(host.removed).toBe(removed);
  }
});

test('nothing is made again once the end has begun', async () => {
  const { services, host, clock } = make();
  await services.reach();
  services.started();
  const closing = services.close();
  host.endings[0]?.();
  await closing;
  await clock.advanceAsync(10_000);
  expect(host.opened).toHaveLength(1);
});

test('an endpoint is tried for a while, then named', async () => {
  const probe = jest.fn(() => Promise.reject(new Error('connect ECONNREFUSED')));
  const { services, clock, warnings } = make('http://localhost:4566', { probe });
  const reached = expect(services.reach()).rejects.toMatchObject({
    code: 'services-unavailable',
    message: 'the services endpoint http://localhost:4566 does not answer: connect ECONNREFUSED',
  });
  await clock.advanceAsync(20_000);
  await reached;
  expect(warnings).toHaveLength(1);
  expect(probe.mock.calls.length).toBeGreaterThan(3);
});

test('an endpoint that comes up in time is used, and no container', async () => {
  const probe = jest
    .fn(() => Promise.resolve())
    .mockRejectedValueOnce(new Error('not yet') as never);
  const { services, host, clock } = make('http://localhost:4566', { probe });
  const reached = services.reach();
  await clock.advanceAsync(1000);
  expect(await reached).toMatchObject({
    endpoint: 'http://localhost:4566',
    forcePathStyle: true,
  });
  services.started();
  await services.close();
  expect(host).toMatchObject({ opened: [], removed: 0 });
});

test('AWS itself has no endpoint; none refuses with what to do', async () => {
  expect(await make('aws').services.clientConfig()).toEqual({ region: 'eu-west-1' });
  await expect(make('none').services.clientConfig()).rejects.toMatchObject({
    code: 'services-unavailable',
    remedy: expect.stringContaining('--services none'),
  });
});

test('nobody who ends waits for services that do not answer', async () => {
  const { services, host } = make();
  services.onFresh(() => new Promise(() => undefined));
  void services.clients.s3();
  await services.reach();
  services.started();
  await services.close();
  expect(host.removed).toBe(1);
});
