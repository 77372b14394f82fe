/** Every call to the engine has a deadline: one that hangs must not hang us. */

import { systemClock, type Clock } from '../../async/clock.js';
import { OrchestratorError } from '../../errors.js';

/** Milliseconds an engine may take, by what it is asked. */
export const DEADLINE_MS = {
  /** Answers from memory. */
  look: 10_000,
  network: 20_000,
  create: 10_000,
  start: 20_000,
  kill: 5_000,
  remove: 20_000,
} as const;

/**
 * What `call` resolves to. After `ms` the signal it is given is aborted and `engine-unreachable`
 * raised. The signal is not aborted once the call has ended: a stream it returned goes on.
 */
export async function within<T>(
  ms: number,
  call: (abortSignal: AbortSignal) => Promise<T>,
  { signal, clock = systemClock }: { signal?: AbortSignal | undefined; clock?: Clock } = {},
): Promise<T> {
  const controller = new AbortController();
  let fail: (reason: unknown) => void = () => undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => (fail = reject));
  const giveUp = (reason: unknown): void => {
    fail(reason);
    controller.abort(reason);
  };
  const onAbort = (): void => giveUp(signal?.reason);
  const timer = clock.setTimer(ms, () => giveUp(tooSlow(ms)));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await Promise.race([call(controller.signal), gaveUp]);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

function tooSlow(ms: number): OrchestratorError {
  return new OrchestratorError(
    'engine-unreachable',
    `the container engine does not answer (nothing came for ${ms / 1000} s)`,
    { remedy: 'See what it is busy with (its log tells), or start it again.' },
  );
}
