/**
 * How many batches of a queue run at once (contract 11.8): five at first, up to 300 more in each
 * minute while there are messages, two when there are none for a while. Failures halve it. Pure.
 */

import type { QueueMapping } from '../mapping.js';

export interface ScalingRules {
  readonly first: number;
  readonly perMinute: number;
  readonly most: number;
}

export interface Scaling {
  /** A fraction while it grows. */
  readonly limit: number;
  /** When it was worked out; in ms of the caller's clock. */
  readonly atMs: number;
  /** It does not grow before this. */
  readonly heldUntilMs: number;
  readonly setbacks: number;
}

const STANDARD: ScalingRules = { first: 5, perMinute: 300, most: 1_250 };
const PROVISIONED_PER_MINUTE = 1_000;
const BATCHES_OF_POLLER = 10;
const MINUTE_MS = 60_000;
const FIRST_HOLD_MS = 1_000;
const LONGEST_HOLD_MS = 60_000;

export function scalingRules({ maximumConcurrency, pollers }: QueueMapping): ScalingRules {
  if (pollers !== undefined) {
    return {
      first: pollers.minimum * BATCHES_OF_POLLER,
      perMinute: PROVISIONED_PER_MINUTE,
      most: pollers.maximum * BATCHES_OF_POLLER,
    };
  }
  const most = Math.min(STANDARD.most, maximumConcurrency ?? STANDARD.most);
  return { ...STANDARD, first: Math.min(STANDARD.first, most), most };
}

export function startScaling({ first }: ScalingRules, nowMs: number): Scaling {
  return { limit: first, atMs: nowMs, heldUntilMs: nowMs, setbacks: 0 };
}

/** The queue is full of messages, and as many batches run as may. */
export function grown(scaling: Scaling, { perMinute, most }: ScalingRules, nowMs: number): Scaling {
  const since = Math.max(scaling.atMs, scaling.heldUntilMs);
  if (nowMs <= since) return scaling;
  const limit = Math.min(most, scaling.limit + ((nowMs - since) * perMinute) / MINUTE_MS);
  return { ...scaling, limit, atMs: nowMs };
}

/** There is room to spare: time that passes so adds nothing. */
export function rested(scaling: Scaling, nowMs: number): Scaling {
  return { ...scaling, atMs: nowMs };
}

/** A batch failed, or found no room. */
export function reduced(scaling: Scaling, nowMs: number): Scaling {
  const setbacks = scaling.setbacks + 1;
  const holdMs = Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** Math.min(20, setbacks - 1));
  return {
    limit: Math.max(1, Math.floor(scaling.limit / 2)),
    atMs: nowMs,
    heldUntilMs: nowMs + holdMs,
    setbacks,
  };
}

/** A batch succeeded: the next setback is a first one again. */
export function recovered(scaling: Scaling): Scaling {
  return scaling.setbacks === 0 ? scaling : { ...scaling, setbacks: 0 };
}
