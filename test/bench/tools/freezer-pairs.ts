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

/** Milliseconds of one freeze and one thaw, written to files opened before. */
export function bareFreezerPairMs(language: Language): Promise<number> {
  return withContainer(language, async (_container, pid) => {
    const { path, freeze, thaw } = freezerOf(pid);
    const file = openSync(path, 'r+');
    const times: number[] = [];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const startedAt = performance.now();
      writeSync(file, freeze);
      writeSync(file, thaw);
      times.push(performance.now() - startedAt);
    }
    closeSync(file);
    return median(times);
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

function freezerOf(pid: number): { path: string; freeze: string; thaw: string } {
  for (const entry of readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n')) {
    const [id, controllers, path] = entry.split(':');
    const v1 = `/sys/fs/cgroup/freezer${path}/freezer.state`;
    if (controllers === 'freezer' && existsSync(v1)) {
      return { path: v1, freeze: 'FROZEN', thaw: 'THAWED' };
    }
    const v2 = `/sys/fs/cgroup${path}/cgroup.freeze`;
    if (id === '0' && existsSync(v2)) return { path: v2, freeze: '1', thaw: '0' };
  }
  throw new Error('no freezer file can be written here');
}
