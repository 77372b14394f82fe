import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { Builder } from '../../src/builder/builder.js';
import { makeNetwork } from '../../src/engine/docker/network.js';

const LIMIT_MS = 60_000;

it(
  'the network of a run goes although something still hangs on it',
  async () => {
    const docker = new Docker();
    const name = `orchestrator-test-${randomBytes(5).toString('hex')}`;
    const labels = { 'dev.orchestrator.test': 'network' };
    const network = await makeNetwork(docker, name, labels);
    const container = await docker.createContainer({
      Image: await new Builder(docker).ensureImage('python3.13'),
      Cmd: ['sleep', '600'],
      Labels: labels,
      HostConfig: { NetworkMode: name, AutoRemove: true },
    });
    try {
      await container.start();
      await network.remove();
      expect(await docker.listNetworks({ filters: { name: [name] } })).toEqual([]);
    } finally {
      await container.remove({ force: true });
    }
  },
  LIMIT_MS,
);
