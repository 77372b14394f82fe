/** What freezing costs by itself: a bare pair of freezer writes, and the engine's pause pair. */

import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { BENCH_LABELS, docker, imageOf, type Language } from './engine.js';
import { refuseWhenEnding } from './started.js';
import { median } from './statistics.js';

const PAIRS = 100;
const PAUSE_PAIRS = 15;

async function withContainer<T>(
  language: Language,
  use: (container: Awaited<ReturnType<typeof docker.createContainer>>, pid: number) => Promise<T>,
): Promise<T> {
  refuseWhenEnding();
  const container = await docker.createContainer({
    Image: await imageOf(language),
    Cmd: ['sleep', '600'],
    Labels: BENCH_LABELS,
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    await container.start();
    return await use(container, (await container.inspect()).State.Pid);
  } finally {
    await container.remove({ force: true });
  }
}

export interface BarePairs {
  /** Milliseconds of one freeze and one thaw, written one right after the other. */
  readonly writes: number;
  /** The same with a wait between the two until the kernel says that all stand still. */
  readonly settled: number;
}

/** Of files opened before. */
export function bareFreezerPairs(language: Language): Promise<BarePairs> {
  return withContainer(language, async (_container, pid) => {
    const freezer = freezerOf(pid);
    const control = openSync(freezer.control, 'r+');
    const pair = (settle: boolean): number => {
      const startedAt = performance.now();
      writeSync(control, freezer.freeze);
      while (settle && !readFileSync(freezer.state, 'latin1').includes(freezer.frozen));
      writeSync(control, freezer.thaw);
      return performance.now() - startedAt;
    };
    try {
      const pairs = (settle: boolean): number =>
        median(Array.from({ length: PAIRS }, () => pair(settle)));
      return { writes: pairs(false), settled: pairs(true) };
    } finally {
      closeSync(control);
    }
  });
}

/** Milliseconds of one pause and one unpause through the Engine API. */
export function enginePausePairMs(language: Language): Promise<number> {
  return withContainer(language, async (container) => {
    const times: number[] = [];
    while (times.length < PAUSE_PAIRS) {
      const startedAt = performance.now();
      try {
        await container.pause();
        await container.unpause();
        times.push(performance.now() - startedAt);
      } catch (error) {
        if (!isOutOfStep(error)) throw error;
        await container.unpause().catch(() => undefined);
      }
    }
    return median(times);
  });
}

/** A busy engine hears late of a pause, and thinks that it still holds or does not hold yet. */
function isOutOfStep(error: unknown): boolean {
  const { statusCode, message = '' } = error as { statusCode?: number; message?: string };
  return statusCode === 409 || /is not paused|cannot pause a paused/.test(message);
}

interface FreezerFiles {
  readonly control: string;
  readonly state: string;
  readonly freeze: string;
  readonly thaw: string;
  /** What the state says when all stand still. */
  readonly frozen: string;
}

function freezerOf(pid: number): FreezerFiles {
  for (const entry of readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n')) {
    const [id, controllers, path] = entry.split(':');
    const v1 = `/sys/fs/cgroup/freezer${path}/freezer.state`;
    if (controllers === 'freezer' && existsSync(v1)) {
      return { control: v1, state: v1, freeze: 'FROZEN', thaw: 'THAWED', frozen: 'FROZEN' };
    }
    const v2 = `/sys/fs/cgroup${path}`;
    const control = `${v2}/cgroup.freeze`;
    if (id === '0' && existsSync(control)) {
      const state = `${v2}/cgroup.events`;
      return { control, state, freeze: '1', thaw: '0', frozen: 'frozen 1' };
    }
  }
  throw new Error('no freezer file can be written here');
}
