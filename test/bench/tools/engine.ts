/** The engine that a bench measures on, and what marks as ours whatever it makes there. */

import { randomBytes } from 'node:crypto';
import Docker from 'dockerode';
import { Builder } from '../../../src/builder/builder.js';
import { LABEL, runFilter } from '../../../src/engine/labels.js';

export const docker = new Docker();

export type Language = 'node' | 'python';
export const RUNTIME: Readonly<Record<Language, string>> = {
  node: 'nodejs22.x',
  python: 'python3.13',
};

export function imageOf(language: Language): Promise<string> {
  return new Builder(docker).ensureImage(RUNTIME[language]);
}

const RUN = `bench-${process.pid}-${randomBytes(3).toString('hex')}`;
/** Of every container and network that a bench makes itself: what is left of them is found by it. */
export const BENCH_LABELS: Readonly<Record<string, string>> = { [LABEL.run]: RUN };

/** Removes what this process has made on the engine and not removed yet. */
export async function removeOurs(): Promise<void> {
  const filters = { label: runFilter(RUN) };
  for (const { Id } of await docker.listContainers({ all: true, filters })) {
    await docker.getContainer(Id).remove({ force: true }).catch(goneOrGoing);
  }
  for (const { Id } of await docker.listNetworks({ filters })) {
    await docker.getNetwork(Id).remove().catch(goneOrGoing);
  }
}

/** What somebody else removes at the same time. */
function goneOrGoing(error: unknown): void {
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== 404 && statusCode !== 409) throw error;
}
