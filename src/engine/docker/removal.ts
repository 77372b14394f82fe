/** Taking things of the engine away: a container with its processes and volumes, a network. */

import type Docker from 'dockerode';
import { sleep, systemClock, type Clock } from '../../async/clock.js';
import { messageOf } from '../../errors.js';
import { DEADLINE_MS, within } from './deadline.js';
import { isNotFound, unlessGone } from './errors.js';

/** How often a network is tried whose last container is still going. */
const TRIES = 5;
const TRY_AGAIN_MS = 400;

/** One that is gone, or going already, is as wanted. Raises what the engine or the connection says. */
export function removeContainer(container: Docker.Container): Promise<void> {
  return unlessGone(
    within(DEADLINE_MS.remove, (abortSignal) =>
      container.remove({ force: true, v: true, abortSignal }),
    ),
  );
}

/**
 * A container that is taken away while it is being started can leave its end of the network behind:
 * the engine then refuses to remove the network until that is cut. One that somebody else is taking
 * away has its end for a moment longer, and cannot be cut. Docker up to 20.10 can lose count of ends
 * that nobody has any more: such a network goes with the first start after the engine's own. Raises
 * what the engine says.
 */
export async function removeNetwork(
  network: Docker.Network,
  clock: Clock = systemClock,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await within(DEADLINE_MS.network, (abortSignal) => network.remove({ abortSignal }));
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!/active endpoints/.test(messageOf(error))) throw error;
      if (tries === TRIES) {
        if ((await endsOf(network)).length === 0) return;
        throw error;
      }
    }
    if (tries > 1) await sleep(clock, TRY_AGAIN_MS);
    await cutEnds(network);
  }
}

async function cutEnds(network: Docker.Network): Promise<void> {
  const cuts = (await endsOf(network)).map((Container) =>
    within(DEADLINE_MS.network, () => network.disconnect({ Container, Force: true })),
  );
  await Promise.allSettled(cuts);
}

/** Names of the containers on it; the engine's own ones where a container is gone. */
async function endsOf(network: Docker.Network): Promise<readonly string[]> {
  const { Containers = {} } = (await within(DEADLINE_MS.look, () => network.inspect())) as {
    readonly Containers?: Readonly<Record<string, { readonly Name: string }>>;
  };
  return Object.values(Containers).map(({ Name }) => Name);
}
