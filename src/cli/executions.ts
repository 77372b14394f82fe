/** `orchestrator executions`: what state machines have run, one of them whole, or a new one. */

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, OrchestratorError } from '../errors.js';
import type { ExecutionList, ExecutionStory } from '../step-functions/api/shown.js';
import type { ExecutionRecord } from '../step-functions/records.js';
import { AwsRefusal, createAdminClient, runOf, type AdminClient } from './admin-client.js';
import { STATE_OPTION, type Command, type CommandContext } from './command.js';
import { count, duration } from './format.js';
import { EXIT } from './host.js';
import { readEvent } from './invoke-event.js';
import { didYouMean } from './nearest.js';
import type { Paint } from './paint.js';
import type { Cell, Table } from './table.js';
import { timeline } from './timeline.js';

export const executions: Command = {
  name: 'executions',
  summary: 'List executions of state machines, show one with a picture, start one',
  about:
    'Times are in queue time, which waits of state machines follow: `time advance 1h` ends a wait. ' +
    'An execution is named by its ARN, its name, or the id at the end of an Express one.',
  positionals: {
    action: { describe: 'show, start, or the name of a state machine to list' },
    name: { describe: 'The execution to show, or the state machine to start' },
  },
  options: {
    data: { type: 'string', alias: 'd', describe: 'Input of the execution to start, as JSON' },
    file: { type: 'string', alias: 'f', describe: 'File with its input; - is standard input' },
    'execution-name': { type: 'string', describe: 'Name of the execution to start' },
    wait: { type: 'boolean', describe: 'Wait for its end; stdout gets its output' },
    mermaid: { type: 'boolean', describe: 'Show it as a Mermaid diagram' },
    svg: { type: 'string', describe: 'Draw it into this file' },
    ...STATE_OPTION,
  },
  examples: [
    ['executions', 'the newest ones of all state machines'],
    ['executions refunds', 'those of one state machine'],
    ['executions show 6f1c2d0e-8f0b-4c55-9a3e-1f7f3f1d2a4b --svg run.svg', 'what it did, drawn'],
    [`executions start refunds -d '{"order":7}' --wait`, 'a new one, and what it gives'],
  ],
  async run(context) {
    const { args } = context;
    const client = createAdminClient(runOf(context));
    const action = args.string('action');
    try {
      if (action === 'show') return await show(context, client, needed(context, 'an execution'));
      if (action === 'start')
        return await start(context, client, needed(context, 'a state machine'));
      if (args.string('name') !== undefined) throw unknownAction(action ?? '');
      return await list(context, client, action);
    } catch (error) {
      if (!(error instanceof AwsRefusal)) throw error;
      context.report.complain({
        message: error.message,
        remedy:
          '`orchestrator executions` lists what there is, `orchestrator sources` the machines.',
      });
      return EXIT.failed;
    }
  },
};

function needed({ args }: CommandContext, what: string): string {
  const name = args.string('name');
  if (name !== undefined) return name;
  const action = args.string('action') ?? '';
  throw new OrchestratorError(
    'config-invalid',
    `\`orchestrator executions ${action}\` needs ${what}`,
    { remedy: 'Copy its name from `orchestrator executions`.' },
  );
}

function unknownAction(action: string): OrchestratorError {
  return new OrchestratorError(
    'config-invalid',
    `the action of \`orchestrator executions\` is show or start, not ${action}`,
    { remedy: `${didYouMean(action, ['show', 'start'])}Leave it out to see the executions.` },
  );
}

async function list(
  { report }: CommandContext,
  client: AdminClient,
  machine: string | undefined,
): Promise<number> {
  const asked = machine === undefined ? {} : { machine };
  const found = (await client.aws(
    'states',
    'Orchestrator.ListAllExecutions',
    asked,
  )) as ExecutionList;
  if (report.json) {
    report.printJson(found);
    return EXIT.ok;
  }
  if (found.executions.length > 0) report.table(tableOf(found, report.paint));
  report.note(report.paintError.dim(count(found.executions.length, 'execution')));
  return EXIT.ok;
}

function tableOf({ nowMs, executions: records }: ExecutionList, paint: Paint): Table {
  return {
    columns: [
      { title: 'MACHINE' },
      { title: 'EXECUTION' },
      { title: 'TYPE' },
      { title: 'STATUS' },
      { title: 'AGE', align: 'right' },
      { title: 'TOOK', align: 'right' },
      { title: 'ERROR' },
    ],
    rows: records.map((record) => [
      machineOf(record),
      record.name,
      record.type,
      statusCell(record, paint),
      duration(Math.max(0, nowMs - record.startedAtMs)),
      record.stoppedAtMs === undefined ? '' : duration(record.stoppedAtMs - record.startedAtMs),
      record.error ?? '',
    ]),
  };
}

function statusCell({ status }: ExecutionRecord, paint: Paint): Cell {
  if (status === 'SUCCEEDED') return { text: status, style: paint.green };
  if (status === 'RUNNING') return { text: status, style: paint.cyan };
  return { text: status, style: paint.red };
}

async function show(context: CommandContext, client: AdminClient, name: string): Promise<number> {
  const { args, report, host } = context;
  const asked = { execution: name };
  const story = (await client.aws('states', 'Orchestrator.ShowExecution', asked)) as ExecutionStory;
  const file = args.string('svg');
  if (file !== undefined) await draw(story, resolve(host.cwd, file));
  if (args.flag('mermaid')) {
    const { mermaid } = await import('../step-functions/picture/mermaid.js');
    report.print(mermaid(await graphOf(story)).trimEnd());
    return EXIT.ok;
  }
  if (report.json) {
    report.printJson(story);
    return EXIT.ok;
  }
  if (file !== undefined) report.note(`Drawn into ${file}.`);
  else for (const line of timeline(story, report.paint)) report.print(line);
  return EXIT.ok;
}

async function draw(story: ExecutionStory, file: string): Promise<void> {
  const { svg } = await import('../step-functions/picture/svg.js');
  const { execution } = story;
  const took = (execution.stoppedAtMs ?? story.nowMs) - execution.startedAtMs;
  const text = await svg(await graphOf(story), {
    title: machineOf(execution),
    subtitle: `${execution.name} · ${execution.status} · ${duration(took)}`,
  });
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new OrchestratorError(
      'config-invalid',
      `the picture cannot be written: ${messageOf(error)}`,
      {
        remedy: 'Check the path after --svg.',
        cause: error,
      },
    );
  }
}

async function graphOf({ definition, events, execution }: ExecutionStory) {
  const { graphOf: graph } = await import('../step-functions/picture/graph.js');
  return graph({ definition, events, running: execution.status === 'RUNNING' });
}

async function start(context: CommandContext, client: AdminClient, name: string): Promise<number> {
  const { args, report } = context;
  const input = (await readEvent(context)).toString('utf8');
  const arn = await machineArn(client, name);
  const called = args.string('execution-name');
  const asked = { stateMachineArn: arn, input, ...(called === undefined ? {} : { name: called }) };
  const begun = (await client.aws('states', 'AWSStepFunctions.StartExecution', asked)) as {
    executionArn: string;
  };
  if (!args.flag('wait')) {
    if (report.json) report.printJson(begun);
    else report.print(begun.executionArn);
    return EXIT.ok;
  }
  report.note(report.paintError.dim(begun.executionArn));
  const { execution } = (await client.aws('states', 'Orchestrator.ShowExecution', {
    execution: begun.executionArn,
    wait: true,
  })) as ExecutionStory;
  if (report.json) report.printJson(execution);
  else if (execution.output !== undefined) report.print(execution.output);
  if (execution.status === 'SUCCEEDED') return EXIT.ok;
  const { status, error, cause } = execution;
  const why = [error, cause].filter((part) => part !== undefined).join(': ');
  report.complain({
    message: `the execution ended ${status}${why === '' ? '' : `: ${why}`}`,
    remedy: `\`orchestrator executions show ${execution.name}\` shows what it did.`,
  });
  return EXIT.functionFailed;
}

/** Those that have not run yet are in no list of executions. */
async function machineArn(client: AdminClient, name: string): Promise<string> {
  if (name.startsWith('arn:')) return name;
  const { stateMachines } = (await client.aws('states', 'AWSStepFunctions.ListStateMachines', {
    maxResults: 1000,
  })) as { stateMachines: readonly { name: string; stateMachineArn: string }[] };
  const found = stateMachines.find((machine) => machine.name === name);
  if (found !== undefined) return found.stateMachineArn;
  const names = stateMachines.map((machine) => machine.name);
  throw new OrchestratorError('config-invalid', `there is no state machine ${name}`, {
    remedy: `${didYouMean(name, names)}${names.length === 0 ? 'The project has none.' : `There are ${names.join(', ')}.`}`,
  });
}

function machineOf({ machineArn: arn }: ExecutionRecord): string {
  return arn.split(':')[6] ?? arn;
}
