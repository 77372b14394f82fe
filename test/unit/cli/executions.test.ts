import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startFake, type FakeOrchestrator } from '../../support/fake-orchestrator.js';
import { startInProcess } from '../../support/memory-host.js';
import type { CliRun } from '../../support/run-cli.js';
import { FUNCTION } from '../../support/state-machine-run.js';
import { StepFunctionsServer } from '../../support/step-functions-server.js';

const WORKS = { StartAt: 'T', States: { T: { Type: 'Task', Resource: FUNCTION, End: true } } };

let project: string;
let fake: FakeOrchestrator;
let states: StepFunctionsServer;
beforeEach(async () => {
  project = mkdtempSync(join(tmpdir(), 'cli-executions-'));
  states = await new StepFunctionsServer().start();
  const stateDirectory = join(project, '.orchestrator');
  fake = await startFake({ stateDirectory, aws: states.awsEndpoint });
});
afterEach(async () => {
  await fake.destroy();
  await states.destroy();
  rmSync(project, { recursive: true, force: true });
});

function cli(...args: string[]): Promise<CliRun> {
  return startInProcess(args, { cwd: project }).ended;
}

describe('executions', () => {
  it('starts one and gives its output; one that fails ends with 1 and says why', async () => {
    await states.create('refunds', WORKS);
    const good = await cli('executions', 'start', 'refunds', '-d', '{"a":1}', '--wait');
    expect([good.code, good.stdout]).toEqual([0, '{"a":1}\n']);
    states.work = () => {
      throw new RangeError('too many');
    };
    const bad = await cli('executions', 'start', 'refunds', '-d', '{}', '--wait');
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain('The execution ended FAILED: RangeError: ');
    const arn = await cli('executions', 'start', 'refunds', '-d', '{}', '--execution-name', 'mine');
    expect(arn.stdout).toBe('arn:aws:states:us-east-1:123456789012:execution:refunds:mine\n');
  });

  it('lists those there are, of one machine or all', async () => {
    const one = await states.create('refunds', WORKS);
    const two = await states.create('fast', WORKS, 'EXPRESS');
    await states.ended(await states.execute(one, {}, 'mine'));
    await cli('executions', 'start', two, '-d', '{}', '--wait');
    const all = await cli('executions', '--json');
    const { executions } = JSON.parse(all.stdout) as { executions: Record<string, string>[] };
    expect(executions.map(({ type, status }) => [type, status])).toEqual([
      ['EXPRESS', 'SUCCEEDED'],
      ['STANDARD', 'SUCCEEDED'],
    ]);
    const some = await cli('executions', 'refunds');
    const [head, row] = some.stdout.split('\n');
    expect(head).toBe('MACHINE\tEXECUTION\tTYPE\tSTATUS\tAGE\tTOOK\tERROR');
    expect(row).toMatch(/^refunds\tmine\tSTANDARD\tSUCCEEDED\t/);
    expect(some.stderr).toBe('1 execution\n');
  });

  it('shows what one did, as lines, as a diagram and as a drawing', async () => {
    await states.ended(
      await states.execute(await states.create('refunds', WORKS), { a: 1 }, 'mine'),
    );
    const lines = (await cli('executions', 'show', 'mine')).stdout.split('\n');
    expect(lines[0]).toBe('arn:aws:states:us-east-1:123456789012:execution:refunds:mine');
    expect(lines[1]).toMatch(/^SUCCEEDED after /);
    expect(lines.slice(5, -1).map((line) => line.trim().split(/ {2}/)[1])).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    const diagram = await cli('executions', 'show', 'mine', '--mermaid');
    expect(diagram.stdout).toContain('state "T" as s1');
    const drawn = await cli('executions', 'show', 'mine', '--svg', 'run.svg');
    expect(drawn.stderr).toBe('Drawn into run.svg.\n');
    expect(readFileSync(join(project, 'run.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
    const nowhere = await cli('executions', 'show', 'mine', '--svg', 'no/such/run.svg');
    expect(nowhere.code).toBe(2);
  });

  it('says what it does not know, and what was meant', async () => {
    await states.create('refunds', WORKS);
    const machine = await cli('executions', 'start', 'refnds', '-d', '{}');
    expect(machine.code).toBe(2);
    expect(machine.stderr).toContain('Did you mean refunds?');
    const execution = await cli('executions', 'show', 'none');
    expect([execution.code, execution.stderr]).toEqual([
      3,
      expect.stringContaining("Execution Does Not Exist: 'none'"),
    ]);
    const action = await cli('executions', 'shwo', 'x');
    expect(action.code).toBe(2);
    expect(action.stderr).toContain('Did you mean show?');
    expect((await cli('executions', 'show')).code).toBe(2);
  });
});
