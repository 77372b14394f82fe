/** Work that is told of as a step of the start. */

import type { ProgressEvent } from '../progress.js';
import type { StartHooks } from '../start-hooks.js';

/** Tells of work as a step, once it has something to say: what is there already is nobody's news. */
export async function told<T>(
  hooks: Pick<StartHooks, 'progress'>,
  step: string,
  work: (tell: (detail: string) => void) => Promise<T>,
): Promise<T> {
  let begun = false;
  const tell = (state: ProgressEvent['state'], detail?: string): void =>
    hooks.progress({ kind: 'step', step, state, ...(detail === undefined ? {} : { detail }) });
  try {
    const result = await work((detail) => {
      tell(begun ? 'running' : 'started', detail);
      begun = true;
    });
    if (begun) tell('done');
    return result;
  } catch (error) {
    if (begun) tell('failed');
    throw error;
  }
}
