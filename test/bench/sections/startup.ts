/**
 * From exec to the first answer of the Lambda API and to `ready`, in the foreground and with images
 * there, against Node.js running nothing. An event that is sent at the first moment has to be answered.
 */

import { execFile, spawn } from 'node:child_process';
import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/package-root.js';
import { copyOfFixture, foreground } from '../tools/foreground.js';
import { median, type Figure } from '../tools/statistics.js';

const run = promisify(execFile);
const root = packageRoot();
/** What `orchestrator` on the command line is. */
const LAUNCHER = join(root, 'dist/src/launcher.cjs');
const PER_ROUND = 3;

export async function startup(rounds: number): Promise<Figure[]> {
  await run(process.execPath, [join(root, 'scripts/bundle.mjs')]);
  const project = await copyOfFixture('bench');
  const nothing: number[] = [];
  const first: number[] = [];
  const ready: number[] = [];
  const help: number[] = [];
  try {
    // Nobody's first run: images and compiled code are there.
    await startUp(project.folder);
    await timed([LAUNCHER, '--help']);
    for (let round = 0; round < rounds; round += 1) {
      const samples: { nothing: number[]; first: number[]; ready: number[]; help: number[] } = {
        nothing: [],
        first: [],
        ready: [],
        help: [],
      };
      for (let turn = 0; turn < PER_ROUND; turn += 1) {
        samples.nothing.push(await timed(['-e', '0']));
        const up = await startUp(project.folder);
        samples.first.push(up.firstMs);
        samples.ready.push(up.readyMs);
        samples.help.push(await timed([LAUNCHER, '--help']));
      }
      nothing.push(median(samples.nothing));
      first.push(median(samples.first));
      ready.push(median(samples.ready));
      help.push(median(samples.help));
    }
  } finally {
    await project.remove();
  }
  const common = { unit: 'ms', theirs: nothing, against: 'node -e 0' };
  return [
    { ...common, name: 'up to the first answer', ours: first, atMost: 2 },
    { ...common, name: 'up to ready', ours: ready },
    { ...common, name: '--help', ours: help },
  ];
}

/** From spawn to exit. */
async function timed(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - begun;
}

async function startUp(folder: string): Promise<{ firstMs: number; readyMs: number }> {
  const port = await freePort();
  const begun = performance.now();
  const up = foreground([LAUNCHER, 'up', folder, '--port', String(port), '--no-watch']);
  const isReady = up.shows(/Lambda API/).then(() => performance.now() - begun);
  // Awaited below, unless something else goes wrong first.
  isReady.catch(() => undefined);
  try {
    while ((await call(port, 'GET', '/2015-03-31/functions')) !== 200) {
      if (up.child.exitCode !== null) await isReady;
    }
    const firstMs = performance.now() - begun;
    const status = await call(port, 'POST', '/2015-03-31/functions/node/invocations');
    if (status !== 200) throw new Error(`the first event was answered with ${status}`);
    return { firstMs, readyMs: await isReady };
  } finally {
    await up.stop();
  }
}

/** Its status; 0 where nobody listens yet, after a moment that leaves the processor to others. */
function call(port: number, method: string, path: string): Promise<number> {
  return new Promise((resolve) => {
    const asked = request({ port, method, path, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', () => setTimeout(() => resolve(0), 1));
    asked.end(method === 'POST' ? '{}' : undefined);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
