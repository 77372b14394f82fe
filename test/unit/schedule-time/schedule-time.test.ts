import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  InvalidSchedule,
  nextDue,
  parseRuleSchedule,
  parseSchedulerSchedule,
} from '../../../src/schedule-time/expression.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const WEEKDAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');

function at(text: string): number {
  return Date.parse(text);
}

/** The next few, as texts without what all have. */
function nexts(expression: string, after: string, count = 3, zone = 'UTC'): string[] {
  const schedule = parseSchedulerSchedule(expression);
  const due: string[] = [];
  let from: number | undefined = at(after);
  while (due.length < count && from !== undefined) {
    from = nextDue({ schedule, zone, anchorMs: at(after) }, from);
    if (from !== undefined) due.push(new Date(from).toISOString().slice(0, 16));
  }
  return due;
}

/** Whether one field allows a value, decided by writing out what each form means. */
function allows(
  field: string,
  value: number,
  min: number,
  max: number,
  names: string[] = [],
): boolean {
  const numberOf = (text: string): number =>
    names.includes(text) ? names.indexOf(text) + min : Number(text);
  return field.split(',').some((item) => {
    const [range = '', step = '1'] = item.split('/');
    const [first = '', last = first] = range.split('-');
    const low = range === '*' ? min : numberOf(first);
    const high =
      range === '*' || (item.includes('/') && !range.includes('-')) ? max : numberOf(last);
    return value >= low && value <= high && (value - low) % Number(step) === 0;
  });
}

function lastDayOf(date: Date): number {
  const next = new Date(date);
  let day = 0;
  while (next.getUTCMonth() === date.getUTCMonth()) {
    day = next.getUTCDate();
    next.setUTCDate(day + 1);
  }
  return day;
}

/** The days around a wanted one, the nearest first, that are weekdays of the same month. */
function nearest(date: Date, wanted: number): number | undefined {
  const last = lastDayOf(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)));
  if (wanted > last) return undefined;
  return [0, -1, 1, -2, 2]
    .map((offset) => wanted + offset)
    .filter((day) => day >= 1 && day <= last)
    .find((day) => {
      const weekday = new Date(
        Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), day),
      ).getUTCDay();
      return weekday !== 0 && weekday !== 6;
    });
}

function isDay(date: Date, dayField: string, weekField: string): boolean {
  const day = date.getUTCDate();
  const weekday = date.getUTCDay() + 1;
  const last = lastDayOf(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)));
  if (weekField === '?') {
    return dayField.split(',').some((item) => {
      if (item === 'L') return day === last;
      if (item === 'LW') return day === nearest(date, last);
      if (item.endsWith('W')) return day === nearest(date, Number.parseInt(item, 10));
      return allows(item, day, 1, 31);
    });
  }
  return weekField.split(',').some((item) => {
    if (item === 'L') return weekday === 7;
    if (item.includes('#')) {
      const [wanted, n] = item.split('#').map(Number);
      let before = 0;
      for (let other = 1; other <= day; other += 1) {
        if ((weekday - 1 + other - day + 70) % 7 === (wanted ?? 0) - 1) before += 1;
      }
      return weekday === wanted && before === n;
    }
    if (item.endsWith('L')) return weekday === Number.parseInt(item, 10) && day > last - 7;
    return allows(item, weekday, 1, 7, WEEKDAYS);
  });
}

/** Goes through days, then hours and minutes, until all fields allow it. */
function naively(fields: readonly string[], after: number, days: number): number | undefined {
  const [minutes = '', hours = '', dayField = '', months = '', weekField = '', years = ''] = fields;
  const start = Math.floor(after / DAY) * DAY;
  for (let day = start; day < start + days * DAY; day += DAY) {
    const date = new Date(day);
    if (!allows(years, date.getUTCFullYear(), 1970, 2199)) continue;
    if (!allows(months, date.getUTCMonth() + 1, 1, 12, MONTHS)) continue;
    if (!isDay(date, dayField, weekField)) continue;
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      const time = day + minute * MINUTE;
      if (time <= after) continue;
      if (allows(hours, Math.floor(minute / 60), 0, 23) && allows(minutes, minute % 60, 0, 59))
        return time;
    }
  }
  return undefined;
}

function listOf(min: number, max: number, names: readonly string[] = []): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const named =
    names.length === 0 ? value.map(String) : fc.oneof(value.map(String), fc.constantFrom(...names));
  const range = fc
    .tuple(value, value)
    .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
  const step = fc.integer({ min: 1, max: 15 });
  const item = fc.oneof(
    named,
    range,
    fc.constant('*'),
    fc
      .tuple(fc.oneof(range, fc.constant('*'), value.map(String)), step)
      .map(([from, by]) => `${from}/${by}`),
  );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
}

const dayItem = fc.oneof(
  listOf(1, 31),
  fc.constantFrom('L', 'LW', '1W', '15W', '31W', '30W', '6W', 'L,1', '1W,20W'),
);
const weekItem = fc.oneof(
  listOf(1, 7, WEEKDAYS),
  fc.constantFrom('L', '1L', '6L', '7L', '2#1', '6#3', '3#5', '1#5', '2L,4'),
);
const days = fc.oneof(
  dayItem.map((day): [string, string] => [day, '?']),
  weekItem.map((week): [string, string] => ['?', week]),
);
const fields = fc
  .tuple(
    listOf(0, 59),
    listOf(0, 23),
    days,
    listOf(1, 12, MONTHS),
    fc.constantFrom('*', '2026', '2025-2028', '2024/4', '2027,2030'),
  )
  .map(([minutes, hours, [day, week], months, years]) => [
    minutes,
    hours,
    day,
    months,
    week,
    years,
  ]);

describe('cron', () => {
  test('says what a search day by day says', () => {
    let found = 0;
    const moment = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2029-01-01T00:00:00Z') });
    fc.assert(
      fc.property(fields, moment, (made, after) => {
        const schedule = parseRuleSchedule(`cron(${made.join(' ')})`);
        const due = nextDue({ schedule, zone: 'UTC', anchorMs: 0 }, after);
        const expected = naively(made, after, 800);
        if (expected !== undefined) {
          found += 1;
          expect(due).toBe(expected);
        } else if (due !== undefined) expect(due).toBeGreaterThan(after + 799 * DAY);
      }),
      { numRuns: 1500 },
    );
    expect(found).toBeGreaterThan(500);
  });

  test.each([
    ['cron(0 10 * * ? *)', ['2026-01-01T10:00', '2026-01-02T10:00', '2026-01-03T10:00']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-01T18:00', '2026-01-02T18:00', '2026-01-05T18:00']],
    ['cron(0/15 * * * ? *)', ['2026-01-01T00:15', '2026-01-01T00:30', '2026-01-01T00:45']],
    ['cron(0 9 ? * 2#1 *)', ['2026-01-05T09:00', '2026-02-02T09:00', '2026-03-02T09:00']],
    ['cron(0 0 ? * 6L *)', ['2026-01-30T00:00', '2026-02-27T00:00', '2026-03-27T00:00']],
    ['cron(0 0 L * ? *)', ['2026-01-31T00:00', '2026-02-28T00:00', '2026-03-31T00:00']],
    ['cron(0 0 1W * ? *)', ['2026-02-02T00:00', '2026-03-02T00:00', '2026-04-01T00:00']],
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
    ['cron(0 22 ? * FRI-MON *)', ['2026-01-02T22:00', '2026-01-03T22:00', '2026-01-04T22:00']],
    ['cron(0 0 1 1 ? 2027-2028)', ['2027-01-01T00:00', '2028-01-01T00:00']],
    ['cron(0 0 30 2 ? *)', []],
  ])('%s', (expression, expected) => {
    expect(
      nexts(expression, '2026-01-01T00:00:00Z').slice(0, Math.max(1, expected.length)),
    ).toEqual(expected);
  });

  test.each([
    ['cron(0 10 * * * *)', 'needs a ? in exactly one'],
    ['cron(0 10 ? * ? *)', 'needs a ? in exactly one'],
    ['cron(0 10 * * ?)', 'has 5 fields; six are expected'],
    ['cron(60 10 * * ? *)', 'has 60 for minutes; 0–59 are expected'],
    ['cron(0 24 * * ? *)', 'has 24 for hours'],
    ['cron(0 0 32 * ? *)', 'has 32 for day of month'],
    ['cron(0 0 0 * ? *)', 'has 0 for day of month'],
    ['cron(0 0 1 13 ? *)', 'has 13 for month; 1–12 or JAN–DEC are expected'],
    ['cron(0 0 ? * 8 *)', 'has 8 for day of week'],
    ['cron(0 0 ? * 2#6 *)', 'has 2#6 for day of week'],
    ['cron(0 0 ? * 2#1,3#1 *)', 'takes only one expression with #'],
    ['cron(0 0 1 1 ? 1969)', 'has 1969 for year'],
    ['cron(0/0 0 1 1 ? *)', 'has 0/0 for minutes'],
    ['cron(0 0 L-3 * ? *)', 'for day of month'],
    ['cron(, 0 1 1 ? *)', 'has nothing for minutes'],
    ['rate(1 minutes)', "needs the unit 'minute' with 1"],
    ['rate(5 minute)', "needs the unit 'minutes' with 5"],
    ['rate(0 minutes)', 'needs a whole number of at least 1'],
    ['rate(1.5 hours)', 'needs a whole number of at least 1'],
    ['rate(5 weeks)', 'needs a whole number of at least 1'],
    ['rate(5 constructors)', 'needs a whole number of at least 1'],
    ['at(2026-01-01T00:00:00)', 'is none of the forms'],
    ['every 5 minutes', 'is none of the forms'],
  ])('a rule refuses %s', (expression, reason) => {
    expect(() => parseRuleSchedule(expression)).toThrow(InvalidSchedule);
    expect(() => parseRuleSchedule(expression)).toThrow(reason);
  });
});

describe('rates', () => {
  const timing = { schedule: parseRuleSchedule('rate(5 minutes)'), zone: 'UTC', anchorMs: 1000 };

  test('count from their anchor', () => {
    expect(nextDue(timing, 1000)).toBe(1000 + 5 * MINUTE);
    expect(nextDue(timing, 1000 + 5 * MINUTE)).toBe(1000 + 10 * MINUTE);
    expect(nextDue(timing, 1000 + 7 * MINUTE)).toBe(1000 + 10 * MINUTE);
    expect(nextDue(timing, 0)).toBe(1000 + 5 * MINUTE);
  });

  test('are due at their start', () => {
    expect(nextDue({ ...timing, atAnchor: true }, 999)).toBe(1000);
    expect(nextDue({ ...timing, startMs: 50_000 }, 1000)).toBe(50_000);
    expect(nextDue({ ...timing, startMs: 50_000 }, 50_000)).toBe(50_000 + 5 * MINUTE);
  });

  test('end', () => {
    expect(nextDue({ ...timing, endMs: 1000 + 5 * MINUTE }, 1000)).toBe(1000 + 5 * MINUTE);
    expect(nextDue({ ...timing, endMs: 1000 + 5 * MINUTE }, 1000 + 5 * MINUTE)).toBeUndefined();
  });

  test('of Scheduler take a unit in either number', () => {
    expect(parseSchedulerSchedule('rate(1 minutes)')).toEqual({ kind: 'rate', periodMs: MINUTE });
  });
});

describe('time zones', () => {
  const daily = 'cron(30 2 * * ? *)';

  test('a time that clocks never show is left out', () => {
    expect(nexts(daily, '2026-03-28T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ]);
  });

  test('a time that clocks show twice is due once', () => {
    expect(nexts(daily, '2026-10-24T12:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
      '2026-10-27T01:30',
    ]);
    expect(nexts(daily, '2026-10-25T01:00:00Z', 1, 'Europe/Berlin')).toEqual(['2026-10-26T01:30']);
  });

  test('every quarter of an hour through the night that clocks are set back', () => {
    expect(nexts('cron(0/30 * * * ? *)', '2026-10-24T23:30:00Z', 5, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-25T02:00',
      '2026-10-25T02:30',
      '2026-10-25T03:00',
    ]);
  });

  test('zones of half and quarter hours', () => {
    expect(nexts('cron(0 9 * * ?)', '2026-01-01T00:00:00Z', 1, 'Asia/Kathmandu')).toEqual([
      '2026-01-01T03:15',
    ]);
    expect(nexts('cron(0 9 * * ?)', '2026-01-01T12:00:00Z', 1, 'Australia/Lord_Howe')).toEqual([
      '2026-01-01T22:00',
    ]);
  });

  test('due once, in local time', () => {
    expect(nexts('at(2026-07-01T09:00:00)', '2026-01-01T00:00:00Z', 2, 'America/New_York')).toEqual(
      ['2026-07-01T13:00'],
    );
    expect(nexts('at(2026-03-29T02:30:00)', '2026-01-01T00:00:00Z', 1, 'Europe/Berlin')).toEqual([
      '2026-03-29T00:30',
    ]);
    expect(nexts('at(2025-07-01T09:00:00)', '2026-01-01T00:00:00Z')).toEqual([]);
  });

  test.each(['at(2026-02-30T00:00:00)', 'at(2026-01-01 10:00)', 'at(tomorrow)'])(
    '%s is no time',
    (text) => {
      expect(() => parseSchedulerSchedule(text)).toThrow('needs a time such as');
    },
  );
});
