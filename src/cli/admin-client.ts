/** The admin API from the other side: finds the running orchestrator and asks it. */

import type { IncomingMessage } from 'node:http';

import {
  ADMIN_PREFIX,
  AWS_TARGET_HEADER,
  type AdminFailure,
  type AdvanceRequest,
  type FollowItem,
  type LogsAnswer,
  type SourcesAnswer,
  type StatusAnswer,
  type StopRequest,
} from '../admin-api/protocol.js';
import type {
  EventChange,
  EventQueueStatus,
  InvocationRecord,
  LogLine,
  LogQuery,
  SourceStatus,
  TimeStatus,
} from '../view.js';
import { OrchestratorError, isOrchestratorError } from '../errors.js';
import { findRun, type FoundRun } from '../state/run-file.js';
import type { CommandContext } from './command.js';
import { shellWord } from './format.js';
import { bodyOf, exchange } from './http-client.js';
import { runsNear } from './known-runs.js';

export interface AdminClient {
  readonly run: FoundRun;
  /** `memory`: with what environments hold of it now. */
  status(asked?: { readonly memory: boolean }): Promise<StatusAnswer>;
  logs(query: LogQuery): Promise<readonly LogLine[]>;
  /** Kept lines, then new ones, until the orchestrator stops or `signal` is aborted. */
  follow(query: LogQuery, signal: AbortSignal): AsyncGenerator<FollowItem>;
  /** Undefined when it is not, or no longer, kept. */
  invocation(requestId: string): Promise<InvocationRecord | undefined>;
  events(): Promise<EventQueueStatus>;
  /** Undefined: done; else why not. */
  changeEvent(requestId: string, change: EventChange): Promise<'unknown' | 'running' | undefined>;
  sources(): Promise<readonly SourceStatus[]>;
  /** False when there is none of this name. */
  runSchedule(name: string): Promise<boolean>;
  time(): Promise<TimeStatus>;
  advanceTime(ms: number): Promise<TimeStatus>;
  /** Asks a service of AWS that is served here; rejects with an `AwsRefusal`. */
  aws(service: string, target: string, input: object): Promise<unknown>;
  stop(request: StopRequest): Promise<void>;
}

/** An error of a service of AWS, by its name there. */
export class AwsRefusal extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * The orchestrator that `--state` or the working folder means: the nearest one at or above the
 * folder, else the only one known to belong to it. Throws `not-running`.
 */
export function runOf(context: Pick<CommandContext, 'args' | 'host'>): FoundRun {
  const { args, host } = context;
  const stateDirectory = args.string('state');
  if (stateDirectory !== undefined) return findRun({ directory: host.cwd, stateDirectory });
  try {
    return findRun({ directory: host.cwd });
  } catch (error) {
    if (!isOrchestratorError(error, 'not-running')) throw error;
    const [run, ...others] = runsNear(host);
    if (run === undefined) throw error;
    if (others.length === 0) return run;
    const choices = [run, ...others].map(
      (each) => `\n  --state ${shellWord(each.stateDirectory)}  (${each.endpoint})`,
    );
    throw new OrchestratorError('config-invalid', 'more than one orchestrator runs here', {
      remedy: `Say which one is meant:${choices.join('')}`,
      cause: error,
    });
  }
}

export function createAdminClient(run: FoundRun): AdminClient {
  const get = (path: string, signal?: AbortSignal): Promise<IncomingMessage> =>
    exchange(run, {
      method: 'GET',
      path: `${ADMIN_PREFIX}${path}`,
      ...(signal === undefined ? {} : { signal }),
    });

  const post = (path: string, body: object): Promise<IncomingMessage> =>
    exchange(run, {
      method: 'POST',
      path: `${ADMIN_PREFIX}${path}`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    });

  return {
    run,
    async status(asked) {
      const path = asked?.memory === true ? 'status?memory=1' : 'status';
      return (await answerOf(run, await get(path))) as StatusAnswer;
    },
    async logs(query) {
      const answer = await answerOf(run, await get(`logs?${parametersOf(query)}`));
      return (answer as LogsAnswer).lines;
    },
    async *follow(query, signal) {
      const response = await get(`logs?${parametersOf(query)}&follow=1`, signal);
      if (response.statusCode !== 200) throw await refusal(run, response);
      yield* ndjson(response, signal);
    },
    async invocation(requestId) {
      const response = await get(`invocations/${encodeURIComponent(requestId)}`);
      return (await answerUnless(404, run, response)) as InvocationRecord | undefined;
    },
    async events() {
      return (await answerOf(run, await get('events'))) as EventQueueStatus;
    },
    async changeEvent(requestId, change) {
      const response = await post(`events/${encodeURIComponent(requestId)}/${change}`, {});
      if (response.statusCode === 404 || response.statusCode === 409) {
        response.resume();
        return response.statusCode === 404 ? 'unknown' : 'running';
      }
      await answerOf(run, response);
      return undefined;
    },
    async runSchedule(name) {
      const response = await post(`schedules/${encodeURIComponent(name)}/run`, {});
      return (await answerUnless(404, run, response)) !== undefined;
    },
    async sources() {
      return ((await answerOf(run, await get('sources'))) as SourcesAnswer).sources;
    },
    async time() {
      return (await answerOf(run, await get('time'))) as TimeStatus;
    },
    async advanceTime(ms) {
      const body: AdvanceRequest = { advanceMs: ms };
      return (await answerOf(run, await post('time', body))) as TimeStatus;
    },
    aws: (service, target, input) => askAws(run, { service, target, input }),
    async stop(body) {
      await answerOf(run, await post('stop', body));
    },
  };
}

async function askAws(
  run: FoundRun,
  { service, target, input }: { service: string; target: string; input: object },
): Promise<unknown> {
  const response = await exchange(run, {
    method: 'POST',
    path: `${ADMIN_PREFIX}aws/${service}`,
    headers: { 'content-type': 'application/x-amz-json-1.0', [AWS_TARGET_HEADER]: target },
    body: Buffer.from(JSON.stringify(input)),
  });
  if (response.statusCode === 200) return answerOf(run, response);
  const body = (await bodyOf(response)).toString('utf8');
  const { __type: type, message } = JSON.parse(body) as { __type?: string; message?: string };
  throw new AwsRefusal(type ?? 'InternalServerError', message ?? body);
}

function parametersOf(query: LogQuery): string {
  const parameters = new URLSearchParams();
  if (query.functionName !== undefined) parameters.set('function', query.functionName);
  if (query.requestId !== undefined) parameters.set('request', query.requestId);
  if (query.limit !== undefined) parameters.set('limit', String(query.limit));
  return parameters.toString();
}

async function answerOf(run: FoundRun, response: IncomingMessage): Promise<unknown> {
  const code = response.statusCode ?? 0;
  if (code < 200 || code > 299) throw await refusal(run, response);
  return JSON.parse((await bodyOf(response)).toString('utf8'));
}

/** Undefined with this status. */
async function answerUnless(
  status: number,
  run: FoundRun,
  response: IncomingMessage,
): Promise<unknown> {
  if (response.statusCode !== status) return answerOf(run, response);
  response.resume();
  return undefined;
}

async function refusal(run: FoundRun, response: IncomingMessage): Promise<OrchestratorError> {
  const body = (await bodyOf(response)).toString('utf8');
  let message = body;
  try {
    message = (JSON.parse(body) as AdminFailure).message;
  } catch {
    // Whoever answers is not the admin API; what it says is all there is.
  }
  return new OrchestratorError(
    'not-running',
    `${run.endpoint} refuses the admin request (${response.statusCode ?? 0}): ${message}`,
    { remedy: 'Check with `orchestrator ps` that this orchestrator still runs, and try again.' },
  );
}

async function* ndjson(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<FollowItem> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as FollowItem;
    }
  } catch (error) {
    if (signal.aborted || response.aborted) return;
    throw error;
  }
}
