import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { InvocationRecord } from '../../../src/view.js';
import {
  fakeEnvironment,
  fakeLine,
  startFake,
  type FakeOrchestrator,
} from '../../support/fake-orchestrator.js';
import { startInProcess } from '../../support/memory-host.js';
import { startCli, type CliRun } from '../../support/run-cli.js';

let project: string;
let fake: FakeOrchestrator;

beforeEach(async () => {
  project = mkdtempSync(join(tmpdir(), 'cli-running-'));
  fake = await startFake({ stateDirectory: join(project, '.orchestrator') });
});

afterEach(async () => {
  await fake.destroy();
  rmSync(project, { recursive: true, force: true });
});

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: project }).ended;
}

describe('ps', () => {
  it('prints tab-separated lines to a pipe', async () => {
    fake.view.environmentList = [
      fakeEnvironment('e1'),
      fakeEnvironment('e2', { state: 'invoking', ageMs: 400, startedBecause: 'all were\tbusy' }),
    ];
    const { code, stdout, stderr } = await cli('ps');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'ENVIRONMENT\tFUNCTION\tSTATE\tINITIALIZED\tAGE\tINVOCATIONS\tMEMORY\tSTARTED BECAUSE',
      'e1\thello\tfrozen\ton-demand\t1 min 1 s\t3\t38 / 128 MB\tit is the first of the function',
      'e2\thello\tinvoking\ton-demand\t400 ms\t3\t38 / 128 MB\tall were busy',
      '',
    ]);
    expect(stderr).toBe('2 functions, 2 environments\n');
  });

  it('colours and aligns nothing but tabs unless told to, and then only colours', async () => {
    fake.view.environmentList = [fakeEnvironment('e1')];
    const { stderr } = await startInProcess(['ps'], {
      cwd: project,
      environment: { FORCE_COLOR: '1' },
    }).ended;
    expect(stderr).toContain('\u001B[2m');
    const environment = { FORCE_COLOR: '1', NO_COLOR: '1' };
    const plain = await startInProcess(['ps'], { cwd: project, environment }).ended;
    expect(plain.stderr).not.toContain('\u001B');
  });

  it('shows what environments hold of the memory only where it is asked for', async () => {
    fake.view.environmentList = [fakeEnvironment('e1')];
    const [title, row] = (await cli('ps', '--wide')).stdout.split('\n');
    expect(title).toContain('\tMEMORY\tHELD\tSTARTED BECAUSE');
    expect(row).toContain('\t38 / 128 MB\t7.3 MB\t');
    const { stdout } = await cli('ps', '--wide', '--json');
    const { environments } = JSON.parse(stdout) as { environments: object[] };
    expect(environments).toEqual([{ ...fake.view.environmentList[0], memoryHeldMb: 7.25 }]);
  });

  it('says which functions cannot run', async () => {
    const [first] = fake.view.functionList;
    fake.view.functionList = [{ ...first!, state: 'failed', problem: 'no base for python3.10' }];
    expect((await cli('ps')).stderr).toContain('! hello cannot run: no base for python3.10');
  });

  it('prints everything as JSON', async () => {
    fake.view.environmentList = [fakeEnvironment('e1')];
    const { stdout } = await cli('ps', '--json');
    expect(JSON.parse(stdout)).toEqual({
      functions: fake.view.functionList,
      environments: fake.view.environmentList,
    });
  });

  it('ends quietly when its reader has seen enough', async () => {
    fake.view.environmentList = Array.from({ length: 5000 }, (_, index) =>
      fakeEnvironment(`e${index}`),
    );
    const { child, ended } = startCli(['ps'], { cwd: project });
    child.stdout.destroy();
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain('EPIPE');
  });
});

describe('invoke', () => {
  it('prints the answer byte for byte and the log to stderr', async () => {
    const { code, stdout, stderr } = await cli('invoke', 'hello', '-d', '{"name": "Welt"}');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"event":{"name": "Welt"}}' });
    expect(stderr).toBe('START RequestId: r1\nhello was here\nEND RequestId: r1\n');
  });

  it('reads the event from a file, from a pipe, and takes {} for an empty one', async () => {
    writeFileSync(join(project, 'event.json'), '[1]');
    expect((await cli('invoke', 'hello', '-f', 'event.json')).stdout).toBe('{"event":[1]}');
    const options = { cwd: project, input: '[2]' };
    for (const argv of [
      ['invoke', 'hello'],
      ['invoke', 'hello', '-f', '-'],
    ]) {
      expect((await startInProcess(argv, options).ended).stdout).toBe('{"event":[2]}');
    }
    expect((await cli('invoke', 'hello')).stdout).toBe('{"event":{}}');
  });

  it('exits with 1 when the function failed, and still prints what it answered', async () => {
    const { code, stdout, stderr } = await cli('invoke', 'breaks', '-d', '{}', '--no-logs');
    expect(code).toBe(1);
    expect(stdout).toBe('{"errorType":"Error","errorMessage":"no"}');
    expect(stderr).toBe('The function ended with an error (Unhandled).\n');
  });

  it('puts answer, log and error into one object with --json', async () => {
    const { stdout } = await cli('invoke', 'breaks', '-d', '{}', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      requestId: 'r1',
      functionError: 'Unhandled',
      payload: { errorType: 'Error' },
    });
  });

  it('suggests the nearest name for a misspelt function', async () => {
    const { code, stderr } = await cli('invoke', 'helo', '-d', '{}');
    expect(code).toBe(2);
    expect(stderr).toContain('There is no function helo');
    expect(stderr).toContain('Did you mean hello? Functions here: hello, breaks.');
  });

  it('says that there are no versions or aliases when one is asked for', async () => {
    const { code, stderr } = await cli('invoke', 'hello:prod', '-d', '{}');
    expect(code).toBe(2);
    expect(stderr).toContain('The function hello has no version or alias prod');
    expect(stderr).toContain('There is only $LATEST here: leave :prod out.');
  });

  it('tells a refusal and a bad event from a failure of the function', async () => {
    fake.view.functionList = [...fake.view.functionList];
    const refused = await cli('invoke', 'throttled', '-d', '{}');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('429 TooManyRequestsException');
    expect(refused.stderr).toMatch(/^Remedy: .*--concurrency/m);
    const bad = await cli('invoke', 'hello', '-d', '{name:1}');
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('The event must be JSON');
    expect((await cli('invoke', 'hello', '-d', '1', '-f', 'x')).code).toBe(2);
    expect((await cli('invoke', 'hello', '-f', 'none.json')).stderr).toContain('cannot be read');
    // It never ends.
    const endless = await cli('invoke', 'hello', '-f', '/dev/zero');
    expect(endless.code).toBe(2);
    expect(endless.stderr).toContain('the most Lambda takes');
  });

  it('says so when nobody listens where the run file points', async () => {
    const path = join(project, '.orchestrator', 'run.json');
    const run = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...run, endpoint: 'http://127.0.0.1:1' }));
    const { code, stderr } = await cli('invoke', 'hello', '-d', '{}');
    expect(code).toBe(3);
    expect(stderr).toContain(`(process ${process.pid}) does not answer at http://127.0.0.1:1`);
    expect(stderr).toContain('orchestrator down --now');
  });
});

describe('logs', () => {
  it('prints time, function, request id and text of the newest lines', async () => {
    fake.view.kept = [
      fakeLine('one'),
      fakeLine('two'),
      { ...fakeLine('between'), functionName: 'other', requestId: undefined } as never,
    ];
    expect((await cli('logs', '-n', '2')).stdout).toBe(
      '2026-11-02T12:34:56.789Z hello r1 two\n2026-11-02T12:34:56.789Z other - between\n',
    );
    expect((await cli('logs', 'hello', '--request', 'r1', '-n', '1')).stdout).toContain('two');
    const json = (await cli('logs', '--json', '-n', '2')).stdout.split('\n')[0] as string;
    expect(JSON.parse(json)).toEqual(fakeLine('two'));
  });

  it('suggests the nearest name for a misspelt function', async () => {
    const { code, stderr } = await cli('logs', 'braeks');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean breaks?');
  });

  it('follows new lines until Ctrl-C', async () => {
    fake.view.kept = [fakeLine('kept')];
    const { ended, shows, signal } = startInProcess(['logs', '-f'], { cwd: project });
    await shows('kept');
    fake.view.write(fakeLine('new'));
    await shows('new');
    signal('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });

  it('follows until the orchestrator stops, and says so', async () => {
    fake.view.kept = [fakeLine('kept')];
    const { ended, shows } = startInProcess(['logs', '-f'], { cwd: project });
    await shows('kept');
    await fake.close();
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toBe('The orchestrator stopped.\n');
  });

  it('stops following when its reader leaves', async () => {
    fake.view.kept = [fakeLine('kept')];
    const { child, ended, shows } = startCli(['logs', '-f'], { cwd: project });
    await shows('kept');
    child.stdout.destroy();
    // The first write into a closed pipe tells; which one that is depends on the system.
    const writing = setInterval(() => fake.view.write(fakeLine('new')), 5);
    const { code } = await ended;
    clearInterval(writing);
    expect(code).toBe(0);
  });
});

describe('why', () => {
  const record: InvocationRecord = {
    requestId: 'r1',
    functionName: 'hello',
    version: '$LATEST',
    environmentId: 'e1',
    startedAtMs: 0,
    durationMs: 12.5,
    billedMs: 13,
    initMs: 301,
    status: 'succeeded',
    start: 'cold',
    cause: 'all 2 environments were busy',
  };

  it('answers in one sentence and the figures', async () => {
    fake.view.records.set('r1', record);
    const { code, stdout } = await cli('why', 'r1');
    expect(code).toBe(0);
    expect(stdout).toContain('Cold start: all 2 environments were busy.\n');
    expect(stdout).toContain('init 301 ms, billed 13 ms');
    expect(JSON.parse((await cli('why', 'r1', '--json')).stdout)).toEqual(record);
  });

  it('says what extensions took of it', async () => {
    fake.view.records.set('r1', { ...record, extensionOverheadMs: 4 });
    const { stdout } = await cli('why', 'r1');
    expect(stdout).toMatch(/13 ms, 4\.?0* ms of it extensions after the response/);
  });

  it('says that a request is not known', async () => {
    const { code, stderr } = await cli('why', 'r9');
    expect(code).toBe(3);
    expect(stderr).toContain('No invocation r9 is kept');
  });
});

describe('the state folder', () => {
  it('is named with --state from anywhere', async () => {
    const argv = ['ps', '--state', join(project, '.orchestrator')];
    expect((await startInProcess(argv, { cwd: tmpdir() }).ended).code).toBe(0);
  });
});
