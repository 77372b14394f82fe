import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { realParts } from '../../../src/cli/real-parts.js';
import { startInProcess } from '../../support/memory-host.js';
import type { CliRun } from '../../support/run-cli.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-simulate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: folder, parts: realParts }).ended;
}

const SMALL = ['--functions', '40', '--events', '2000'];

describe('trace', () => {
  it('prints a trace, the same for the same seed', async () => {
    const { code, stdout, stderr } = await cli('trace', ...SMALL, '--seed', '4');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^t,fn,duration_ms,memory_mb,payload_bytes\n\d[\d.]*,app\d+-f\d+,/);
    expect(stderr).toMatch(/The \d+ most popular functions are held to [\d,]+ events a day\./);
    expect((await cli('trace', ...SMALL, '--seed', '4')).stdout).toBe(stdout);
    expect((await cli('trace', ...SMALL, '--seed', '5')).stdout).not.toBe(stdout);
  });

  it('writes it to a file that simulate reads', async () => {
    const { code, stdout, stderr } = await cli('trace', ...SMALL, '-o', 'day.csv');
    expect([code, stdout]).toEqual([0, '']);
    const count = Number(/(\d+) invocations in day\.csv/.exec(stderr)?.[1]);
    const result = await cli('simulate', 'day.csv', '--json');
    expect(result.code).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ trace: { invocations: count } });
    const made = JSON.parse((await cli('simulate', ...SMALL, '--json')).stdout) as Rows;
    const read = JSON.parse(result.stdout) as Rows;
    expect(made.rows.map(({ score }) => score)).toEqual(read.rows.map(({ score }) => score));
  });

  it('tells to what rate functions are held, however low', async () => {
    const { stderr } = await cli('trace', '--functions', '10', '--events', '1');
    expect(stderr).toMatch(/functions are held to 0\.\d events a day\./);
  });

  it('refuses a file that cannot be, and amounts beyond reason', async () => {
    const lost = await cli('trace', ...SMALL, '-o', 'nowhere/day.csv');
    expect([lost.code, lost.stderr]).toEqual([2, expect.stringContaining('nowhere/day.csv')]);
    const none = await cli('trace', '--functions', '0');
    expect(none.stderr).toContain('--functions cannot be 0');
    const vast = await cli('trace', '--functions', '10000', '--events', '0');
    expect(vast.stderr).toContain('--events 0 is for up to');
  });
});

interface Rows {
  readonly rows: readonly { readonly policy: string; readonly score: object }[];
}

describe('simulate', () => {
  it('shows each policy as a row, the bound last', async () => {
    const { code, stdout, stderr } = await cli('simulate', ...SMALL);
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toContain('POLICY\tHELD TO\tROOM MB\tCOLD\tCOLD %\tOF FIRST');
    expect(rows[0]).toMatch(/^fixed:10m\t\t\t\d+\t[\d.]+\t1\.00\t/);
    expect(rows.at(-1)).toMatch(/^clairvoyant bound\tas much wasted\t/);
    expect(stderr).toContain('Same room: all environments together take at most what fixed:10m');
  });

  it('takes policies, times and a budget', async () => {
    const { stdout } = await cli(
      'simulate',
      ...SMALL,
      '--policy=hybrid:5m',
      '--policy=fixed',
      '--idle-timeout=90s',
      '--memory-budget=1000',
      '--init=1s',
    );
    const names = stdout.split('\n').map((line) => line.split('\t')[0]);
    expect(names.slice(1, 5)).toEqual([
      'hybrid:5m',
      'fixed:90s',
      'clairvoyant',
      'clairvoyant bound',
    ]);
  });

  it('draws the picture', async () => {
    const { code, stderr } = await cli('simulate', ...SMALL, '--svg', 'plot.svg');
    expect(code).toBe(0);
    expect(stderr).toContain('The plot is in plot.svg.');
    expect(readFileSync(join(folder, 'plot.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
  });

  it.each(['nowhere/plot.svg', '.', ''])(
    'refuses to draw into %p before it replays anything',
    async (name) => {
      const { code, stdout, stderr } = await cli('simulate', ...SMALL, '--svg', name);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`Cannot write ${name === '' ? 'a file without a name' : name}\n`);
      expect(stderr).toContain('Remedy: Name a file');
    },
  );

  it('tells all problems of a file with their lines', async () => {
    writeFileSync(join(folder, 'bad.csv'), 't,fn,duration_ms,memory_mb\n1,a,x,128\n2,,5,0\n');
    const { code, stdout, stderr } = await cli('simulate', 'bad.csv');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('There are 3 problems in bad.csv:\n  line 2 duration_ms is "x"');
    expect(stderr).toContain('\n  line 3 fn has 0 characters');
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    [['-'], '`orchestrator simulate` takes no argument -'],
    [['nowhere.csv'], 'Cannot read nowhere.csv'],
    [['day.csv', '--seed', '3'], '--seed is of a trace that is made'],
    [['--policy', 'lru'], '--policy cannot be lru'],
    [['--policy', ''], '--policy cannot be empty'],
    [['--idle-timeout', '0s'], '--idle-timeout cannot be 0s'],
    [['--memory-budget', '0'], '--memory-budget cannot be 0'],
  ])('refuses %p', async (args, message) => {
    const { code, stderr } = await cli('simulate', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Remedy: ');
  });
});
