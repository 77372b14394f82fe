/** When a Wait state is over. */

import { timeOf } from './choice.js';
import { field, type Place } from './data.js';
import { runtimeError } from './failure.js';

/** Unix ms, in queue time. */
export async function waitUntil(place: Place, enteredMs: number): Promise<number> {
  const seconds = await field(place, 'Seconds');
  if (seconds !== undefined) {
    if (typeof seconds === 'number' && seconds >= 0) return enteredMs + seconds * 1000;
    throw runtimeError(
      `The value of 'Seconds' must be a number of seconds, not ${JSON.stringify(seconds)}.`,
    );
  }
  const timestamp = await field(place, 'Timestamp');
  const at = timestamp === undefined ? undefined : timeOf(timestamp);
  if (at !== undefined) return at;
  throw runtimeError(
    `The value of 'Timestamp' must be a time such as 2026-01-31T12:00:00Z, not ${JSON.stringify(timestamp ?? null)}.`,
  );
}
