import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Parts } from '../../../src/cli/parts.js';
import { OrchestratorError } from '../../../src/errors.js';
import { startInProcess } from '../../support/memory-host.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-program-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NO_PARTS: Parts = {
  loadConfig: () =>
    Promise.reject(
      new OrchestratorError('config-not-found', 'no template is in the folder', {
        remedy: 'Make one.',
        cause: new Error('ENOENT'),
      }),
    ),
  startOrchestrator: () => Promise.reject(new Error('not started')),
  openEngine: () => Promise.reject(new TypeError('images is undefined')),
};

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { ended } = startInProcess(argv, { cwd: folder, parts: NO_PARTS, version: '1.2.3' });
  const { code, stdout, stderr } = await ended;
  return { code, out: stdout, err: stderr };
}

describe('the help', () => {
  it('lists every command and the exit codes', async () => {
    for (const argv of [[], ['--help'], ['-h']]) {
      const { code, out } = await run(...argv);
      expect(code).toBe(0);
      for (const name of [
        'up',
        'invoke',
        'ps',
        'logs',
        'why',
        'events',
        'time',
        'down',
        'build',
        'images',
        'doctor',
        'completion',
      ]) {
        expect(out).toContain(`orchestrator ${name}`);
      }
      expect(out).toContain('Exit codes:');
    }
  });

  it('fits into 80 columns, with groups and examples and without types', async () => {
    const { out } = await run('up', '--help');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toContain('How environments live:');
    expect(out).toContain('orchestrator up examples/hello --detach');
    expect(out).not.toMatch(/\[(string|boolean|array|number)\]/);
    expect(out).not.toContain('detached-child');
    expect((await run('invoke', '--help')).out).not.toContain('[string]');
  });

  it('prints the version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' });
  });

  it('prints a completion script that names the program', async () => {
    const { code } = await run('completion');
    expect(code).toBe(0);
  });
});

describe('a mistake on the command line', () => {
  it.each([
    [['upp'], 'There is no command upp', 'Did you mean orchestrator up?'],
    [
      ['up', '--frezze-after', '1'],
      '`orchestrator up` has no flag --frezze-after',
      'Did you mean --freeze-after?',
    ],
    [['up', '--no-wach'], '`orchestrator up` has no flag --wach', 'Did you mean --no-watch?'],
    [['ps', '--jsn'], '`orchestrator ps` has no flag --jsn', 'Did you mean --json?'],
    [['logs', '-x'], '`orchestrator logs` has no flag -x', '`orchestrator logs --help`'],
    [['ps', 'hello'], '`orchestrator ps` takes no argument hello', 'Usage: orchestrator ps.'],
    [['up', '-'], '`orchestrator up` takes no argument -', 'Usage: orchestrator up [dir].'],
    [
      ['invoke'],
      '`orchestrator invoke` needs <function>',
      'Usage: orchestrator invoke <function>.',
    ],
    [['up', '--prot', '4000'], '`orchestrator up` has no flag --prot', 'Did you mean --port?'],
    [['up', '--port='], '--port must be a whole number, not empty', '--port 4'],
    [['up', '--strict=yes'], '--strict takes no value yes', 'Write --strict or leave it out.'],
    [['stop'], 'There is no command stop', 'Did you mean orchestrator down?'],
    [['version'], 'There is no command version', 'Did you mean orchestrator --version?'],
    [['build', '--runtime', 'nodejs22'], '--runtime cannot be nodejs22', 'nodejs22.x'],
    [['up', '--port'], '--port needs a value', '`orchestrator up --help`'],
    [['up', '--port', 'x'], '--port must be a whole number, not x', '--port 4'],
    [['up', '--base', 'pulbic'], '--base cannot be pulbic', 'Did you mean public?'],
    [['up', '--freeze-after', 'soon'], '--freeze-after must be a duration, not soon', 'never'],
    [
      ['up', '--request-rate', 'fast'],
      '--request-rate must be a whole number or unlimited, not fast',
      '10',
    ],
    [['up', '--idle-timeout', 'soon'], '--idle-timeout must be a duration, not soon', '10m'],
    [['up', '--parameter', 'x'], '--parameter must be Name=value, not x', 'Repeat the flag'],
    [['--verison'], 'There is no flag --verison without a command', 'Did you mean --version?'],
  ])('%j is refused with exit code 2 and a remedy', async (argv, message, remedy) => {
    const { code, out, err } = await run(...argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(`Error: ${message}`);
    expect(err).toMatch(/^Remedy: /m);
    expect(err).toContain(remedy);
  });
});

describe('an error', () => {
  it('is its message and its remedy, with the cause only when asked for', async () => {
    const plain = await run('up');
    expect(plain).toEqual({
      code: 2,
      out: '',
      err: 'Error: No template is in the folder\nRemedy: Make one.\n',
    });
    const verbose = await run('up', '--verbose');
    expect(verbose.err).toContain('Code: config-not-found\nCaused by: ENOENT\n');
    expect(verbose.err).not.toContain('    at ');
  });

  it('is one line of JSON with --json', async () => {
    const { err } = await run('up', '--json');
    expect(JSON.parse(err)).toMatchObject({
      event: 'failed',
      error: { code: 'config-not-found', remedy: 'Make one.' },
    });
  });

  it('is called a fault of ours when it is none of the catalogue, with its stack when asked for', async () => {
    const plain = await run('images');
    expect(plain.code).toBe(3);
    expect(plain.err).toContain('fault of Orchestrator');
    expect(plain.err).not.toContain('    at ');
    expect((await run('images', '--verbose')).err).toContain('    at ');
  });

  it('says where no orchestrator was found, for every command that needs one', async () => {
    for (const argv of [['ps'], ['logs'], ['why', 'r1'], ['invoke', 'hello', '-d', '{}']]) {
      const { code, err } = await run(...argv);
      expect(code).toBe(3);
      expect(err).toContain(`No orchestrator runs for ${folder}`);
      expect(err).toContain('orchestrator up');
    }
  });
});

describe('down with nothing running', () => {
  it('is content', async () => {
    expect(await run('down')).toMatchObject({ code: 0, err: 'No orchestrator is running here.\n' });
    expect((await run('down', '--json')).out).toBe('{"stopped":false}\n');
  });
});
