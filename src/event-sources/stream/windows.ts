/** Tumbling windows (contract 11.9): which one a record is in, and what events of it say. Pure. */

/** Kept with the checkpoint. */
export interface WindowState {
  readonly startMs: number;
  readonly endMs: number;
  /** What the function returned last. */
  readonly state: Readonly<Record<string, unknown>>;
}

const MOST_STATE_BYTES = 1024 * 1024;

export function windowOf(arrivedAtMs: number, lengthMs: number): WindowState {
  const startMs = Math.floor(arrivedAtMs / lengthMs) * lengthMs;
  return { startMs, endMs: startMs + lengthMs, state: {} };
}

/** Late ones go into the window that is open: there is no other any more. */
export function isWithin({ endMs }: WindowState, arrivedAtMs: number): boolean {
  return arrivedAtMs < endMs;
}

export interface WindowEnd {
  readonly final: boolean;
  readonly early: boolean;
}

export function windowMembers(
  window: WindowState,
  { final, early }: WindowEnd,
  source: { readonly shardId: string; readonly arn: string },
): object {
  return {
    window: { start: seconds(window.startMs), end: seconds(window.endMs) },
    state: window.state,
    shardId: source.shardId,
    eventSourceARN: source.arn,
    isFinalInvokeForWindow: final,
    isWindowTerminatedEarly: early,
  };
}

/** The state a function returned; `tooLarge` when it may not be kept. */
export function stateIn(payload: Buffer): { state: WindowState['state'] } | 'tooLarge' {
  let answer: unknown;
  try {
    answer = JSON.parse(payload.toString('utf8'));
  } catch {
    return { state: {} };
  }
  const state = (answer as { state?: unknown } | null)?.state;
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return { state: {} };
  if (Buffer.byteLength(JSON.stringify(state)) > MOST_STATE_BYTES) return 'tooLarge';
  return { state: state as WindowState['state'] };
}

function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
