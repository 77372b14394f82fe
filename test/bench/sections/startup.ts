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

/** Node.js reads these at each start, which is most of the time of a start that does nothing. */
const CERTIFICATES = 'NODE_EXTRA_CA_CERTS';

type Variables = Readonly<Record<string, string | undefined>>;

export async function startup(rounds: number): Promise<Figure[]> {
  await run(process.execPath, [join(root, 'scripts/bundle.mjs')]);
  const project = await copyOfFixture('bench');
  try {
    const { [CERTIFICATES]: certificates, ...plain } = process.env;
    const figures = await starts(rounds, project.folder, plain, '');
    if (certificates === undefined) return figures;
    const besides = await starts(rounds, project.folder, process.env, `, with ${CERTIFICATES}`);
    return [...figures, ...besides];
  } finally {
    await project.remove();
  }
}

interface Round {
  readonly nothing: number;
  readonly first: number;
  readonly ready: number;
  readonly help: number;
}

async function starts(
  rounds: number,
  folder: string,
  env: Variables,
  suffix: string,
): Promise<Figure[]> {
  // Nobody's first run: images and compiled code are there.
  await startUp(folder, env);
  await timed([LAUNCHER, '--help'], env);
  const all: Round[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await inTurn(folder, env));
  const of = (pick: (round: Round) => number): number[] => all.map(pick);
  const common = { unit: 'ms', theirs: of(({ nothing }) => nothing), against: 'node -e 0' };
  return [
    {
      ...common,
      name: `up to the first answer${suffix}`,
      ours: of(({ first }) => first),
      atMost: 2,
    },
    { ...common, name: `up to ready${suffix}`, ours: of(({ ready }) => ready) },
    { ...common, name: `--help${suffix}`, ours: of(({ help }) => help) },
  ];
}

async function inTurn(folder: string, env: Variables): Promise<Round> {
  const turns: Round[] = [];
  for (let turn = 0; turn < PER_ROUND; turn += 1) {
    const nothing = await timed(['-e', '0'], env);
    const { firstMs: first, readyMs: ready } = await startUp(folder, env);
    turns.push({ nothing, first, ready, help: await timed([LAUNCHER, '--help'], env) });
  }
  return {
    nothing: median(turns.map(({ nothing }) => nothing)),
    first: median(turns.map(({ first }) => first)),
    ready: median(turns.map(({ ready }) => ready)),
    help: median(turns.map(({ help }) => help)),
  };
}

/** From spawn to exit, ms. */
async function timed(args: readonly string[], env: Variables): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - begun;
}

async function startUp(
  folder: string,
  env: Variables,
): Promise<{ firstMs: number; readyMs: number }> {
  const port = await freePort();
  const begun = performance.now();
  const up = foreground([LAUNCHER, 'up', folder, '--port', String(port), '--no-watch'], env);
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
