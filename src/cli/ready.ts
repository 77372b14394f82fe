/** What `up` says once it is ready: what was not taken as written, where it is, how to use it. */

import type { FunctionStatus } from '../admin-api/view.js';
import type { Config } from '../config/config.js';
import type { CommandContext } from './command.js';
import { count, shellWord } from './format.js';
import type { RunningOrchestrator } from './parts.js';
import type { Report } from './report.js';
import type { Cell } from './table.js';

export function showNotices(report: Report, config: Config): void {
  const { notices } = config;
  if (report.json) {
    for (const notice of notices) report.printJson({ event: 'notice', ...notice });
    return;
  }
  if (notices.length === 0) return;
  report.warn(
    `${count(notices.length, 'setting')} of ${config.source} not taken as written (--strict refuses):`,
  );
  for (const { path, treatment, reason } of notices) {
    report.note(`  ${path}  ${report.paintError.yellow(treatment)}: ${reason}`);
  }
}

export function showReady(
  { report, host }: Pick<CommandContext, 'report' | 'host'>,
  config: Config,
  running: RunningOrchestrator,
): void {
  const functions = running.functions();
  const { endpoint, engine } = running;
  for (const warning of engine.warnings) report.warn(warning);
  if (report.json) {
    report.printJson({ event: 'ready', endpoint, engine, functions });
    return;
  }
  const { paint } = report;
  report.print('');
  report.print(`${paint.bold('Lambda API')}  ${paint.cyan(endpoint)}`);
  report.print(
    `${paint.bold('Engine')}      ${engine.name} ${engine.version}, freezing by ${engine.freezer}`,
  );
  report.print('');
  report.table({
    columns: [
      { title: 'FUNCTION' },
      { title: 'RUNTIME' },
      { title: 'HANDLER' },
      { title: 'MEMORY', align: 'right' },
      { title: 'TIMEOUT', align: 'right' },
      { title: 'STATE' },
    ],
    rows: functions.map((entry) => [
      { text: entry.name, style: paint.bold },
      entry.runtime,
      entry.handler,
      `${entry.memoryMb} MB`,
      `${entry.timeoutSeconds} s`,
      stateCell(entry, report),
    ]),
  });
  // Who came through npx has no `orchestrator` in the path.
  const program = host.environment['npm_command'] === 'exec' ? 'npx orchestrator' : 'orchestrator';
  showCommands(report, config, { program, endpoint, functions });
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
  const example = functions.find((entry) => entry.state !== 'failed');
  if (example === undefined) return;
  const { paint } = report;
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
