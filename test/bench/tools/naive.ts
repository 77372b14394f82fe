/**
 * Containers as `docker run` makes them: our image with its own runtime client, on the engine's
 * bridge, nothing else asked of the engine. Each has loaded its function and waits for its first
 * event, from a Runtime API that never has one.
 */

import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Container } from 'dockerode';
import { packageRoot } from '../../../src/package-root.js';
import { BENCH_LABELS, docker, imageOf, RUNTIME, type Language } from './engine.js';
import { refuseWhenEnding, started } from './started.js';

const HANDLER: Readonly<Record<Language, string>> = {
  node: 'index.handler',
  python: 'app.handler',
};

export interface NaiveContainers {
  readonly ids: readonly string[];
  stop(): Promise<void>;
}

/** Resolves when all wait for their first event. */
export async function startNaive(language: Language, count: number): Promise<NaiveContainers> {
  refuseWhenEnding();
  const image = await imageOf(language);
  const polls = countTo(count);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    // The whole of a poll comes in one piece.
    socket.once('data', polls.one);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const containers: Container[] = [];
  const stop = started(async () => {
    for (const container of containers) await container.remove({ force: true });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  while (containers.length < count) {
    const container = await createNaive(language, image, port);
    containers.push(container);
    await container.start();
  }
  await Promise.race([polls.reached, ...containers.map(endedEarly)]);
  return { ids: containers.map(({ id }) => id), stop };
}

function createNaive(language: Language, image: string, port: number): Promise<Container> {
  return docker.createContainer({
    Image: image,
    Env: [
      `AWS_LAMBDA_RUNTIME_API=relay:${port}`,
      `AWS_EXECUTION_ENV=AWS_Lambda_${RUNTIME[language]}`,
      `_HANDLER=${HANDLER[language]}`,
      'LAMBDA_TASK_ROOT=/var/task',
    ],
    Labels: BENCH_LABELS,
    HostConfig: {
      NetworkMode: 'bridge',
      ExtraHosts: ['relay:host-gateway'],
      Binds: [`${join(packageRoot(), 'test/fixtures/bench', language)}:/var/task:ro`],
    },
  });
}

async function endedEarly(container: Container): Promise<never> {
  await container.wait();
  throw new Error(`container ${container.id} ended before it was ready`);
}

function countTo(count: number): { one: () => void; reached: Promise<void> } {
  let left = count;
  let resolve: () => void = () => undefined;
  const reached = new Promise<void>((settle) => (resolve = settle));
  const one = (): void => {
    left -= 1;
    if (left === 0) resolve();
  };
  return { one, reached };
}
