import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { isAlive } from '../../../src/process-identity.js';
import { readRun } from '../../../src/state/run-file.js';
import { fakeParts } from '../../support/fake-parts.js';
import { startInProcess, type InProcess } from '../../support/memory-host.js';
import { startCli, type CliProcess, type CliRun } from '../../support/run-cli.js';

/** Each starts several Node.js processes. */
jest.setTimeout(60_000);

let project: string;
let state: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'cli-up-'));
  state = join(project, '.orchestrator');
});

afterEach(async () => {
  // A run inside this process has ended with its test, and this process must not be waited for.
  if (readRun(state)?.process.pid !== process.pid) await cli('down', '--now');
  rmSync(project, { recursive: true, force: true });
});

function up(environment: Record<string, string> = {}, ...args: string[]): CliProcess {
  return startCli(['up', ...args], { cwd: project, environment });
}

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: project }).ended;
}

/** The same inside this process: real signals and real exits are not what is tested. */
function upHere(environment: Record<string, string> = {}, ...args: string[]): InProcess {
  return startInProcess(['up', ...args], { cwd: project, parts: fakeParts(environment) });
}

const READY = 'Invoke one';

describe('up', () => {
  it('shows what it does, where it is, how to use it, and the log as it happens', async () => {
    const { child, ended, shows } = up({ FAKE_NOTICE: '1' });
    await shows('a line as it happens');
    const endpoint = readRun(state)?.endpoint as string;
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain('1 setting of');
    expect(stderr).toContain('Resources.Hello.Properties.Tracing  ignored: there is no X-Ray here');
    expect(stderr).toContain('… Image for nodejs22.x\n');
    expect(stderr).toContain('✓ Image for nodejs22.x  orchestrator/nodejs22.x:1a2b3c\n');
    expect(stdout).toContain(`Lambda API  ${endpoint}\n`);
    expect(stdout).toContain('hello\tnodejs22.x\tindex.handler\t128 MB\t3 s\tready\n');
    expect(stdout).toContain(`orchestrator invoke hello -d '{}' --state ${state}\n`);
    expect(stdout).toContain(`curl -d '{}' ${endpoint}/2015-03-31/functions/hello/invocations\n`);
    expect(stderr).toContain(
      'Stopping. 1 invocation still running may finish; Ctrl-C again ends it at once.',
    );
    expect(stderr).toContain('Stopped. Nothing is left running.');
    expect(readRun(state)).toBeUndefined();
  });

  it('shows extensions where there are some', async () => {
    const { signal, ended, shows } = upHere({ FAKE_EXTENSIONS: 'agent,tracer' });
    await shows(READY);
    signal('SIGINT');
    const { stdout } = await ended;
    expect(stdout).toContain(
      'extended\tnodejs22.x\tindex.handler\t128 MB\t3 s\tagent, tracer\tready\n',
    );
    expect(stdout).toContain('hello\tnodejs22.x\tindex.handler\t128 MB\t3 s\t-\tready\n');
  });

  it('shows where event sources listen, also to programs and from the background', async () => {
    const address = 'GET    http://127.0.0.1:3000/hello';
    const { signal, ended, shows } = upHere({ FAKE_ADDRESS: address });
    await shows(READY);
    signal('SIGINT');
    expect((await ended).stdout).toContain(
      `SOURCE\tADDRESS\tWHAT IS THERE\nHTTP API\t${address}\thello\n`,
    );
    const { stdout } = await up({ FAKE_ADDRESS: address }, '--detach', '--json').ended;
    expect(JSON.parse(stdout.trim().split('\n').at(-1) as string)).toMatchObject({
      addresses: [{ source: 'HTTP API', address, about: 'hello' }],
    });
  });

  it('prints one JSON object per event with --json', async () => {
    const { signal, ended, shows } = upHere({ FAKE_NOTICE: '1' }, '--json');
    await shows('a line as it happens');
    signal('SIGTERM');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual([
      'notice',
      'progress',
      'progress',
      'progress',
      'message',
      'ready',
      'log',
      'stopping',
      'stopped',
    ]);
  });

  it('ends at once on a second Ctrl-C, with exit code 130', async () => {
    const { signal, ended, shows } = upHere({ FAKE_DRAIN: 'never' });
    await shows(READY);
    signal('SIGINT');
    await shows('Stopping.');
    signal('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('Ending now.');
  });

  it('does not take a repeated SIGTERM for impatience', async () => {
    const { signal, ended, shows } = upHere({ FAKE_DRAIN: 'never' });
    await shows(READY);
    signal('SIGTERM');
    await shows('Stopping.');
    signal('SIGTERM');
    const { code: refusal } = await upHere().ended;
    expect(refusal).toBe(3);
    signal('SIGINT');
    expect((await ended).code).toBe(130);
  });

  it('gives up a start on Ctrl-C', async () => {
    const { signal, ended, shows } = upHere({ FAKE_START: 'hangs' });
    await shows('… Image for nodejs22.x');
    signal('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain('Giving up the start');
    expect(stderr).not.toContain('Error');
  });

  it('shows why a start failed', async () => {
    const { code, stderr } = await upHere({ FAKE_START: 'fails' }).ended;
    expect(code).toBe(3);
    expect(stderr).toContain('✗ Image for nodejs22.x  exit code 1');
    expect(stderr).toContain(
      'Error: The image of nodejs22.x could not be built\nRemedy: Read the lines above.\n',
    );
  });

  it('drains when nobody reads its output any more', async () => {
    const { child, ended, shows } = up();
    await shows(READY);
    child.stdout.destroy();
    child.stderr.destroy();
    child.kill('SIGINT');
    await ended;
    expect(readRun(state)).toBeUndefined();
  });

  it('draws steps in progress on a terminal, and leaves only how they ended', async () => {
    const options = { cwd: project, parts: fakeParts({}), terminal: 60 };
    const { signal, ended, shows } = startInProcess(['up'], options);
    await shows(READY);
    signal('SIGINT');
    const { stdout, stderr } = await ended;
    expect(stderr).toContain('\u001B[?25l');
    expect(stderr.lastIndexOf('\u001B[?25h')).toBeGreaterThan(stderr.lastIndexOf('\u001B[?25l'));
    expect(stdout).toContain('FUNCTION');
    expect(stdout).not.toContain('\t');
  });

  it('is refused where one runs already', async () => {
    const { shows, signal, ended } = upHere();
    await shows(READY);
    const { code, stderr } = await upHere().ended;
    expect(code).toBe(3);
    expect(stderr).toContain(`process ${process.pid}, at http://127.0.0.1:`);
    signal('SIGINT');
    await ended;
  });

  it('runs exactly once when two are started together', async () => {
    const runs = [up(), up()];
    const outcomes = await Promise.all(
      runs.map((run) =>
        run.shows(READY).then(
          () => 'ready',
          () => 'ended',
        ),
      ),
    );
    expect(outcomes.sort()).toEqual(['ended', 'ready']);
  });
});

describe('up --detach', () => {
  it('returns when it is ready and leaves it running until down', async () => {
    const started = await up({}, '--detach').ended;
    expect(started.code).toBe(0);
    const run = readRun(state);
    expect(started.stdout).toContain(`Lambda API  ${String(run?.endpoint)}\n`);
    expect(started.stdout).toContain('hello\tnodejs22.x\tindex.handler\t128 MB\t3 s\tready\n');
    expect(started.stderr).toContain('✓ Image for nodejs22.x');
    expect(started.stderr).toContain(join(state, 'up.log'));
    expect((await cli('invoke', 'hello', '-d', '7')).stdout).toBe('{"event":7}');

    const stopped = await cli('down');
    expect(stopped.code).toBe(0);
    expect(run === undefined ? undefined : isAlive(run.process)).toBe(false);
    expect(existsSync(join(state, 'run.json'))).toBe(false);
    expect(readFileSync(join(state, 'up.log'), 'utf8')).toContain('Stopped.');
    expect(statSync(join(state, 'up.log')).mode & 0o777).toBe(0o600);
  });

  it('lists what is not taken as written before it starts', async () => {
    const { stderr } = await up({ FAKE_NOTICE: '1' }, '--detach').ended;
    expect(stderr).toContain('Resources.Hello.Properties.Tracing  ignored: there is no X-Ray here');
  });

  // What a process was started with is told by Linux, which is where glibc is.
  const itOnLinux = process.platform === 'linux' ? it : it.skip;

  itOnLinux('gives it two heaps of glibc, unless people have asked for more', async () => {
    const heaps = (): string | undefined =>
      readFileSync(`/proc/${readRun(state)?.process.pid}/environ`, 'utf8')
        .split('\0')
        .find((variable) => variable.startsWith('MALLOC_ARENA_MAX='));
    await up({ MALLOC_ARENA_MAX: '' }, '--detach').ended;
    expect(heaps()).toBe('MALLOC_ARENA_MAX=');
    await cli('down');
    await up({}, '--detach').ended;
    expect(heaps()).toBe('MALLOC_ARENA_MAX=2');
  });

  it('prints one object with --json', async () => {
    const { stdout } = await up({}, '--detach', '--json').ended;
    const last = stdout.trim().split('\n').at(-1) as string;
    const run = readRun(state);
    expect(JSON.parse(last)).toMatchObject({
      event: 'ready',
      endpoint: run?.endpoint,
      functions: expect.arrayContaining([expect.objectContaining({ name: 'hello' })]),
      pid: run?.process.pid,
      stateDirectory: state,
    });
  });

  it('shows the error of the process it started', async () => {
    const { code, stderr } = await up({ FAKE_START: 'fails' }, '--detach').ended;
    expect(code).toBe(3);
    expect(stderr).toContain(
      'Error: The image of nodejs22.x could not be built\nRemedy: Read the lines above.\n',
    );
  });

  it('shows the last words of a process that died without an error', async () => {
    const { code, stderr } = await up({ FAKE_START: 'dies' }, '--detach').ended;
    expect(code).toBe(3);
    expect(stderr).toContain(
      'The orchestrator ended (9) before it was ready:\n… Image for nodejs22.x',
    );
  });

  it('takes the process it started with it when it is interrupted', async () => {
    const { child, ended, shows } = up({ FAKE_START: 'hangs' }, '--detach');
    await shows('… Image for nodejs22.x');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect((await cli('down')).stderr).toBe('No orchestrator is running here.\n');
  });

  it('leaves the log of a running one alone when it is refused', async () => {
    await up({}, '--detach').ended;
    const before = readFileSync(join(state, 'up.log'), 'utf8');
    const { code, stderr } = await up({}, '--detach').ended;
    expect(code).toBe(3);
    expect(stderr).toContain('already runs');
    expect(readFileSync(join(state, 'up.log'), 'utf8').startsWith(before)).toBe(true);
  });
});

describe('doctor', () => {
  it('exits with 1 and shows each failed check with its remedy', async () => {
    const { code, stdout } = await startCli(['doctor', '--port', '0'], { cwd: project }).ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✓ Node\.js/m);
    expect(stdout).toMatch(
      /^✗ Engine +the container engine does not answer\n +Remedy: Start it\.$/m,
    );
    expect(stdout).toMatch(/^- Freezing +needs the engine$/m);
  });
});
