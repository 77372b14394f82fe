/**
 * What many frozen environments cost: in the orchestrator, which must not notice them, and in the
 * machine's memory, against the containers that `docker run` makes of the same image.
 */

import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  heldBytes,
  watchedProcesses,
  type WatchedProcesses,
} from '../../../src/engine/host/held-memory.js';
import { startNaive } from '../tools/naive.js';
import { sleeps } from '../tools/processes.js';
import { provision, publish } from '../tools/provisioned.js';
import { LOOSE, type Figure } from '../tools/statistics.js';
import {
  cpuSeconds,
  docker,
  load,
  residentBytes,
  startOurs,
  type RunningOurs,
} from '../tools/targets.js';

const FROZEN = Number(process.env['BENCH_ENVIRONMENTS'] ?? 200);
/** Enough of them to tell what one costs: most pages are shared with ours. */
const NAIVE = Math.min(20, FROZEN);
/** What follows a start, such as making ahead for the next one, is over by then. */
const AT_REST_MS = 12_000;
const IDLE_SECONDS = 20;
const BAR_KILOBYTES = 64;
const GIBIBYTE = 2 ** 30;

const probe = join(dirname(fileURLToPath(import.meta.url)), '../tools/heap-probe.js');

/** One start-up of all of them serves every figure. */
export async function density(): Promise<Figure[]> {
  const heapFile = join(tmpdir(), `orchestrator-bench-heap-${process.pid}`);
  const target = await startOurs(
    ['--spares', '0', '--no-watch', '--memory-budget', '1000000'],
    'bench',
    {
      NODE_OPTIONS: `--expose-gc --import ${pathToFileURL(probe).href}`,
      BENCH_HEAP_FILE: heapFile,
    },
  );
  try {
    // What is made once, and not for each environment, is there before anything is measured.
    await load({
      port: target.port,
      path: target.path('node'),
      warmup: 0,
      count: 1,
      inFlight: 1,
      spacingMs: 0,
    });
    const node = { name: 'node', version: await publish(target, 'node') };
    await provision(target, { ...node, count: FROZEN / 2 });
    const half = await heldBy(target, heapFile);
    await provision(target, { ...node, count: FROZEN });
    const all = await heldBy(target, heapFile);
    const figures = [...held(half, all), ...(await idleness(target))];
    figures.push(...(await memory(target, 'node')));
    const python = { name: 'python', version: await publish(target, 'python') };
    await provision(target, { ...python, count: NAIVE });
    figures.push(...(await memory(target, 'python')));
    return figures;
  } finally {
    await target.stop();
    await rm(heapFile, { force: true });
  }
}

interface Held {
  /**
   * Of the process, all that is in memory. Not its share of what others use too: that follows how
   * many other programs on Node.js happen to run.
   */
  readonly processBytes: number;
  readonly heapBytes: number;
}

/** What the orchestrator holds once it has come to rest: memory freed then is given back later. */
async function heldBy(target: RunningOurs, heapFile: string): Promise<Held> {
  await collected(target, heapFile);
  await new Promise((resolve) => setTimeout(resolve, AT_REST_MS));
  return collected(target, heapFile);
}

async function collected({ pid }: RunningOurs, heapFile: string): Promise<Held> {
  await rm(heapFile, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    const text = await readFile(heapFile, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const { heldBytes } = JSON.parse(text) as { heldBytes: number };
      return { processBytes: await residentBytes(pid), heapBytes: heldBytes };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Of each of the second half of the environments: what the first one brings is not its own. */
function held(half: Held, all: Held): Figure[] {
  const each = (of: (held: Held) => number): number =>
    (of(all) - of(half)) / (FROZEN - FROZEN / 2) / 1024;
  const bar = { unit: 'kB', theirs: [BAR_KILOBYTES], against: 'the bar', atMost: 1 };
  return [
    {
      ...bar,
      name: 'process of the orchestrator, each environment',
      ours: [each((h) => h.processBytes)],
    },
    {
      ...bar,
      name: 'heap of the orchestrator, each environment',
      ours: [each((h) => h.heapBytes)],
    },
  ];
}

/** Processor time and wake-ups while nothing happens. */
async function idleness({ pid }: RunningOurs): Promise<Figure[]> {
  await new Promise((resolve) => setTimeout(resolve, AT_REST_MS));
  const before = { cpu: await cpuSeconds(pid), sleeps: await sleeps(pid) };
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  const cpu = ((await cpuSeconds(pid)) - before.cpu) / IDLE_SECONDS;
  const wakes = ((await sleeps(pid)) - before.sleeps) / IDLE_SECONDS;
  const name = `${FROZEN} frozen environments`;
  return [
    {
      name: `idle processor, ${name}`,
      unit: '%',
      ours: [cpu * 100],
      theirs: [100],
      against: 'one core',
      atMost: 0.002,
      tolerance: LOOSE,
    },
    {
      name: `wake-ups a second, ${name}`,
      unit: '',
      ours: [wakes],
      theirs: [FROZEN],
      against: 'one for each environment',
      atMost: 0.01,
      tolerance: LOOSE,
    },
  ];
}

/** Environments in a gibibyte against the containers of `docker run`, at the same time. */
async function memory(target: RunningOurs, language: 'node' | 'python'): Promise<Figure[]> {
  const naive = await startNaive(language, NAIVE);
  try {
    const engine = await watchedProcesses();
    const ours = await bytesEach(await target.containers(language), engine);
    const theirs = await bytesEach(naive.ids, engine);
    const held = await holders();
    const common = { unit: '/GiB', theirs: [GIBIBYTE / theirs], against: 'docker run' };
    const alone = {
      ...common,
      name: `density, ${language}`,
      ours: [GIBIBYTE / ours],
      atLeast: 0.95,
    };
    // Newer engines get none.
    if (held.length === 0) return [alone];
    const withHolder = GIBIBYTE / (ours + (await bytesEach(held, engine)));
    return [
      alone,
      {
        ...common,
        name: `density with a holder each, ${language}`,
        ours: [withHolder],
        atLeast: 0.75,
      },
    ];
  } finally {
    await naive.stop();
  }
}

/** Of the processes of one of these containers and the engine's own for it, on average. */
async function bytesEach(
  containers: readonly string[],
  engine: ReadonlyMap<string, WatchedProcesses>,
): Promise<number> {
  let bytes = 0;
  for (const id of containers) {
    const watched = engine.get(id);
    const held = watched === undefined ? undefined : await heldBytes(watched);
    if (held === undefined) throw new Error(`nobody watches container ${id}`);
    bytes += held;
  }
  return bytes / containers.length;
}

async function holders(): Promise<string[]> {
  const found = await docker.listContainers({ filters: { label: ['dev.orchestrator.holder'] } });
  return found.map(({ Id }) => Id);
}
