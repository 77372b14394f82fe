/**
 * Schedule expressions of EventBridge rules and of Scheduler (contract 11.13): `rate(…)`, `cron(…)`,
 * `at(…)`, and when they are due next. Pure.
 */

import { InvalidSchedule, nextLocal, parseCron, type Cron } from './cron.js';
import { localOf, momentOf } from './zone.js';

export { InvalidSchedule };

export type Schedule =
  | { readonly kind: 'rate'; readonly periodMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron }
  /** Local time, as if the place were UTC. */
  | { readonly kind: 'at'; readonly localMs: number };

const UNITS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 24 * 3_600_000,
};
const FORMS = 'rate(5 minutes), cron(0 10 * * ? *)';

/** Of rules: UTC, a unit in the singular exactly for 1. Raises `InvalidSchedule`. */
export function parseRuleSchedule(text: string): Schedule {
  const [, form, inner = ''] = /^(rate|cron)\((.*)\)$/s.exec(text) ?? [];
  if (form === 'cron') return { kind: 'cron', cron: parseCron(inner) };
  if (form === 'rate') return rateOf(inner, true);
  throw new InvalidSchedule(`is none of the forms ${FORMS}`);
}

/** Of EventBridge Scheduler. Raises `InvalidSchedule`. */
export function parseSchedulerSchedule(text: string): Schedule {
  const [, form, inner = ''] = /^(rate|cron|at)\((.*)\)$/s.exec(text) ?? [];
  if (form === 'cron') return { kind: 'cron', cron: parseCron(inner, { yearOptional: true }) };
  if (form === 'rate') return rateOf(inner, false);
  if (form === 'at') return atOf(inner);
  throw new InvalidSchedule(`is none of the forms ${FORMS}, at(2026-01-31T10:00:00)`);
}

function rateOf(inner: string, strict: boolean): Schedule {
  const [, digits = '', unit = '', plural] = /^\s*(\d+) +(\w+?)(s?)\s*$/.exec(inner) ?? [];
  const count = Number(digits);
  const unitMs = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (unitMs === undefined || !Number.isSafeInteger(count * unitMs) || count < 1) {
    throw new InvalidSchedule(
      'needs a whole number of at least 1 and one of minute, minutes, hour, hours, day, days',
    );
  }
  if (strict && (count === 1) !== (plural === '')) {
    const right = count === 1 ? unit : `${unit}s`;
    throw new InvalidSchedule(`needs the unit '${right}' with ${count}`);
  }
  return { kind: 'rate', periodMs: count * unitMs };
}

function atOf(inner: string): Schedule {
  const text = inner.trim();
  const localMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text}Z`) : NaN;
  // Days that do not exist are read as others.
  if (Number.isNaN(localMs) || !new Date(localMs).toISOString().startsWith(text)) {
    throw new InvalidSchedule('needs a time such as at(2026-01-31T10:00:00)');
  }
  return { kind: 'at', localMs };
}

export interface Timing {
  readonly schedule: Schedule;
  /** IANA name. */
  readonly zone: string;
  /** When rates begin to count, Unix ms: each whole period after it is due. */
  readonly anchorMs: number;
  /** A rate is due at its anchor already. */
  readonly atAnchor?: boolean;
  /** Nothing is due before, unless it is due once only. */
  readonly startMs?: number;
  /** Nothing is due after. */
  readonly endMs?: number;
}

/** The first moment after this one at which it is due, Unix ms; undefined when it never is again. */
export function nextDue(timing: Timing, afterMs: number): number | undefined {
  const { schedule, zone, startMs = -Infinity, endMs = Infinity } = timing;
  if (schedule.kind === 'at') {
    // One that clocks never show is due when they are set forward.
    const { localMs } = schedule;
    const moment = momentOf(zone, localMs) ?? localMs - (localOf(zone, localMs) - localMs);
    return moment > afterMs ? moment : undefined;
  }
  const from = Math.max(afterMs, startMs - 1);
  const due =
    schedule.kind === 'rate'
      ? nextOfRate(timing, schedule.periodMs, from)
      : nextOfCron(schedule.cron, zone, from);
  return due !== undefined && due <= endMs ? due : undefined;
}

function nextOfRate({ anchorMs, atAnchor, startMs }: Timing, periodMs: number, afterMs: number) {
  const anchor = startMs ?? anchorMs;
  const first = atAnchor === true || startMs !== undefined ? 0 : 1;
  const periods = Math.floor((afterMs - anchor) / periodMs) + 1;
  return anchor + Math.max(first, periods) * periodMs;
}

/**
 * A local time that is shown twice is due the first time; one that is never shown is left out, as
 * Scheduler's guide says.
 */
function nextOfCron(cron: Cron, zone: string, afterMs: number): number | undefined {
  let local = nextLocal(cron, localOf(zone, afterMs));
  while (local !== undefined) {
    const moment = momentOf(zone, local);
    if (moment !== undefined && moment > afterMs) return moment;
    local = nextLocal(cron, local);
  }
  return undefined;
}
