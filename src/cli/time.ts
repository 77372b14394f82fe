/** `orchestrator time`: queue time, and moving it on. */

import type { TimeStatus } from '../view.js';
import { OrchestratorError } from '../errors.js';
import { createAdminClient, runOf } from './admin-client.js';
import { STATE_OPTION, type Command } from './command.js';
import { milliseconds } from './flags.js';
import { duration } from './format.js';
import { EXIT } from './host.js';

export const time: Command = {
  name: 'time',
  summary: 'Show queue time, or move it on',
  about:
    'Retries, ages and back-off of asynchronous events follow queue time. Timeouts, deadlines and ' +
    'durations of functions, times of log lines and what functions see stay real. A new start ' +
    'begins in real time; events keep the age they have.',
  positionals: {
    action: { describe: 'advance; without it the time is shown' },
    amount: { describe: 'How far, such as 90s, 10m or 6h' },
  },
  options: STATE_OPTION,
  examples: [
    ['time advance 1m', 'the first retry of what failed is due'],
    ['time advance 6h', 'events that still wait grow too old'],
  ],
  async run(context) {
    const { args, report } = context;
    const action = args.string('action');
    const client = createAdminClient(runOf(context));
    const shown =
      action === undefined
        ? await client.time()
        : await client.advanceTime(advanceMs(action, args.string('amount')));
    if (report.json) report.printJson(shown);
    else report.print(sentence(shown));
    return EXIT.ok;
  },
};

function advanceMs(action: string, amount: string | undefined): number {
  if (action !== 'advance') {
    throw new OrchestratorError(
      'config-invalid',
      `the action of \`orchestrator time\` is advance, not ${action}`,
      {
        remedy: 'Write `orchestrator time advance 6h`, or leave it out to see the time.',
      },
    );
  }
  if (amount === undefined || !/^\d{1,9}(ms|s|m|h)$/.test(amount)) {
    const wrong =
      amount === undefined
        ? '`orchestrator time advance` needs to know how far'
        : `the time to advance by must be a duration, not ${amount}`;
    throw new OrchestratorError('config-invalid', wrong, {
      remedy: 'Write it as 90s, 10m or 6h.',
    });
  }
  return milliseconds('amount', amount) ?? 0;
}

function sentence({ nowMs, aheadMs, scale }: TimeStatus): string {
  const ahead = aheadMs < 1000 ? '' : `, ${duration(aheadMs)} ahead of real time`;
  const fast = scale === 1 ? '' : `, passing ${scale} times as fast`;
  return `Queue time is ${new Date(nowMs).toISOString()}${ahead}${fast}.`;
}
