/**
 * AWS' cron expressions of six fields (contract 11.13): which local times they name. Pure; local
 * times are milliseconds as if the place were UTC.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Months and days of the week count from one, as they are written; Sunday is the first. */
interface DayOfMonth {
  readonly days: ReadonlySet<number>;
  readonly last: boolean;
  /** The last weekday, Monday to Friday. */
  readonly lastWeekday: boolean;
  /** The weekday nearest to these, in the same month. */
  readonly nearest: readonly number[];
}

interface DayOfWeek {
  readonly days: ReadonlySet<number>;
  /** The last ones of their kind in the month. */
  readonly last: readonly number[];
  readonly nth: readonly { readonly day: number; readonly n: number }[];
}

export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number> | undefined;
  /** One of the two. */
  readonly dayOfMonth?: DayOfMonth;
  readonly dayOfWeek?: DayOfWeek;
}

/** What is wrong, in words that follow the name of the expression. */
export class InvalidSchedule extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidSchedule';
  }
}

interface Range {
  readonly field: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MINUTE: Range = { field: 'minutes', min: 0, max: 59 };
const HOUR: Range = { field: 'hours', min: 0, max: 23 };
const DAY: Range = { field: 'day of month', min: 1, max: 31 };
const MONTH: Range = { field: 'month', min: 1, max: 12, names: MONTHS };
const WEEKDAY: Range = { field: 'day of week', min: 1, max: 7, names: WEEKDAYS };
const YEAR: Range = { field: 'year', min: FIRST_YEAR, max: LAST_YEAR };

/** What stands in the parentheses. Scheduler lets the year be left out. Raises `InvalidSchedule`. */
export function parseCron(text: string, { yearOptional = false } = {}): Cron {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 6 && !(yearOptional && fields.length === 5)) {
    throw new InvalidSchedule(
      `has ${fields.length} fields; six are expected: minutes, hours, day of month, month, day of week, year`,
    );
  }
  const [minutes = '', hours = '', day = '', month = '', weekday = '', year = '*'] = fields;
  if ((day === '?') === (weekday === '?')) {
    throw new InvalidSchedule('needs a ? in exactly one of day of month and day of week');
  }
  return {
    minutes: sorted(numbers(minutes, MINUTE)),
    hours: sorted(numbers(hours, HOUR)),
    months: numbers(month, MONTH),
    years: year === '*' ? undefined : numbers(year, YEAR),
    ...(day === '?' ? { dayOfWeek: dayOfWeek(weekday) } : { dayOfMonth: dayOfMonth(day) }),
  };
}

/** The first local time after this one; undefined when there is none any more. */
export function nextLocal(cron: Cron, afterMs: number): number | undefined {
  const from = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  let day = Math.floor(from / DAY_MS) * DAY_MS;
  for (;;) {
    const date = new Date(day);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    if (year > LAST_YEAR) return undefined;
    if (cron.years?.has(year) === false) day = Date.UTC(year + 1, 0);
    else if (!cron.months.has(month + 1)) day = Date.UTC(year, month + 1);
    else {
      const found = isOn(cron, date) ? firstOf(cron, day, from) : undefined;
      if (found !== undefined) return found;
      day += DAY_MS;
    }
  }
}

function firstOf({ hours, minutes }: Cron, day: number, from: number): number | undefined {
  for (const hour of hours) {
    const start = day + hour * HOUR_MS;
    if (start + HOUR_MS <= from) continue;
    for (const minute of minutes) {
      const time = start + minute * MINUTE_MS;
      if (time >= from) return time;
    }
  }
  return undefined;
}

function isOn({ dayOfMonth, dayOfWeek }: Cron, date: Date): boolean {
  const day = date.getUTCDate();
  const weekday = date.getUTCDay() + 1;
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  if (dayOfWeek !== undefined) {
    return (
      dayOfWeek.days.has(weekday) ||
      (day + 7 > last && dayOfWeek.last.includes(weekday)) ||
      dayOfWeek.nth.some(({ day: wanted, n }) => wanted === weekday && Math.ceil(day / 7) === n)
    );
  }
  if (dayOfMonth === undefined) return false;
  const weekdayOf = (other: number): number => (((weekday - 1 + other - day) % 7) + 7) % 7;
  return (
    dayOfMonth.days.has(day) ||
    (dayOfMonth.last && day === last) ||
    (dayOfMonth.lastWeekday && day === nearestWeekday(last, last, weekdayOf)) ||
    dayOfMonth.nearest.some((wanted) => day === nearestWeekday(wanted, last, weekdayOf))
  );
}

/** Never in another month; undefined when the month has no such day. */
function nearestWeekday(
  wanted: number,
  last: number,
  weekdayOf: (day: number) => number,
): number | undefined {
  if (wanted > last) return undefined;
  const weekday = weekdayOf(wanted);
  if (weekday === 6) return wanted === 1 ? 3 : wanted - 1;
  if (weekday === 0) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

function dayOfMonth(text: string): DayOfMonth {
  const days = new Set<number>();
  const nearest: number[] = [];
  let last = false;
  let lastWeekday = false;
  for (const item of text.toUpperCase().split(',')) {
    const [, weekday] = /^(\d{1,2})W$/.exec(item) ?? [];
    if (item === 'L') last = true;
    else if (item === 'LW') lastWeekday = true;
    else if (weekday !== undefined) nearest.push(number(weekday, DAY));
    else for (const day of numbers(item, DAY)) days.add(day);
  }
  return { days, last, lastWeekday, nearest };
}

function dayOfWeek(text: string): DayOfWeek {
  const items = text.toUpperCase().split(',');
  if (items.length > 1 && items.some((item) => item.includes('#'))) {
    throw new InvalidSchedule('takes only one expression with # in day of week');
  }
  const days = new Set<number>();
  const last: number[] = [];
  const nth: { day: number; n: number }[] = [];
  for (const item of items) {
    const [, numbered, n] = /^(\w+)#([1-5])$/.exec(item) ?? [];
    const [, lastOf] = /^(\w+)L$/.exec(item) ?? [];
    if (item === 'L') days.add(WEEKDAY.max);
    else if (numbered !== undefined) nth.push({ day: number(numbered, WEEKDAY), n: Number(n) });
    else if (lastOf !== undefined) last.push(number(lastOf, WEEKDAY));
    else for (const day of numbers(item, WEEKDAY)) days.add(day);
  }
  return { days, last, nth };
}

function numbers(text: string, range: Range): Set<number> {
  const found = new Set<number>();
  for (const item of text.toUpperCase().split(',')) {
    const [, start = '', end, step] =
      /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,4}))?$/.exec(item) ?? refuse(range, item);
    if (step !== undefined && Number(step) === 0) refuse(range, item);
    if (start === '*' && end !== undefined) refuse(range, item);
    const first = start === '*' ? range.min : number(start, range);
    // A number with a step goes on to the end.
    const last =
      end !== undefined
        ? number(end, range)
        : start === '*' || step !== undefined
          ? range.max
          : first;
    if (last < first && range === YEAR) refuse(range, item);
    // Such as FRI-MON: over the end and on from the start.
    const span = last < first ? last + range.max - range.min + 1 - first : last - first;
    for (let at = 0; at <= span; at += Number(step ?? 1)) {
      found.add(((first + at - range.min) % (range.max - range.min + 1)) + range.min);
    }
  }
  return found;
}

function number(text: string, range: Range): number {
  const named = range.names?.indexOf(text) ?? -1;
  const value = named >= 0 ? named + range.min : /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (value < range.min || value > range.max) return refuse(range, text);
  return value;
}

function refuse({ field, min, max, names }: Range, text: string): never {
  const or = names === undefined ? '' : ` or ${names[0]}–${names.at(-1)}`;
  throw new InvalidSchedule(
    `has ${text === '' ? 'nothing' : text} for ${field}; ${min}–${max}${or} are expected`,
  );
}

function sorted(values: ReadonlySet<number>): number[] {
  return [...values].sort((one, other) => one - other);
}
