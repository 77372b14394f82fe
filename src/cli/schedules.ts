/** `orchestrator schedules`: what is due when, and running one now. */

import type { SourceStatus } from '../view.js';
import { OrchestratorError } from '../errors.js';
import { parseArn } from '../stack/arns.js';
import { createAdminClient, runOf } from './admin-client.js';
import { STATE_OPTION, type Command, type CommandContext } from './command.js';
import { count } from './format.js';
import { EXIT } from './host.js';
import type { Table } from './table.js';

export const schedules: Command = {
  name: 'schedules',
  summary: 'List schedules and when they run next, or run one now',
  about:
    'Schedules follow queue time: `orchestrator time advance 24h` runs what would have run meanwhile.',
  positionals: {
    action: { describe: 'run; without it all schedules are listed' },
    name: { describe: 'The schedule to run, with its group where it has one' },
  },
  options: STATE_OPTION,
  examples: [
    ['schedules', 'of the project around this folder'],
    ['schedules run nightly', 'whatever its expression says'],
  ],
  async run(context) {
    const { args, report } = context;
    const action = args.string('action');
    if (action !== undefined) return runNow(context, action, args.string('name'));
    const all = await createAdminClient(runOf(context)).sources();
    const list = all
      .filter(({ kind }) => kind === 'schedule')
      .sort((one, other) => (one.next?.atMs ?? Infinity) - (other.next?.atMs ?? Infinity));
    if (report.json) {
      report.printJson({ schedules: list });
      return EXIT.ok;
    }
    if (list.length > 0) report.table(tableOf(list));
    report.note(report.paintError.dim(count(list.length, 'schedule')));
    return EXIT.ok;
  },
};

async function runNow(
  context: CommandContext,
  action: string,
  name: string | undefined,
): Promise<number> {
  const { report } = context;
  if (action !== 'run' || name === undefined) {
    const wrong =
      action === 'run'
        ? '`orchestrator schedules run` needs the name of a schedule'
        : `the action of \`orchestrator schedules\` is run, not ${action}`;
    throw new OrchestratorError('config-invalid', wrong, {
      remedy: 'Write `orchestrator schedules run <name>`, or leave it out to list them.',
    });
  }
  if (!(await createAdminClient(runOf(context)).runSchedule(name))) {
    report.complain({
      message: `there is no schedule ${name}`,
      remedy: '`orchestrator schedules` lists them.',
    });
    return EXIT.failed;
  }
  if (report.json) report.printJson({ schedule: name, done: 'run' });
  else report.note('It runs now.');
  return EXIT.ok;
}

function tableOf(list: readonly SourceStatus[]): Table {
  return {
    columns: [
      { title: 'SCHEDULE' },
      { title: 'EXPRESSION' },
      { title: 'STATE' },
      { title: 'NEXT' },
      { title: 'NEXT (UTC)' },
      { title: 'TO' },
    ],
    rows: list.map(({ id, from, state, next, to }) => [
      id,
      from,
      state,
      next === undefined ? '-' : localTime(next.atMs, next.zone),
      next === undefined ? '-' : `${new Date(next.atMs).toISOString().slice(0, 16)}Z`,
      to.split(' ').map(nameOf).join(', '),
    ]),
  };
}

/** In the schedule's own zone; those in UTC in that of whoever reads. */
function localTime(ms: number, zone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...(zone === 'UTC' ? {} : { timeZone: zone }),
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const { timeZone } = format.resolvedOptions();
  return `${format.format(ms)} ${timeZone}`;
}

function nameOf(text: string): string {
  const arn = parseArn(text);
  return arn === undefined ? text : arn.resource.replace(/^function:/, '');
}
