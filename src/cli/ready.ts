/** What `up` says once it is ready: where it is, how to use it. */

import type { FunctionStatus } from '../view.js';
import type { Config } from '../config/config.js';
import type { EngineDescription } from '../engine/engine.js';
import type { SourceAddress } from '../sources/source.js';
import type { CommandContext } from './command.js';
import { shellWord } from './format.js';
import type { Report } from './report.js';
import type { Cell } from './table.js';

/** What there is to be said of a run that is ready. */
export interface ReadyRun {
  readonly endpoint: string;
  readonly engine: EngineDescription;
  readonly functions: readonly FunctionStatus[];
  readonly addresses: readonly SourceAddress[];
}

export function showReady(
  { report, host }: Pick<CommandContext, 'report' | 'host'>,
  config: Config,
  { endpoint, engine, functions, addresses }: ReadyRun,
  more: Readonly<Record<string, unknown>> = {},
): void {
  for (const warning of engine.warnings) report.warn(warning);
  if (report.json) {
    report.printJson({ event: 'ready', endpoint, engine, functions, addresses, ...more });
    return;
  }
  const { paint } = report;
  report.print('');
  report.print(`${paint.bold('Lambda API')}  ${paint.cyan(endpoint)}`);
  report.print(
    `${paint.bold('Engine')}      ${engine.name} ${engine.version}, freezing by ${engine.freezer}`,
  );
  report.print('');
  const extended = functions.some(({ extensions }) => extensions !== undefined);
  report.table({
    columns: [
      { title: 'FUNCTION' },
      { title: 'RUNTIME' },
      { title: 'HANDLER' },
      { title: 'MEMORY', align: 'right' },
      { title: 'TIMEOUT', align: 'right' },
      ...(extended ? [{ title: 'EXTENSIONS' }] : []),
      { title: 'STATE' },
    ],
    rows: functions.map((entry) => [
      { text: entry.name, style: paint.bold },
      entry.runtime,
      entry.handler,
      `${entry.memoryMb} MB`,
      `${entry.timeoutSeconds} s`,
      ...(extended ? [entry.extensions?.join(', ') ?? '-'] : []),
      stateCell(entry, report),
    ]),
  });
  showAddresses(report, addresses);
  showCommands(report, config, { program: programName(host), endpoint, functions });
}

function showAddresses(report: Report, addresses: readonly SourceAddress[]): void {
  if (addresses.length === 0) return;
  report.print('');
  report.table({
    columns: [{ title: 'SOURCE' }, { title: 'ADDRESS' }, { title: 'WHAT IS THERE' }],
    rows: addresses.map(({ source, address, about }) => [
      { text: source, style: report.paint.bold },
      { text: address, style: report.paint.cyan },
      about,
    ]),
  });
}

/** Who came through npx has no `orchestrator` in the path. */
export function programName({ environment }: CommandContext['host']): string {
  return environment['npm_command'] === 'exec' ? 'npx orchestrator' : 'orchestrator';
}

function stateCell(entry: FunctionStatus, { paint }: Report): Cell {
  if (entry.state === 'ready') return { text: 'ready', style: paint.green };
  if (entry.state === 'building') return { text: 'building', style: paint.yellow };
  return { text: `failed: ${entry.problem ?? 'unknown'}`, style: paint.red };
}

interface ShownCommands {
  readonly program: string;
  readonly endpoint: string;
  readonly functions: readonly FunctionStatus[];
}

function showCommands(
  report: Report,
  config: Config,
  { program, endpoint, functions }: ShownCommands,
): void {
  const { paint } = report;
  if (functions.length === 0) {
    report.print('');
    report.print(paint.dim('No functions yet. Make one, from another terminal:'));
    report.print(`  aws lambda create-function --endpoint-url ${endpoint} …`);
    return;
  }
  const example = functions.find((entry) => entry.state !== 'failed');
  if (example === undefined) return;
  const { stateDirectory, authToken } = config.settings;
  const header =
    authToken === undefined ? '' : ` -H ${shellWord(`authorization: Bearer ${authToken}`)}`;
  report.print('');
  report.print(paint.dim('Invoke one, from another terminal:'));
  report.print(`  ${program} invoke ${example.name} -d '{}' --state ${shellWord(stateDirectory)}`);
  report.print(
    `  curl -d '{}'${header} ${endpoint}/2015-03-31/functions/${example.name}/invocations`,
  );
  report.print('');
}
