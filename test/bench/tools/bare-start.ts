/** The naive start of a container: what cold starts and bursts are held against. */

import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.js';
import { BENCH_LABELS, docker, imageOf, RUNTIME, type Language } from './engine.js';
import { refuseWhenEnding } from './started.js';

export interface BareStart {
  readonly tookMs: number;
  remove(): Promise<void>;
}

/** Create, start, the interpreter prints a line: what no orchestrator can do without. */
export async function bareStart(language: Language): Promise<BareStart> {
  refuseWhenEnding();
  const image = await imageOf(language);
  const command =
    language === 'node'
      ? ['/var/lang/bin/node', '-e', 'console.log(1)']
      : ['/var/lang/bin/python3', '-c', 'print(1)'];
  const startedAt = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Cmd: command,
    AttachStdout: true,
    Labels: BENCH_LABELS,
    HostConfig: { NetworkMode: 'bridge', LogConfig: { Type: 'none', Config: {} } },
  });
  const stream = await container.attach({ stream: true, stdout: true });
  const printed = new Promise((resolve) => stream.once('data', resolve));
  await container.start();
  await printed;
  const tookMs = performance.now() - startedAt;
  return { tookMs, remove: () => container.remove({ force: true }) };
}

export async function bareStartMs(language: Language): Promise<number> {
  const { tookMs, remove } = await bareStart(language);
  await remove();
  return tookMs;
}

const HANDLER: Readonly<Record<Language, string>> = {
  node: 'index.handler',
  python: 'app.handler',
};

/** The same with the image's own bootstrap and the bench's function, until it polls. */
export async function barePollMs(language: Language): Promise<number> {
  refuseWhenEnding();
  const image = await imageOf(language);
  // The engine's own bridge does not tell its address.
  const network = await docker.createNetwork({
    Name: `orchestrator-bench-${randomBytes(5).toString('hex')}`,
    Labels: BENCH_LABELS,
  });
  const { IPAM, Name: networkName } = (await network.inspect()) as {
    Name: string;
    IPAM: { Config: { Gateway: string }[] };
  };
  const gateway = IPAM.Config[0]?.Gateway ?? '';
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, gateway, resolve));
  const polled = new Promise((resolve) => {
    server.once('connection', (socket) =>
      socket.on('error', () => undefined).once('data', resolve),
    );
  });
  const { port } = server.address() as AddressInfo;
  const memory = 1769 * 2 ** 20;
  const startedAt = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Env: [
      `AWS_LAMBDA_RUNTIME_API=${gateway}:${port}`,
      `AWS_EXECUTION_ENV=AWS_Lambda_${RUNTIME[language]}`,
      `_HANDLER=${HANDLER[language]}`,
    ],
    Labels: BENCH_LABELS,
    HostConfig: {
      NetworkMode: networkName,
      Binds: [`${join(packageRoot(), 'test/fixtures/bench', language)}:/var/task:ro`],
      Memory: memory,
      MemorySwap: memory,
      LogConfig: { Type: 'none', Config: {} },
    },
  });
  await container.start();
  await polled;
  const took = performance.now() - startedAt;
  await container.remove({ force: true });
  server.close();
  await network.remove();
  return took;
}
