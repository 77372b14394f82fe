/** `orchestrator events`: asynchronous events that are not over; tries one now, or forgets it. */

import type { EventQueueStatus, QueuedEventStatus } from '../view.js';
import { OrchestratorError } from '../errors.js';
import { createAdminClient, runOf, type AdminClient } from './admin-client.js';
import { STATE_OPTION, type Command, type CommandContext } from './command.js';
import { bytes, count, duration } from './format.js';
import { EXIT } from './host.js';
import type { Table } from './table.js';

export const events: Command = {
  name: 'events',
  summary: 'List asynchronous events that wait or run, try one now or drop it',
  about:
    'AGE and NEXT are in queue time, which `up --time-scale` and `time advance` make pass faster.',
  positionals: {
    action: { describe: 'retry or drop; without it events are listed' },
    request: { describe: 'Request id of the event' },
  },
  options: STATE_OPTION,
  examples: [
    ['events', 'what is queued, the oldest first'],
    ['events retry 6f1c2d0e-8f0b-4c55-9a3e-1f7f3f1d2a4b', 'do not wait for its next attempt'],
    ['events drop 6f1c2d0e-8f0b-4c55-9a3e-1f7f3f1d2a4b', 'forget it; nobody is told'],
  ],
  async run(context) {
    const { args } = context;
    const action = args.string('action');
    if (action === undefined) return list(context);
    const requestId = args.string('request');
    if (action !== 'retry' && action !== 'drop') {
      throw new OrchestratorError(
        'config-invalid',
        `the action of \`orchestrator events\` is retry or drop, not ${action}`,
        {
          remedy: 'Leave it out to see the events.',
        },
      );
    }
    if (requestId === undefined) {
      throw new OrchestratorError(
        'config-invalid',
        `\`orchestrator events ${action}\` needs a request id`,
        {
          remedy: 'Copy it from `orchestrator events`.',
        },
      );
    }
    return change(context, createAdminClient(runOf(context)), action, requestId);
  },
};

async function list(context: CommandContext): Promise<number> {
  const { report } = context;
  const status = await createAdminClient(runOf(context)).events();
  if (report.json) {
    report.printJson(status);
    return EXIT.ok;
  }
  if (status.events.length > 0) report.table(tableOf(status.events));
  report.note(report.paintError.dim(summary(status)));
  return EXIT.ok;
}

async function change(
  { report }: CommandContext,
  client: AdminClient,
  action: 'retry' | 'drop',
  requestId: string,
): Promise<number> {
  const refused = await client.changeEvent(requestId, action);
  if (refused !== undefined) {
    const message =
      refused === 'unknown'
        ? `no event ${requestId} is queued`
        : `the event ${requestId} is being run`;
    report.complain({ message, remedy: '`orchestrator events` shows what is queued.' });
    return EXIT.failed;
  }
  if (report.json) report.printJson({ requestId, done: action });
  else report.note(action === 'retry' ? 'It is tried now.' : 'It is dropped.');
  return EXIT.ok;
}

function tableOf(list: readonly QueuedEventStatus[]): Table {
  return {
    columns: [
      { title: 'REQUEST' },
      { title: 'FUNCTION' },
      { title: 'AGE', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'ATTEMPTS', align: 'right' },
      { title: 'NEXT', align: 'right' },
      { title: 'LAST ERROR' },
    ],
    rows: list.map((event) => [
      event.requestId,
      event.qualifier === undefined
        ? event.functionName
        : `${event.functionName}:${event.qualifier}`,
      duration(event.ageMs),
      bytes(event.payloadBytes),
      String(event.attempts),
      nextOf(event),
      event.lastError ?? '',
    ]),
  };
}

function nextOf({ running, nextInMs }: QueuedEventStatus): string {
  if (running) return 'running';
  return nextInMs === 0 ? 'now' : `in ${duration(nextInMs)}`;
}

function summary(status: EventQueueStatus): string {
  const { events: shown, queued, accepted, succeeded, failed, dropped, undelivered } = status;
  const more = queued > shown.length ? ` (the oldest ${shown.length} are shown)` : '';
  const since = [
    `${accepted} accepted`,
    `${succeeded} succeeded`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(dropped === 0 ? [] : [`${dropped} dropped`]),
    ...(undelivered === 0 ? [] : [`${undelivered} not delivered to their destination`]),
  ];
  return `${count(queued, 'event')} queued${more}; since the start ${since.join(', ')}`;
}
