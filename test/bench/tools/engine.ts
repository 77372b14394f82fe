/** The engine that a bench measures on, and what marks as ours whatever it makes there. */

import { randomBytes } from 'node:crypto';
import Docker from 'dockerode';
import { Builder } from '../../../src/builder/builder.js';
import { LABEL } from '../../../src/engine/labels.js';
import { ownMark } from './owner.js';

export const docker = new Docker();

export type Language = 'node' | 'python';
export const RUNTIME: Readonly<Record<Language, string>> = {
  node: 'nodejs22.x',
  python: 'python3.13',
};

export function imageOf(language: Language): Promise<string> {
  return new Builder(docker).ensureImage(RUNTIME[language]);
}

const RUN = `${ownMark()}${randomBytes(3).toString('hex')}`;
/** Of every container and network that a bench makes itself: what is left of them is found by it. */
export const BENCH_LABELS: Readonly<Record<string, string>> = { [LABEL.run]: RUN };

/** Removes what this process has made on the engine and not removed yet. */
export async function removeOurs(): Promise<void> {
  await removeRuns((run) => run === RUN);
}

/** Removes what such runs have made on the engine; gives their names. */
export async function removeRuns(isMeant: (run: string) => boolean): Promise<string[]> {
  const filters = { label: [LABEL.run] };
  const found = new Set<string>();
  const meant = ({ Labels }: { Labels?: Record<string, string> | undefined }): boolean => {
    const run = Labels?.[LABEL.run] ?? '';
    if (isMeant(run)) found.add(run);
    return isMeant(run);
  };
  for (const { Id } of (await docker.listContainers({ all: true, filters })).filter(meant)) {
    await docker.getContainer(Id).remove({ force: true }).catch(goneOrGoing);
  }
  for (const { Id } of (await docker.listNetworks({ filters })).filter(meant)) {
    await docker.getNetwork(Id).remove().catch(goneOrGoing);
  }
  return [...found];
}

/** What somebody else removes at the same time. */
function goneOrGoing(error: unknown): void {
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== 404 && statusCode !== 409) throw error;
}
