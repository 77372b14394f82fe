import { expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { openContainer } from '../../../src/engine/docker/services-container.js';
import { ManualClock } from '../../support/manual-clock.js';

/** Whose container runs, but is not published yet. */
function fakeDocker() {
  let removed = 0;
  let looked = (): void => undefined;
  const started = new Promise<void>((resolve) => (looked = resolve));
  let present = false;
  const container = {
    id: 'made',
    start: () => {
      present = true;
      return Promise.resolve();
    },
    inspect: () => {
      if (!present) return Promise.reject(Object.assign(new Error('none'), { statusCode: 404 }));
      looked();
      return Promise.resolve({
        Id: 'made',
        State: { Running: true },
        Config: { Env: ['MOTO_ACCOUNT_ID=000000000000'] },
        NetworkSettings: { Ports: {} },
      });
    },
    remove: () => {
      removed += 1;
      return Promise.resolve();
    },
  };
  const docker = {
    getContainer: () => container,
    createContainer: () => Promise.resolve(container),
  } as unknown as Docker;
  return { docker, started, exist: () => (present = true), removals: () => removed };
}

function request(docker: Docker) {
  return {
    docker,
    clock: new ManualClock(),
    stateDirectory: '/project/.orchestrator',
    accountId: '000000000000',
    ensureImage: () => Promise.resolve('image'),
  };
}

it('goes again when the start is called off that made it', async () => {
  const { docker, started, removals } = fakeDocker();
  const stop = new AbortController();
  const opened = openContainer(request(docker), stop.signal);
  const failed = expect(opened).rejects.toThrow('called off');
  await started;
  stop.abort(new Error('called off'));
  await failed;
  expect(removals()).toBe(1);
});

it('stays, with its data, when it was there before', async () => {
  const { docker, started, exist, removals } = fakeDocker();
  exist();
  const stop = new AbortController();
  const failed = expect(openContainer(request(docker), stop.signal)).rejects.toThrow('called off');
  await started;
  stop.abort(new Error('called off'));
  await failed;
  expect(removals()).toBe(0);
});
