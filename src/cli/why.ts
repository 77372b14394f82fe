/** `orchestrator why`: one sentence on how an invocation found its environment, and its figures. */

import type { InvocationRecord } from '../view.js';
import { createAdminClient, runOf } from './admin-client.js';
import { STATE_OPTION, type Command } from './command.js';
import { duration, timeOfDay } from './format.js';
import { EXIT } from './host.js';

const STARTS: Readonly<Record<InvocationRecord['start'], string>> = {
  warm: 'Warm start',
  thawed: 'Warm start after a freeze',
  restored: 'Start from a snapshot',
  cold: 'Cold start',
  reset: 'Start with new processes',
};

export const why: Command = {
  name: 'why',
  summary: 'Say why an invocation was cold or warm',
  positionals: {
    request: {
      describe: 'Request id, as the START line and the answer’s headers show it',
      required: true,
    },
  },
  options: STATE_OPTION,
  examples: [['why 6f1c2d0e-8f0b-4c55-9a3e-1f7f3f1d2a4b', '']],
  async run({ args, host, report }) {
    const requestId = args.required('request');
    const record = await createAdminClient(runOf({ args, host })).invocation(requestId);
    if (record === undefined) {
      report.complain({
        message: `no invocation ${requestId} is kept`,
        remedy:
          'Copy the request id from a START line of `orchestrator logs`; old records are dropped.',
      });
      return EXIT.failed;
    }
    if (report.json) {
      report.printJson(record);
      return EXIT.ok;
    }
    report.print(`${report.paint.bold(STARTS[record.start])}: ${sentence(record.cause)}`);
    report.print(report.paint.dim(figures(record)));
    return EXIT.ok;
  },
};

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function figures(record: InvocationRecord): string {
  const ended =
    record.errorType === undefined ? record.status : `${record.status} (${record.errorType})`;
  return [
    `${record.functionName} in environment ${record.environmentId}`,
    `at ${timeOfDay(record.startedAtMs)}`,
    ended,
    duration(record.durationMs),
    ...(record.extensionOverheadMs === undefined
      ? []
      : [`${duration(record.extensionOverheadMs)} of it extensions after the response`]),
    ...(record.initMs === undefined ? [] : [`init ${duration(record.initMs)}`]),
    ...(record.restoreMs === undefined ? [] : [`restore ${duration(record.restoreMs)}`]),
    `billed ${record.billedMs} ms`,
    ...(record.memoryPeakMb === undefined ? [] : [`${record.memoryPeakMb} MB`]),
  ].join(', ');
}
