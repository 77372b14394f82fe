/**
 * The admin API: the handler of everything under `/_orchestrator/`, for the CLI of the same user.
 * Every request carries the bearer token of `run.json`; nothing is answered without it.
 *
 *   GET  status                         functions and environments
 *   GET  logs?function&request&limit    kept lines
 *   GET  logs?...&follow=1              kept lines, then new ones, as NDJSON (follow.ts)
 *   GET  invocations/{request id}       the record of one invocation
 *   GET  events                         asynchronous events that are not over
 *   POST events/{request id}/retry      tries one now
 *   POST events/{request id}/drop       forgets one
 *   GET  sources                        what leads events to functions
 *   POST schedules/{name}/run           runs a schedule now
 *   GET  time                           queue time
 *   POST time {"advanceMs":n}           moves it on
 *   POST aws/{service}                  the AWS API that the service has here, without a signature
 *   POST stop {"mode":"drain"|"now"}    begins the stop; answered before it happens
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { messageOf } from '../errors.js';
import { followLogs, type FollowStream } from './follow.js';
import {
  ADMIN_PREFIX,
  AWS_TARGET_HEADER,
  MOST_LISTED_EVENTS,
  type AdminFailure,
  type LogsAnswer,
  type StatusAnswer,
} from './protocol.js';
import type { EventChange, LogQuery, OrchestratorView } from '../view.js';

const MAX_BODY_BYTES = 4096;
/** A year at a time. */
const MOST_ADVANCE_MS = 365 * 24 * 3_600_000;
/** What may wait in memory for one reader of the live log. */
const FOLLOW_BUFFER_BYTES = 1024 * 1024;
/** Lines of one answer, whatever is asked for. */
const MAX_LOG_LINES = 100_000;

/** The services of AWS that are served here, by their names in signatures. */
export interface OwnServices {
  handler(
    service: string,
  ): ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

export interface AdminApiOptions {
  readonly view: OrchestratorView;
  readonly token: string;
  readonly followBufferBytes?: number;
  /** What serves AWS's services here, by their names in signatures. */
  readonly aws?: OwnServices;
}

/** Thrown by routes for answers that are not successes. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface RouteContext {
  readonly view: OrchestratorView;
  readonly url: URL;
  /** What the route's pattern captured. */
  readonly parameter: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  follow(query: LogQuery): void;
  readonly aws: OwnServices | undefined;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** The body of the answer; undefined when the route has answered itself. */
  run(context: RouteContext): Promise<object | undefined> | object | undefined;
  readonly status?: number;
}

const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^status$/, run: status },
  { method: 'GET', path: /^logs$/, run: logs },
  { method: 'GET', path: /^invocations\/([^/]+)$/, run: invocation },
  { method: 'GET', path: /^events$/, run: ({ view }) => view.events(MOST_LISTED_EVENTS) },
  { method: 'POST', path: /^events\/([^/]+)\/retry$/, run: (call) => changeEvent(call, 'retry') },
  { method: 'POST', path: /^events\/([^/]+)\/drop$/, run: (call) => changeEvent(call, 'drop') },
  { method: 'POST', path: /^schedules\/([^/]+)\/run$/, run: runSchedule },
  { method: 'GET', path: /^sources$/, run: ({ view }) => ({ sources: view.sources() }) },
  { method: 'GET', path: /^time$/, run: ({ view }) => view.time() },
  { method: 'POST', path: /^time$/, run: advanceTime },
  { method: 'POST', path: /^aws\/([a-z-]+)$/, run: aws },
  { method: 'POST', path: /^stop$/, run: stop, status: 202 },
];

export class AdminApi {
  readonly #view: OrchestratorView;
  readonly #expected: string;
  readonly #followBufferBytes: number;
  readonly #aws: AdminApiOptions['aws'];
  readonly #streams = new Set<FollowStream>();

  constructor(options: AdminApiOptions) {
    this.#view = options.view;
    this.#expected = `Bearer ${options.token}`;
    this.#aws = options.aws;
    this.#followBufferBytes = options.followBufferBytes ?? FOLLOW_BUFFER_BYTES;
  }

  /** For every request whose path starts with `/_orchestrator/`. Never throws. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(request, response).catch((error: unknown) => {
      const failure: AdminFailure = { message: messageOf(error) };
      if (response.headersSent) response.destroy();
      else send(response, error instanceof Refusal ? error.status : 500, failure);
    });
  };

  /** Ends every live stream, so that the server can close. Safe to call twice. */
  close(): void {
    for (const stream of this.#streams) stream.end();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const shown = request.headers.authorization ?? '';
    // Digests: of one length, whatever is shown.
    if (!timingSafeEqual(digest(shown), digest(this.#expected))) {
      throw new Refusal(401, 'the token of run.json is missing or not the current one');
    }
    const url = new URL(request.url ?? '/', 'http://admin');
    const { route, parameter } = routeOf(request.method ?? '', url.pathname);
    const follow = (query: LogQuery): void => this.#follow(query, response);
    const view = this.#view;
    const aws = this.#aws;
    const body = await route.run({ view, url, parameter, request, response, follow, aws });
    if (body !== undefined) send(response, route.status ?? 200, body);
  }

  #follow(query: LogQuery, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    const stream = followLogs(this.#view, query, response, {
      bufferBytes: this.#followBufferBytes,
    });
    this.#streams.add(stream);
    response.once('close', () => this.#streams.delete(stream));
  }
}

function routeOf(method: string, pathname: string): { route: Route; parameter: string } {
  const path = pathname.slice(ADMIN_PREFIX.length);
  const matching = ROUTES.filter((route) => route.path.test(path));
  const route = matching.find((candidate) => candidate.method === method);
  if (route === undefined) {
    throw matching.length === 0
      ? new Refusal(404, `the admin API has no ${pathname}`)
      : new Refusal(405, `${pathname} does not take ${method}`);
  }
  const captured = route.path.exec(path)?.[1] ?? '';
  try {
    return { route, parameter: decodeURIComponent(captured) };
  } catch {
    throw new Refusal(400, `${pathname} is not a valid path`);
  }
}

async function status({ view, url }: RouteContext): Promise<StatusAnswer> {
  const services = view.services();
  const withMemory = url.searchParams.get('memory') === '1';
  return {
    functions: view.functions(),
    environments: withMemory ? await view.environmentsWithMemory() : view.environments(),
    ...(services === undefined ? {} : { services }),
  };
}

async function logs(context: RouteContext): Promise<LogsAnswer | undefined> {
  const parameters = context.url.searchParams;
  const functionName = parameters.get('function');
  const requestId = parameters.get('request');
  const limit = parameters.get('limit');
  if (limit !== null && !/^\d{1,9}$/.test(limit)) {
    throw new Refusal(400, `limit must be a whole number, not ${limit}`);
  }
  const query: LogQuery = {
    ...(functionName === null ? {} : { functionName }),
    ...(requestId === null ? {} : { requestId }),
    ...(limit === null ? {} : { limit: Math.min(Number(limit), MAX_LOG_LINES) }),
  };
  if (parameters.get('follow') === '1') {
    context.follow(query);
    return undefined;
  }
  return { lines: await context.view.logs(query) };
}

async function invocation({ view, parameter }: RouteContext): Promise<object> {
  const record = await view.invocation(parameter);
  if (record === undefined) throw new Refusal(404, `no invocation ${parameter} is kept`);
  return record;
}

function changeEvent({ view, parameter }: RouteContext, change: EventChange): object {
  switch (view.changeEvent(parameter, change)) {
    case 'done':
      return { requestId: parameter };
    case 'unknown':
      throw new Refusal(404, `no event ${parameter} is queued`);
    case 'running':
      throw new Refusal(409, `the event ${parameter} is being run`);
  }
}

function aws({ aws: services, parameter, request, response }: RouteContext): undefined {
  const handler = services?.handler(parameter);
  if (handler === undefined) throw new Refusal(404, `${parameter} is not served here`);
  // Under its own name it would be taken for a request to AWS before it comes here.
  request.headers['x-amz-target'] = String(request.headers[AWS_TARGET_HEADER] ?? '');
  handler(request, response);
}

function runSchedule({ view, parameter }: RouteContext): object {
  if (!view.runSchedule(parameter)) throw new Refusal(404, `there is no schedule ${parameter}`);
  return { schedule: parameter };
}

async function advanceTime({ view, request }: RouteContext): Promise<object> {
  const body = await readJson(request);
  const ms = (body as { advanceMs?: unknown } | null)?.advanceMs;
  if (typeof ms !== 'number' || !Number.isInteger(ms) || ms < 0 || ms > MOST_ADVANCE_MS) {
    throw new Refusal(400, `advanceMs must be a whole number from 0 to ${MOST_ADVANCE_MS}`);
  }
  return view.advanceTime(ms);
}

async function stop({ view, request, response }: RouteContext): Promise<object> {
  const body = await readJson(request);
  const { mode, keepServices = false } = (body ?? {}) as Partial<Record<string, unknown>>;
  if (mode !== 'drain' && mode !== 'now') {
    throw new Refusal(400, 'mode must be "drain" or "now"');
  }
  // The connection would otherwise idle open while the server waits for it to close.
  response.setHeader('connection', 'close');
  // Also when the caller has gone: it asked.
  response.once('close', () => view.stop(mode, { keepServices: keepServices === true }));
  return { stopping: mode };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal(413, 'the body is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
}

function send(response: ServerResponse, code: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
