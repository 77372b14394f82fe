/** `orchestrator doctor`: looks at everything a run needs, and says how to mend what is missing. */

import { join, resolve } from 'node:path';

import { DEFAULTS } from '../config/defaults.js';
import { OrchestratorError, messageOf } from '../errors.js';
import type { Check, CheckContext, CheckResult } from './check.js';
import type { Command } from './command.js';
import { SETTING_OPTIONS } from './flags.js';
import { EXIT } from './host.js';
import type { EngineTools } from './parts.js';
import type { Report } from './report.js';

const { port, host: hostOption, state, services } = SETTING_OPTIONS;

export const doctor: Command = {
  name: 'doctor',
  summary: 'Check that this machine has what a run needs',
  options: {
    port,
    host: hostOption,
    state,
    services,
    quick: { type: 'boolean', describe: 'Leave out the check that starts a container' },
  },
  examples: [['doctor', '']],
  async run(command) {
    const { args, report, host, parts } = command;
    const { CHECKS } = await import('./checks.js');
    let engine: Promise<EngineTools> | undefined;
    const context: CheckContext = {
      engine: () => (engine ??= parts.openEngine()),
      command,
      host: args.string('host') ?? DEFAULTS.host,
      port: args.number('port') ?? DEFAULTS.port,
      stateDirectory: resolve(
        host.cwd,
        args.string('state') ?? join('.', DEFAULTS.stateDirectoryName),
      ),
    };
    const checks = CHECKS.filter(({ slow }) => slow === undefined || !args.flag('quick'));
    const results = await runChecks(checks, context, report);
    const failed = results.filter((result) => result.state === 'failed').length;
    if (report.json) report.printJson({ checks: results });
    else if (failed === 0)
      report.note(report.paintError.dim('Nothing stands in the way of a run.'));
    return failed === 0 ? EXIT.ok : EXIT.functionFailed;
  },
};

export type NamedResult = CheckResult & { readonly title: string };

/** One after the other: what a check finds may explain the next, and they disturb one another. */
async function runChecks(
  checks: readonly Check[],
  context: CheckContext,
  report: Report,
): Promise<NamedResult[]> {
  const width = Math.max(...checks.map(({ title }) => title.length));
  const results: NamedResult[] = [];
  for (const check of checks) {
    const result = { title: check.title, ...(await outcomeOf(check, context)) };
    results.push(result);
    if (!report.json) show(report, result, width);
  }
  return results;
}

async function outcomeOf(check: Check, context: CheckContext): Promise<CheckResult> {
  try {
    return await check.run(context);
  } catch (error) {
    const remedy = error instanceof OrchestratorError ? error.remedy : undefined;
    return {
      state: 'failed',
      detail: messageOf(error),
      remedy: remedy ?? 'Run `orchestrator doctor --json` and report what it prints.',
    };
  }
}

function show(report: Report, { title, state, detail, remedy }: NamedResult, width: number): void {
  const { paint } = report;
  const marks = {
    ok: paint.green('✓'),
    warning: paint.yellow('!'),
    failed: paint.red('✗'),
    skipped: paint.dim('-'),
  };
  const indent = ' '.repeat(width + 4);
  const lines = detail.split('\n');
  report.print(`${marks[state]} ${title.padEnd(width)}  ${lines[0] ?? ''}`);
  for (const line of lines.slice(1)) report.print(`${indent}${line}`);
  if (remedy !== undefined && state !== 'ok')
    report.print(`${indent}${paint.cyan('Remedy:')} ${remedy}`);
}
