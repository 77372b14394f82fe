/** Rules and schedules → when they are due. Pure. */

import {
  parseRuleSchedule,
  parseSchedulerSchedule,
  type Timing,
} from '../schedule-time/expression.js';
import type { Rule } from './rule-book.js';
import { signatureOf, type KeptSchedule } from './schedule-book.js';
import type { Timed } from './timetable.js';

type When = Pick<Timed, 'key' | 'name' | 'signature' | 'timing' | 'windowMs' | 'afterMs'>;

/** `anchorMs`: when it was made, queue time. Undefined when it has no schedule. */
export function whenOfRule({ definition }: Rule, anchorMs: number): When | undefined {
  const { bus, name, schedule } = definition;
  if (schedule === undefined) return undefined;
  return {
    key: ruleKey(bus, name),
    name: `the rule ${name}`,
    signature: schedule,
    timing: { schedule: parseRuleSchedule(schedule), zone: 'UTC', anchorMs },
    windowMs: 0,
  };
}

/** `isNew`: it was made in this run, and a rate is due at once. */
export function whenOfSchedule(
  { definition }: KeptSchedule,
  anchorMs: number,
  isNew: boolean,
): When {
  const { group, name, expression, timezone, startDate, endDate } = definition;
  const schedule = parseSchedulerSchedule(expression);
  const timing: Timing = {
    schedule,
    zone: timezone,
    anchorMs,
    atAnchor: true,
    ...(startDate === undefined ? {} : { startMs: Date.parse(startDate) }),
    ...(endDate === undefined ? {} : { endMs: Date.parse(endDate) }),
  };
  return {
    key: scheduleKey(group, name),
    name: `the schedule ${name}`,
    signature: signatureOf(definition),
    timing,
    windowMs: (definition.flexibleWindowMinutes ?? 0) * 60_000,
    ...(isNew && schedule.kind === 'rate' ? { afterMs: anchorMs - 1 } : {}),
  };
}

export const ruleKey = (bus: string, name: string): string => `rule ${bus}/${name}`;
export const scheduleKey = (group: string, name: string): string => `schedule ${group}/${name}`;
