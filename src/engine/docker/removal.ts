/** Taking a container away, with its processes and volumes. */

import type Docker from 'dockerode';
import { DEADLINE_MS, within } from './deadline.js';
import { unlessGone } from './errors.js';

/** One that is gone, or going already, is as wanted. Raises what the engine or the connection says. */
export function removeContainer(container: Docker.Container): Promise<void> {
  return unlessGone(
    within(DEADLINE_MS.remove, (abortSignal) =>
      container.remove({ force: true, v: true, abortSignal }),
    ),
  );
}
