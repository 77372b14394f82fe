/**
 * `orchestrator invoke`: one event through the Invoke API. The answer goes to stdout byte for
 * byte, the function's log to stderr.
 */

import type { IncomingMessage } from 'node:http';

import { OrchestratorError } from '../errors.js';
import { createAdminClient, runOf } from './admin-client.js';
import { STATE_OPTION, type Command, type CommandContext } from './command.js';
import { readEvent } from './invoke-event.js';
import { functionNotFound } from './function-names.js';
import { EXIT } from './host.js';
import { bodyOf, exchange } from './http-client.js';
import { legible } from './log-format.js';
import type { Report } from './report.js';

export const invoke: Command = {
  name: 'invoke',
  summary: 'Run a function once',
  about:
    'The answer goes to stdout, the function’s log to stderr; the exit code is 1 when it ends with an error.',
  positionals: { function: { describe: 'Name or ARN', required: true } },
  options: {
    data: {
      type: 'string',
      alias: 'd',
      describe: 'The event, as JSON (default: stdin, or {} on a terminal)',
    },
    file: { type: 'string', alias: 'f', describe: 'Read the event from a file; - is stdin' },
    async: {
      type: 'boolean',
      describe: 'Queue the event instead of waiting for the answer; stdout gets its request id',
    },
    'tenant-id': {
      type: 'string',
      describe: 'Whose the event is (functions with tenant isolation)',
    },
    'no-logs': { type: 'boolean', describe: 'Leave the function’s log out of stderr' },
    ...STATE_OPTION,
  },
  examples: [
    [`invoke hello -d '{"name":"World"}'`, 'an event on the command line'],
    ['invoke hello -f event.json', 'from a file'],
    ["invoke hello -d '{}' --async", 'queued; `orchestrator events` shows what becomes of it'],
    ['jq .event test.json | orchestrator invoke hello', 'from a pipe'],
  ],
  async run(context) {
    const { args } = context;
    const tenantId = args.string('tenant-id');
    return sendEvent(context, {
      name: args.required('function'),
      body: await readEvent(context),
      async: args.flag('async'),
      ...(tenantId === undefined ? {} : { tenantId }),
    });
  },
};

export interface SentEvent {
  /** Name or ARN, with or without a qualifier. */
  readonly name: string;
  readonly body: Buffer;
  readonly async: boolean;
  readonly tenantId?: string;
}

/** Through the Invoke API of the running orchestrator; shows the answer. The exit code. */
export async function sendEvent(context: CommandContext, event: SentEvent): Promise<number> {
  const { args, report } = context;
  const run = runOf(context);
  const { name, body, tenantId } = event;
  const response = await exchange(run, {
    method: 'POST',
    path: `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
    headers: {
      'content-type': 'application/json',
      'x-amz-log-type': 'Tail',
      ...(tenantId === undefined ? {} : { 'x-amz-tenant-id': tenantId }),
      ...(event.async ? { 'x-amz-invocation-type': 'Event' } : {}),
    },
    body,
  });
  const payload = await bodyOf(response);
  if (response.statusCode === 202) return showQueued(report, response);
  if (response.statusCode !== 200) {
    const refusal = refusalOf(response, payload);
    if (refusal.type !== 'ResourceNotFoundException') throw asError(refusal);
    const { functions } = await createAdminClient(run).status();
    throw functionNotFound(
      name,
      functions.map((entry) => entry.name),
    );
  }
  return showAnswer(report, response, payload, args.switch('logs') !== false);
}

function showQueued(report: Report, response: IncomingMessage): number {
  const requestId = header(response, 'x-amzn-requestid') ?? '';
  if (report.json) report.printJson({ requestId, queued: true });
  else report.print(requestId);
  return EXIT.ok;
}

function showAnswer(
  report: Report,
  response: IncomingMessage,
  payload: Buffer,
  withLogs: boolean,
): number {
  const functionError = header(response, 'x-amz-function-error');
  const log = Buffer.from(header(response, 'x-amz-log-result') ?? '', 'base64').toString('utf8');
  if (report.json) {
    report.printJson({
      requestId: header(response, 'x-amzn-requestid'),
      executedVersion: header(response, 'x-amz-executed-version'),
      ...(functionError === undefined ? {} : { functionError }),
      payload: parsed(payload),
      log,
    });
  } else {
    // The log first: on a terminal the answer then stands last, where the eye is.
    if (withLogs && log !== '') report.note(report.paintError.dim(legible(log.trimEnd())));
    if (functionError !== undefined) {
      report.note(report.paintError.red(`The function ended with an error (${functionError}).`));
    }
    report.printRaw(payload);
  }
  return functionError === undefined ? EXIT.ok : EXIT.functionFailed;
}

interface ApiRefusal {
  readonly status: number;
  /** AWS's name, such as `TooManyRequestsException`. */
  readonly type: string;
  readonly message: string;
}

function refusalOf(response: IncomingMessage, payload: Buffer): ApiRefusal {
  const body = parsed(payload) as { Message?: string; message?: string } | string | null;
  const message = typeof body === 'object' && body !== null ? (body.Message ?? body.message) : body;
  return {
    status: response.statusCode ?? 0,
    type: (header(response, 'x-amzn-errortype') ?? 'UnknownError').split(':')[0] as string,
    message: message ?? 'no reason given',
  };
}

function asError({ status, type, message }: ApiRefusal): OrchestratorError {
  const text = `the invocation was refused (${status} ${type}): ${message}`;
  const details = { status, type };
  if (type === 'TooManyRequestsException') {
    const remedy =
      'Send it again when others have ended, or raise --concurrency or what the function reserves.';
    return new OrchestratorError('throttled', text, { remedy, details });
  }
  if (status < 500) {
    const remedy =
      type === 'InvalidRequestContentException'
        ? 'The event must be JSON; quote it for the shell, as in -d \'{"name":"World"}\'.'
        : 'Change the event or the name as the message says.';
    return new OrchestratorError('config-invalid', text, { remedy, details });
  }
  if (type === 'ServiceUnavailableException') {
    const remedy = 'Start it again with `orchestrator up`, then send the event again.';
    return new OrchestratorError('shutting-down', text, { remedy, details });
  }
  return new OrchestratorError('environment-failed', text, {
    remedy: '`orchestrator logs` and `orchestrator ps` show more.',
    details,
  });
}

function header(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The JSON it holds, or its text when it holds none. */
function parsed(payload: Buffer): unknown {
  const text = payload.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
