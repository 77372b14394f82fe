import { expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { removeNetwork } from '../../../src/engine/docker/removal.js';
import { LABEL } from '../../../src/engine/labels.js';
import { hostOfProcesses, removeOrphans } from '../../../src/engine/orphans.js';
import { ManualClock } from '../../support/manual-clock.js';

const NOWHERE = '/nonexistent/orchestrator-scratch';
/** Of a process that cannot live. */
const DEAD = JSON.stringify({ pid: 2 ** 30, startedAt: '0' });

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}

/** Networks whose ends must be cut before they can be removed. */
class FakeNetworks {
  readonly ends = new Map<string, string[]>();
  /** Cutting fails so often: somebody else is taking the container away. */
  going = 0;
  broken: string | undefined;
  /** Its ends are counted wrong. */
  lost: string | undefined;

  get docker(): Docker {
    return {
      listContainers: () => Promise.resolve([]),
      listNetworks: ({ filters }: { filters: { label: string[] } }) =>
        Promise.resolve(
          [...this.ends.keys()]
            .filter((id) => !filters.label[0]?.includes('=') || filters.label[0].endsWith(id))
            .map((id) => ({
              Id: id,
              Labels: {
                [LABEL.run]: id,
                [LABEL.host]: hostOfProcesses(),
                [LABEL.process]: DEAD,
              },
            })),
        ),
      getNetwork: (id: string) => this.network(id),
    } as unknown as Docker;
  }

  network(id: string): Docker.Network {
    return {
      remove: () => {
        if (this.lost === id) {
          return Promise.reject(refusal(403, `network ${id} has active endpoints`));
        }
        if (this.broken === id) return Promise.reject(refusal(500, 'the disk is full'));
        const ends = this.ends.get(id);
        if (ends === undefined) return Promise.reject(refusal(404, 'no such network'));
        if (ends.length > 0) {
          return Promise.reject(refusal(403, `network ${id} has active endpoints`));
        }
        this.ends.delete(id);
        return Promise.resolve();
      },
      inspect: () => {
        const ends = (this.ends.get(id) ?? []).map((name) => [name, { Name: name }]);
        return Promise.resolve({ Containers: Object.fromEntries(ends) as object });
      },
      disconnect: ({ Container, Force }: { Container: string; Force: boolean }) => {
        if ((this.going -= 1) >= 0) return Promise.reject(refusal(409, 'marked for removal'));
        expect(Force).toBe(true);
        const left = (this.ends.get(id) ?? []).filter((name) => name !== Container);
        this.ends.set(id, left);
        return Promise.resolve();
      },
    } as unknown as Docker.Network;
  }
}

it('cuts the ends that containers of a dead run have left on its network', async () => {
  const fake = new FakeNetworks();
  fake.ends.set('run1', ['lost', 'ep-2']);
  expect(await removeOrphans(fake.docker, NOWHERE)).toBe(1);
  expect(fake.ends.size).toBe(0);
});

it('clears the other dead runs where one cannot be cleared, and says so', async () => {
  const fake = new FakeNetworks();
  fake.ends.set('run1', []);
  fake.ends.set('run2', []);
  fake.broken = 'run1';
  await expect(removeOrphans(fake.docker, NOWHERE)).rejects.toThrow('the disk is full');
  expect([...fake.ends.keys()]).toEqual(['run1']);
});

it('waits for a container that somebody else is taking away', async () => {
  const fake = new FakeNetworks();
  const clock = new ManualClock();
  fake.ends.set('run1', ['going']);
  fake.going = 2;
  const removed = removeNetwork(fake.network('run1'), clock);
  let over = false;
  void removed.finally(() => (over = true));
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  await removed;
  expect(fake.ends.size).toBe(0);
});

it('gives a network up that somebody keeps', async () => {
  const fake = new FakeNetworks();
  const clock = new ManualClock();
  fake.ends.set('run1', ['kept']);
  fake.going = Infinity;
  const removed = removeNetwork(fake.network('run1'), clock);
  const failed = expect(removed).rejects.toThrow('active endpoints');
  for (let turn = 0; turn < 100; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  await failed;
});

it('leaves a network to the engine that has lost count of its ends, and says nothing', async () => {
  const fake = new FakeNetworks();
  const clock = new ManualClock();
  fake.ends.set('run1', []);
  fake.lost = 'run1';
  let isOver = false;
  const removed = removeNetwork(fake.network('run1'), clock).then(() => (isOver = true));
  for (let turn = 0; turn < 100; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  expect(isOver).toBe(true);
  await removed;
});
