import { describe, expect, it } from '@jest/globals';
import colors from 'picocolors';

import type { LogLine } from '../../../src/view.js';
import type { Clock } from '../../../src/async/clock.js';
import { milliseconds } from '../../../src/cli/flags.js';
import { bytes, duration, shellWord } from '../../../src/cli/format.js';
import { createLogFormat } from '../../../src/cli/log-format.js';
import { nearest } from '../../../src/cli/nearest.js';
import { createSteps } from '../../../src/cli/steps.js';
import { alignedLines, tabLines, type Table } from '../../../src/cli/table.js';

const plain = (text: string): string => text;

const TABLE: Table = {
  columns: [{ title: 'NAME' }, { title: 'N', align: 'right' }, { title: 'WHY' }],
  rows: [
    ['a', '1', 'short'],
    ['longer', { text: '22', style: (text) => `<${text}>` }, 'a reason that goes on and on and on'],
  ],
};

describe('a table', () => {
  it('is aligned to its widest cells and cut where the terminal ends', () => {
    expect(alignedLines(TABLE, { width: 30, header: plain })).toEqual([
      'NAME     N  WHY',
      'a        1  short',
      'longer  <22>  a reason that goe…',
    ]);
  });

  it('is not cut where the last column would have no room at all', () => {
    expect(alignedLines(TABLE, { width: 20, header: plain })[2]).toContain('on and on and on');
  });

  it('is one line per row and one tab between cells in a pipe', () => {
    expect(tabLines(TABLE)[2]).toBe('longer\t22\ta reason that goes on and on and on');
  });
});

describe('amounts', () => {
  it.each([
    [0.4, '0 ms'],
    [999, '999 ms'],
    [1500, '1.5 s'],
    [59_999, '59 s'],
    [61_000, '1 min 1 s'],
    [3_660_000, '1 h 1 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('are bytes in the unit that fits', () => {
    expect([1, 5e6, 1.25e9].map(bytes)).toEqual(['1 kB', '5 MB', '1.3 GB']);
  });

  it('are durations with a unit, or milliseconds', () => {
    const given = ['250', '250ms', '90s', '10m', '1h'];
    expect(given.map((text) => milliseconds('x', text))).toEqual([
      250, 250, 90_000, 600_000, 3_600_000,
    ]);
    for (const text of ['', '-1', '1.5s', 'never', '10 m']) {
      expect(() => milliseconds('x', text)).toThrow('must be a duration');
    }
  });
});

describe('a word for the shell', () => {
  it('is quoted only where it must be', () => {
    expect(['/a/b-c', 'a b', "it's"].map(shellWord)).toEqual(['/a/b-c', "'a b'", "'it'\\''s'"]);
  });
});

describe('the nearest name', () => {
  it('is near, or a completion, or nothing', () => {
    const known = ['hello', 'orders-worker', 'Breaks'];
    expect(nearest('helo', known)).toBe('hello');
    expect(nearest('breaks', known)).toBe('Breaks');
    expect(nearest('orders', known)).toBe('orders-worker');
    expect(nearest('xyz', known)).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });
});

describe('steps on a plain output', () => {
  function steps(): {
    lines: string[];
    tell: ReturnType<typeof createSteps>['tell'];
    advance: (ms: number) => void;
  } {
    const lines: string[] = [];
    let now = 0;
    const clock: Clock = {
      now: () => now,
      monotonic: () => now,
      setTimer: () => ({ cancel: () => undefined }),
    };
    const screen = {
      write: (_stream: 'stdout' | 'stderr', text: string) => void lines.push(text),
      live: () => undefined,
      close: () => undefined,
      closed: new AbortController().signal,
    };
    const look = { dim: plain, good: plain, bad: plain, busy: plain, live: false, width: () => 80 };
    const { tell } = createSteps(screen, clock, look);
    return { lines, tell, advance: (ms) => void (now += ms) };
  }

  it('show that long work lives without showing all of its output', () => {
    const { lines, tell, advance } = steps();
    tell({ kind: 'step', step: 'Image', state: 'started' });
    for (let index = 0; index < 250; index++) {
      advance(100);
      tell({ kind: 'step', step: 'Image', state: 'running', detail: `line ${index}` });
    }
    tell({ kind: 'step', step: 'Image', state: 'done', detail: 'ready' });
    expect(lines).toEqual([
      '… Image',
      '… Image  line 99  10 s',
      '… Image  line 199  20 s',
      '✓ Image  ready  25 s',
    ]);
  });

  it('keep several apart and take control characters out of what is shown', () => {
    const { lines, tell } = steps();
    tell({ kind: 'step', step: 'A', state: 'running', detail: '\u001B[31mred\u001B[0m\rx' });
    tell({ kind: 'step', step: 'B', state: 'started' });
    tell({ kind: 'step', step: 'A', state: 'failed', detail: 'no' });
    tell({ kind: 'step', step: 'B', state: 'done' });
    expect(lines).toEqual(['… A  red x', '… B', '✗ A  no', '✓ B']);
  });
});

describe('log lines', () => {
  const line: LogLine = {
    timestampMs: 0,
    functionName: 'f',
    environmentId: 'e',
    source: 'function',
    text: '[ERROR] Boom: no\rTraceback (most recent call last):\r  File "app.py"',
  };

  it('of a Python trace are not written over each other on a terminal', () => {
    const shown = createLogFormat(colors.createColors(false), 'terminal')(line);
    expect(shown.split('\n')).toEqual([
      expect.stringMatching(/ f │ \[ERROR\] Boom: no$/),
      '  Traceback (most recent call last):',
      '    File "app.py"',
    ]);
  });

  it('stay one line each in a pipe', () => {
    const shown = createLogFormat(colors.createColors(false), 'plain')(line);
    expect(shown).toBe(`1970-01-01T00:00:00.000Z f - ${line.text}`);
  });
});
