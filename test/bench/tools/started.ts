/**
 * What a bench has started and not ended: orchestrators, relays, loads, peers. Whoever starts
 * something says here how it ends; an interrupt or a section that fails ends what is left.
 */

import { removeOurs } from './engine.js';

const endings = new Set<() => Promise<void>>();
let ending = false;

/**
 * Gives the way to end it: once, however often it is called. What could not be ended may be tried
 * again: an interrupt at the terminal reaches the commands that end things as well.
 */
export function started(end: () => Promise<void>): () => Promise<void> {
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    ended ??= end().then(
      () => void endings.delete(stop),
      (error: unknown) => {
        ended = undefined;
        throw error;
      },
    );
    return ended;
  };
  endings.add(stop);
  return stop;
}

/** Then what goes on may be cut off. */
export function isEnding(): boolean {
  return ending;
}

/** Before anything is started: a section goes on for a moment after an interrupt. */
export function refuseWhenEnding(): void {
  if (ending) throw new Error('the bench is being ended');
}

/**
 * Ends everything, the latest first, and sweeps the engine. What cannot be ended, in a second try
 * either, is told in words and keeps nothing else.
 */
export async function endAllStarted(sweep = removeOurs): Promise<string[]> {
  const failures: string[] = [];
  for (const stop of [...endings].reverse()) {
    await stop()
      .catch(stop)
      .catch((error: unknown) => {
        endings.delete(stop);
        failures.push(`not ended: ${String(error)}`);
      });
  }
  await sweep()
    .catch(sweep)
    .catch((error: unknown) => failures.push(`not removed: ${String(error)}`));
  return failures;
}

/** The same, and nothing is started any more. */
export async function endForGood(): Promise<string[]> {
  ending = true;
  const failures = await endAllStarted();
  // What was being started when it began.
  return [...failures, ...(await endAllStarted())];
}
