/** Local times of a time zone and the moments they are, through the zones the runtime knows. */

const OFFSETS = new Map<string, (ms: number) => number>();
const DAY_MS = 24 * 3_600_000;

/** Whether there is such a zone, such as `Europe/Berlin`. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Local time, as if the place were UTC. */
export function localOf(zone: string, ms: number): number {
  return ms + offsetOf(zone)(ms);
}

/**
 * The moment of a local time: the first one where clocks were set back and show it twice; undefined
 * where they were set forward and never show it.
 */
export function momentOf(zone: string, localMs: number): number | undefined {
  const offset = offsetOf(zone);
  const candidates = [offset(localMs - DAY_MS), offset(localMs + DAY_MS)]
    .map((ahead) => localMs - ahead)
    .filter((moment) => moment + offset(moment) === localMs);
  return candidates.length === 0 ? undefined : Math.min(...candidates);
}

/** How far local time is ahead of UTC, in milliseconds. */
function offsetOf(zone: string): (ms: number) => number {
  if (zone === 'UTC') return () => 0;
  let offset = OFFSETS.get(zone);
  if (offset === undefined) {
    offset = offsetIn(zone);
    OFFSETS.set(zone, offset);
  }
  return offset;
}

function offsetIn(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (ms) => {
    const whole = Math.floor(ms / 1000) * 1000;
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(whole)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
  };
}
