/**
 * From arguments to an exit code. `up` that is written plainly is read without the parser, which
 * takes as long to load as the rest of the command line; all else is for `program.ts`.
 */

import { systemClock, type Clock } from '../async/clock.js';
import { OrchestratorError } from '../errors.js';
import type { CommandContext } from './command.js';
import { EXIT, type Host } from './host.js';
import type { Parts } from './parts.js';
import { plainArguments } from './plain-arguments.js';
import { createReport } from './report.js';
import { up } from './up.js';

/** Errors of these codes are about what the person wrote. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'config-invalid',
  'config-not-found',
  'function-not-found',
]);

export interface ProgramOptions {
  readonly version: string;
  readonly parts: Parts;
  readonly clock?: Clock;
}

/** The exit code. Never throws; what goes wrong has been shown. */
export async function runProgram(host: Host, options: ProgramOptions): Promise<number> {
  const clock = options.clock ?? systemClock;
  const flags = host.argv.slice(0, indexOrEnd(host.argv, '--'));
  const report = createReport(host, clock, {
    json: flags.includes('--json'),
    verbose: flags.includes('--verbose'),
  });
  try {
    return await chooseAndRun({ host, report, clock, parts: options.parts }, options.version);
  } catch (error) {
    report.error(error);
    const usage = error instanceof OrchestratorError && USAGE_CODES.has(error.code);
    return usage ? EXIT.usage : EXIT.failed;
  } finally {
    report.close();
  }
}

async function chooseAndRun(
  context: Omit<CommandContext, 'args'>,
  version: string,
): Promise<number> {
  const args = plainArguments(context.host.argv, up);
  if (args !== undefined) return up.run({ ...context, args });
  const { parseAndRun } = await import('./program.js');
  return parseAndRun(context, version);
}

function indexOrEnd(list: readonly string[], item: string): number {
  const index = list.indexOf(item);
  return index === -1 ? list.length : index;
}
