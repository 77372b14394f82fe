/** `orchestrator logs`: kept lines of all functions or one, and new ones with `-f`. */

import type { LogQuery } from '../view.js';
import { createAdminClient, runOf, type AdminClient } from './admin-client.js';
import { STATE_OPTION, type Command, type CommandContext } from './command.js';
import { count } from './format.js';
import { functionNotFound } from './function-names.js';
import { EXIT, type OutputStream } from './host.js';
import type { Report } from './report.js';

/** Beyond this no more is read for the moment. */
const MOST_WAITING_BYTES = 256 * 1024;

export const logs: Command = {
  name: 'logs',
  summary: 'Show what functions wrote',
  positionals: { function: { describe: 'Only this function' } },
  options: {
    follow: { type: 'boolean', alias: 'f', describe: 'Keep showing new lines' },
    request: { type: 'string', describe: 'Only the invocation of this request id' },
    lines: {
      type: 'number',
      alias: 'n',
      describe: 'Newest this many of the kept lines (default: 1000)',
    },
    ...STATE_OPTION,
  },
  examples: [
    ['logs -f', 'all functions, live'],
    ['logs hello -n 20', 'the last 20 lines of one'],
  ],
  async run(context) {
    const { args, report } = context;
    const client = createAdminClient(runOf(context));
    const functionName = args.string('function');
    if (functionName !== undefined) await requireFunction(client, functionName);
    const requestId = args.string('request');
    const limit = args.number('lines');
    const query: LogQuery = {
      ...(functionName === undefined ? {} : { functionName }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(limit === undefined ? {} : { limit }),
    };
    if (args.flag('follow')) return follow(context, client, query);
    const lines = await client.logs(query);
    for (const line of lines) {
      if (report.closed.aborted) break;
      showLine(report, line);
    }
    if (lines.length === 0 && limit !== 0) report.note('No lines are kept.');
    return EXIT.ok;
  },
};

async function requireFunction(client: AdminClient, name: string): Promise<void> {
  const { functions } = await client.status();
  const names = functions.map((entry) => entry.name);
  if (!names.includes(name)) throw functionNotFound(name, names);
}

async function follow(
  { host, report }: CommandContext,
  client: AdminClient,
  query: LogQuery,
): Promise<number> {
  const interrupted = new AbortController();
  const releases = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    host.onSignal(signal, () => interrupted.abort()),
  );
  try {
    const signal = AbortSignal.any([interrupted.signal, report.closed]);
    for await (const item of client.follow(query, signal)) {
      if ('skipped' in item) {
        report.warn(`${count(item.skipped, 'line')} left out here: this reader is too slow`);
      } else if ('ended' in item) {
        report.note('The orchestrator stopped.');
      } else {
        showLine(report, item);
        await caughtUp(host.stdout, signal);
      }
    }
  } catch (error) {
    if (!interrupted.signal.aborted && !report.closed.aborted) throw error;
  } finally {
    for (const release of releases) release();
  }
  return EXIT.ok;
}

/**
 * Resolves when the output has passed on what it was given, but for a little. A reader that is slow
 * for a moment loses nothing then: more is waiting on its way here, and counted at its source.
 */
async function caughtUp(output: OutputStream, signal: AbortSignal): Promise<void> {
  if (output.writableLength < MOST_WAITING_BYTES || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      output.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    output.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** With `--json` the lines themselves: nothing else shares this output. */
function showLine(report: Report, line: Parameters<Report['log']>[0]): void {
  if (report.json) report.printJson(line);
  else report.log(line);
}
