/**
 * What a person's patience comes to: the first signal asks for an orderly end, the second for one
 * at once, a third leaves whatever is left to the watchdog.
 */

import type { Host } from './host.js';

export interface InterruptActions {
  drain(): void;
  now(): void;
  abandon(): void;
}

/** Takes SIGINT, SIGTERM and SIGHUP over until the returned function is called. */
export function onInterrupts(host: Host, actions: InterruptActions): () => void {
  const next = [() => actions.drain(), () => actions.now(), () => actions.abandon()];
  let given = 0;
  const advance = (): void => {
    next[Math.min(given, next.length - 1)]?.();
    given += 1;
  };
  // Supervisors repeat SIGTERM, and a closing terminal sends SIGHUP to all: neither is impatience.
  const once = (): void => {
    if (given === 0) advance();
  };
  const releases = [
    host.onSignal('SIGINT', advance),
    host.onSignal('SIGTERM', once),
    host.onSignal('SIGHUP', once),
  ];
  return () => {
    for (const release of releases) release();
  };
}
