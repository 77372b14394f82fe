/** `orchestrator ps`: the environments there are, and functions that are not ready. */

import type { EnvironmentStatus, FunctionStatus } from '../view.js';
import { createAdminClient, runOf } from './admin-client.js';
import { STATE_OPTION, type Command } from './command.js';
import { count, duration } from './format.js';
import { EXIT } from './host.js';
import type { Paint } from './paint.js';
import type { Report } from './report.js';
import type { Cell, Style, Table } from './table.js';

export const ps: Command = {
  name: 'ps',
  summary: 'List execution environments',
  options: {
    wide: { type: 'boolean', describe: 'With the memory of the machine that each one holds now' },
    ...STATE_OPTION,
  },
  examples: [
    ['ps', 'of the project around this folder'],
    ['ps --wide', 'with the memory they hold: runtime, container and network'],
    ['ps --json | jq .functions', 'everything, for programs'],
  ],
  async run({ args, host, report }) {
    const client = createAdminClient(runOf({ args, host }));
    const wide = args.flag('wide');
    const status = await client.status({ memory: wide });
    if (report.json) {
      report.printJson(status);
      return EXIT.ok;
    }
    report.table(environmentTable(status.environments, report.paint, wide));
    summarise(report, status.functions, status.environments.length);
    if (status.services !== undefined) report.note(`Services: ${status.services}`);
    return EXIT.ok;
  },
};

function environmentTable(
  environments: readonly EnvironmentStatus[],
  paint: Paint,
  wide: boolean,
): Table {
  // Most functions have none.
  const extended = environments.some(({ extensions }) => extensions !== undefined);
  return {
    columns: [
      { title: 'ENVIRONMENT' },
      { title: 'FUNCTION' },
      { title: 'STATE' },
      { title: 'INITIALIZED' },
      { title: 'AGE', align: 'right' },
      { title: 'INVOCATIONS', align: 'right' },
      { title: 'MEMORY', align: 'right' },
      ...(wide ? [{ title: 'HELD', align: 'right' } as const] : []),
      ...(extended ? [{ title: 'EXTENSIONS' }] : []),
      { title: 'STARTED BECAUSE' },
    ],
    rows: environments.map((environment) => [
      environment.id,
      functionCell(environment),
      stateCell(environment.state, paint),
      environment.initializationType,
      duration(environment.ageMs),
      String(environment.invocations),
      memory(environment),
      ...(wide ? [held(environment)] : []),
      ...(extended ? [extensionsCell(environment)] : []),
      environment.startedBecause,
    ]),
  };
}

function functionCell({ functionName, version }: EnvironmentStatus): string {
  return version === '$LATEST' ? functionName : `${functionName}:${version}`;
}

function extensionsCell({ extensions = [] }: EnvironmentStatus): string {
  if (extensions.length === 0) return '-';
  return extensions.map(({ name, state }) => `${name} (${state})`).join(', ');
}

function stateCell(state: string, paint: Paint): Cell {
  const styles: Readonly<Record<string, Style>> = {
    provisioning: paint.yellow,
    initializing: paint.yellow,
    snapshotted: paint.cyan,
    restoring: paint.green,
    restarting: paint.yellow,
    reinitializing: paint.yellow,
    invoking: paint.green,
    completing: paint.green,
    thawing: paint.green,
    freezing: paint.cyan,
    frozen: paint.cyan,
    'shutting-down': paint.dim,
    'reset-due': paint.red,
    resetting: paint.red,
    reset: paint.red,
    stopping: paint.dim,
    stopped: paint.dim,
  };
  const style = styles[state];
  return style === undefined ? { text: state } : { text: state, style };
}

function memory(environment: EnvironmentStatus): string {
  const limit = `${environment.memoryLimitMb} MB`;
  return environment.memoryPeakMb === undefined ? limit : `${environment.memoryPeakMb} / ${limit}`;
}

function held({ memoryHeldMb: mb }: EnvironmentStatus): string {
  return mb === undefined ? '-' : `${mb.toFixed(1)} MB`;
}

function summarise(
  report: Report,
  functions: readonly FunctionStatus[],
  environments: number,
): void {
  const waiting = functions.reduce((sum, entry) => sum + entry.waiting, 0);
  const waits = waiting === 0 ? '' : `, ${count(waiting, 'invocation')} waiting`;
  report.note(
    report.paintError.dim(
      `${count(functions.length, 'function')}, ${count(environments, 'environment')}${waits}`,
    ),
  );
  for (const entry of functions) {
    if (entry.state === 'building') report.note(`${entry.name} is being built`);
    if (entry.state === 'failed')
      report.warn(`${entry.name} cannot run: ${entry.problem ?? 'unknown'}`);
  }
}
