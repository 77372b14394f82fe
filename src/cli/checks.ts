/** The checks of `doctor`, in the order in which one explains the next. */

import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';

import { SERVICES_IMAGE } from '../builder/services-image.js';
import { RUNTIMES } from '../function/runtimes.js';
import { readRun } from '../state/run-file.js';
import { runLockHolder } from '../state/run-lock.js';
import { describe, withEngine, type Check } from './check.js';
import { bytes } from './format.js';
import { reachCheck } from './reach-check.js';
import { servicesCheck } from './services-check.js';

const LEAST_NODE = [20, 19] as const;
/** Below this a first build fails; below the other it soon will. */
const FREE_BYTES = { failed: 1e9, warning: 5e9 } as const;
const ENGINE_FILES = '/var/lib/docker';

const node: Check = {
  title: 'Node.js',
  async run() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const [leastMajor, leastMinor] = LEAST_NODE;
    const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
    const detail = `${process.versions.node}, at least ${LEAST_NODE.join('.')} is needed`;
    if (enough) return { state: 'ok', detail: process.versions.node };
    return { state: 'failed', detail, remedy: 'Install the current LTS from nodejs.org.' };
  },
};

const engine: Check = {
  title: 'Engine',
  async run(context) {
    const { name, version, apiVersion, tested, cpus, memoryBytes, architecture, warnings } =
      await describe(context);
    const machine = `${cpus} processors, ${bytes(memoryBytes)}, ${architecture}`;
    const known = tested ? '' : ' (untested version)';
    const detail = `${name} ${version}, API ${apiVersion}${known}; ${machine}`;
    if (warnings.length === 0) return { state: 'ok', detail };
    return { state: 'warning', detail, remedy: warnings.join(' ') };
  },
};

const freezing: Check = {
  title: 'Freezing',
  run: withEngine(async (context) => {
    const { cgroup, freezer, freezerReason } = await describe(context);
    const detail = `${freezer} (cgroup ${cgroup}): ${freezerReason}`;
    if (freezer !== 'none') return { state: 'ok', detail };
    return {
      state: 'warning',
      detail,
      remedy:
        'Environments keep running between invocations, unlike on Lambda. Use an engine that can pause.',
    };
  }),
};

const reclaiming: Check = {
  title: 'Reclaiming',
  run: withEngine(async (context) => {
    const { kind, pays, reason } = (await describe(context)).reclaim;
    const way = kind === 'none' ? 'not possible' : pays ? kind : `${kind}, only when asked for`;
    return { state: 'ok', detail: `${way}: ${reason}` };
  }),
};

const scratch: Check = {
  title: '/tmp',
  run: withEngine(async (context) => {
    const how = (await describe(context)).scratch;
    return how === 'loop'
      ? { state: 'ok', detail: 'a disk of its own per environment, outside the memory limit' }
      : {
          state: 'ok',
          detail: 'tmpfs; its use counts as memory, so the limit is raised by its size',
        };
  }),
};

const starts: Check = {
  title: 'Starts',
  run: withEngine(async (context) => {
    const { ahead, aheadReason, runtime } = await describe(context);
    return {
      state: 'ok',
      detail: `${ahead} made ahead (${aheadReason}); containers by ${runtime}`,
    };
  }),
};

const bases: Check = {
  title: 'Bases',
  run: withEngine(async (context) => {
    const { images } = await context.engine();
    const found = await Promise.all(
      [...RUNTIMES.keys(), SERVICES_IMAGE].map(async (runtime) => ({
        runtime,
        base: await images.presentBase(runtime),
      })),
    );
    const present = found.flatMap(({ runtime, base }) =>
      base === undefined ? [] : [`${runtime} (${base.reference})`],
    );
    const missing = found.flatMap(({ runtime, base }) => (base === undefined ? [runtime] : []));
    const detail = present.length === 0 ? 'none in the engine yet' : present.join('\n');
    if (missing.length === 0) return { state: 'ok', detail };
    return {
      state: 'ok',
      detail: `${detail}\nfetched or made when first needed: ${missing.join(', ')}`,
    };
  }),
};

const ports: Check = {
  title: 'Port',
  async run({ host, port, stateDirectory }) {
    if (await canListen(host, port)) return { state: 'ok', detail: `${host}:${port} is free` };
    const run = readRun(stateDirectory);
    if (run !== undefined && new URL(run.endpoint).port === String(port)) {
      return { state: 'ok', detail: `${host}:${port} is held by the orchestrator running here` };
    }
    return {
      state: 'failed',
      detail: `${host}:${port} is taken by another program`,
      remedy: 'End that program, or choose another port with --port.',
    };
  },
};

const state: Check = {
  title: 'State',
  async run({ stateDirectory }) {
    const holder = runLockHolder(stateDirectory);
    const endpoint = readRun(stateDirectory)?.endpoint;
    if (holder === undefined) return { state: 'ok', detail: `${stateDirectory}, not in use` };
    const where = endpoint === undefined ? 'starting or stopping' : `at ${endpoint}`;
    return { state: 'ok', detail: `${stateDirectory}, in use by process ${holder.pid} ${where}` };
  },
};

const disk: Check = {
  title: 'Disk',
  async run({ stateDirectory }) {
    const folders = [
      nearestExisting(stateDirectory),
      ...(existsSync(ENGINE_FILES) ? [ENGINE_FILES] : []),
    ];
    const free = await Promise.all(
      folders.map(async (folder) => {
        const { bavail, bsize } = await statfs(folder);
        return { folder, amount: bavail * bsize };
      }),
    );
    const least = Math.min(...free.map(({ amount }) => amount));
    const detail = free
      .map(({ folder, amount }) => `${bytes(amount)} free for ${folder}`)
      .join('\n');
    if (least >= FREE_BYTES.warning) return { state: 'ok', detail };
    return {
      state: least < FREE_BYTES.failed ? 'failed' : 'warning',
      detail,
      remedy: 'Images take a few gigabytes. `docker system prune` frees what no container uses.',
    };
  },
};

export const CHECKS: readonly Check[] = [
  node,
  engine,
  freezing,
  reclaiming,
  scratch,
  starts,
  bases,
  reachCheck,
  servicesCheck,
  ports,
  state,
  disk,
];

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function nearestExisting(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
