/**
 * Time, handed in. Everything that waits or measures takes a `Clock`, so that the same code runs
 * in real time and, in tests and simulations, in virtual time. This file is the only one that may
 * touch `Date.now`, `process.hrtime` and `setTimeout`.
 */

export interface Timer {
  /** Safe to call at any time, any number of times. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock, Unix milliseconds. May jump; use it only for what people and protocols read. */
  now(): number;
  /** Monotonic milliseconds with a fraction. Use it for every duration. */
  monotonic(): number;
  /** Runs `action` once after `delayMs`. A pending timer does not keep the process alive. */
  setTimer(delayMs: number, action: () => void): Timer;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic() {
    // `performance` would have more of Node.js compiled than the whole of a start needs otherwise.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  setTimer(delayMs, action) {
    // The system cuts fractions off, and what fires too early finds nothing due.
    const wholeMs = Math.ceil(Math.min(Math.max(0, delayMs), LONGEST_TIMEOUT_MS));
    const timeout = setTimeout(action, wholeMs);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** Resolves after `delayMs`; rejects with the signal's reason when that comes first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
