/**
 * An orchestrator without an engine: the real run file and admin API over a view that a test
 * fills, and an Invoke API that answers by the function's name. Enough for everything the CLI does.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ADMIN_PREFIX } from '../../src/admin-api/protocol.js';
import { AdminApi } from '../../src/admin-api/server.js';
import type { AwsEndpoint } from '../../src/aws-endpoint/aws-endpoint.js';
import type {
  EnvironmentStatus,
  EventChange,
  EventQueueStatus,
  FunctionStatus,
  InvocationRecord,
  LogLine,
  LogQuery,
  OrchestratorView,
  QueuedEventStatus,
  SourceStatus,
  TimeStatus,
} from '../../src/view.js';
import type { RunningOrchestrator } from '../../src/cli/parts.js';
import { claimRun } from '../../src/state/run-file.js';

export class FakeView implements OrchestratorView {
  functionList: FunctionStatus[] = [fakeFunction('hello'), fakeFunction('breaks')];
  environmentList: EnvironmentStatus[] = [];
  records = new Map<string, InvocationRecord>();
  kept: LogLine[] = [];
  eventList: QueuedEventStatus[] = [];
  sourceList: SourceStatus[] = [];
  /** Schedules that were run by hand. */
  readonly runs: string[] = [];
  changes: string[] = [];
  aheadMs = 0;
  servicesText: string | undefined;
  stops: ('drain' | 'now')[] = [];
  /** Called whenever somebody begins to follow. */
  onFollow: () => void = () => undefined;
  onStop: (mode: 'drain' | 'now') => void = () => undefined;
  readonly #followers = new Set<(line: LogLine) => void>();

  functions(): readonly FunctionStatus[] {
    return this.functionList;
  }

  environments(): readonly EnvironmentStatus[] {
    return this.environmentList;
  }

  /** 7.25 MB for each. */
  environmentsWithMemory(): Promise<readonly EnvironmentStatus[]> {
    return Promise.resolve(this.environmentList.map((each) => ({ ...each, memoryHeldMb: 7.25 })));
  }

  invocation(requestId: string): Promise<InvocationRecord | undefined> {
    return Promise.resolve(this.records.get(requestId));
  }

  logs(query: LogQuery): Promise<readonly LogLine[]> {
    const matching = this.kept.filter((line) => matches(query, line));
    return Promise.resolve(query.limit === 0 ? [] : matching.slice(-(query.limit ?? 1000)));
  }

  follow(query: LogQuery, onLine: (line: LogLine) => void): () => void {
    const follower = (line: LogLine): void => {
      if (matches(query, line)) onLine(line);
    };
    this.#followers.add(follower);
    this.onFollow();
    return () => this.#followers.delete(follower);
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** A new line: kept, and told to whoever follows. */
  write(line: LogLine): void {
    this.kept.push(line);
    for (const follower of this.#followers) follower(line);
  }

  events(limit: number): EventQueueStatus {
    const events = this.eventList.slice(0, limit);
    const queued = this.eventList.length;
    return { events, queued, accepted: 9, succeeded: 4, failed: 3, dropped: 2, undelivered: 1 };
  }

  changeEvent(requestId: string, change: EventChange): 'done' | 'unknown' | 'running' {
    const event = this.eventList.find((one) => one.requestId === requestId);
    if (event === undefined) return 'unknown';
    if (event.running) return 'running';
    this.changes.push(`${change} ${requestId}`);
    return 'done';
  }

  runSchedule(name: string): boolean {
    const known = this.sourceList.some(({ kind, id }) => kind === 'schedule' && id === name);
    if (known) this.runs.push(name);
    return known;
  }

  sources(): readonly SourceStatus[] {
    return this.sourceList;
  }

  services(): string | undefined {
    return this.servicesText;
  }

  time(): TimeStatus {
    return { nowMs: Date.UTC(2026, 0, 5, 10) + this.aheadMs, aheadMs: this.aheadMs, scale: 60 };
  }

  advanceTime(ms: number): TimeStatus {
    this.aheadMs += ms;
    return this.time();
  }

  stop(mode: 'drain' | 'now'): void {
    this.stops.push(mode);
    this.onStop(mode);
  }
}

export function fakeFunction(name: string): FunctionStatus {
  return {
    name,
    runtime: 'nodejs22.x',
    handler: 'index.handler',
    memoryMb: 128,
    timeoutSeconds: 3,
    functionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
    state: 'ready',
    environments: 0,
    waiting: 0,
  };
}

export function fakeEnvironment(
  id: string,
  changes: Partial<EnvironmentStatus> = {},
): EnvironmentStatus {
  return {
    id,
    containerId: `container-${id}`,
    functionName: 'hello',
    version: '$LATEST',
    state: 'frozen',
    ageMs: 61_000,
    invocations: 3,
    memoryLimitMb: 128,
    memoryPeakMb: 38,
    initializationType: 'on-demand',
    startedBecause: 'it is the first of the function',
    ...changes,
  };
}

export function fakeLine(text: string, changes: Partial<LogLine> = {}): LogLine {
  return {
    timestampMs: Date.UTC(2026, 10, 2, 12, 34, 56, 789),
    functionName: 'hello',
    environmentId: 'e1',
    requestId: 'r1',
    source: 'function',
    text,
    ...changes,
  };
}

export interface FakeOrchestrator extends RunningOrchestrator {
  readonly view: FakeView;
}

export interface FakeOptions {
  readonly stateDirectory: string;
  readonly port?: number;
  readonly view?: FakeView;
  /** What serves AWS's services. */
  readonly aws?: Pick<AwsEndpoint, 'handler'>;
  /** Drains only end when this resolves. */
  readonly drained?: Promise<void>;
}

/** As the composition root does it: claim first, publish when the doors are open, release last. */
export async function startFake(options: FakeOptions): Promise<FakeOrchestrator> {
  const view = options.view ?? new FakeView();
  const claim = claimRun(options.stateDirectory, { version: '9.9.9', startedAtMs: 0 });
  const { aws } = options;
  const token = claim.adminToken;
  const admin = new AdminApi({ view, token, ...(aws === undefined ? {} : { aws }) });
  const server = createServer((request, response) => {
    if (request.url?.startsWith(ADMIN_PREFIX) === true) admin.handle(request, response);
    else answerInvoke(view, request, response);
  });
  try {
    await listen(server, options.port ?? 0);
  } catch (error) {
    claim.release();
    throw error;
  }
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  claim.publish(endpoint);

  let end: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    end = resolve;
  });
  const destroy = async (): Promise<void> => {
    admin.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    claim.release();
    end();
  };
  const close = async (): Promise<void> => {
    await options.drained;
    await destroy();
  };
  view.onStop = (mode) => void (mode === 'drain' ? close() : destroy());
  return {
    view,
    endpoint,
    engine: FAKE_ENGINE,
    stopped,
    close,
    destroy,
    addresses: () => [],
    functions: () => view.functions(),
    environments: () => view.environments(),
    environmentsWithMemory: () => view.environmentsWithMemory(),
    invocation: (requestId) => view.invocation(requestId),
    logs: (query) => view.logs(query),
    follow: (query, onLine) => view.follow(query, onLine),
    events: (limit) => view.events(limit),
    changeEvent: (requestId, change) => view.changeEvent(requestId, change),
    services: () => view.services(),
    sources: () => view.sources(),
    runSchedule: (name) => view.runSchedule(name),
    time: () => view.time(),
    advanceTime: (ms) => view.advanceTime(ms),
    stop: (mode) => view.stop(mode),
  };
}

export const FAKE_ENGINE: RunningOrchestrator['engine'] = {
  name: 'Fake',
  version: '20.10.24',
  apiVersion: '1.41',
  tested: true,
  cpus: 2,
  memoryBytes: 8e9,
  architecture: 'x86_64',
  cgroup: 'v1',
  freezer: 'cgroup-v1',
  freezerReason: 'freezer.state can be written',
  ahead: 'containers',
  aheadReason: 'root may mount code and write limits later',
  runtime: 'runc',
  reclaim: { kind: 'cgroup-v1', pays: false, reason: 'the machine has no swap to move memory to' },
  scratch: 'loop',
  local: true,
  warnings: [],
};

function matches(query: LogQuery, line: LogLine): boolean {
  return (
    (query.functionName === undefined || query.functionName === line.functionName) &&
    (query.requestId === undefined || query.requestId === line.requestId)
  );
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** `hello` answers its event, `breaks` fails, `throttled` is refused, others are unknown. */
function answerInvoke(view: FakeView, request: IncomingMessage, response: ServerResponse): void {
  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '')?.[1] ?? '';
  const log = Buffer.from(`START RequestId: r1\n${name} was here\nEND RequestId: r1\n`);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const event = Buffer.concat(chunks).toString('utf8');
    if (name === 'throttled') return refuse(response, 429, 'TooManyRequestsException');
    if (!view.functionList.some((entry) => entry.name === name)) {
      return refuse(response, 404, 'ResourceNotFoundException');
    }
    if (!isJson(event)) return refuse(response, 400, 'InvalidRequestContentException');
    response.setHeader('x-amzn-requestid', 'r1');
    response.setHeader('x-amz-executed-version', '$LATEST');
    response.setHeader('x-amz-log-result', log.toString('base64'));
    if (name === 'breaks') {
      response.setHeader('x-amz-function-error', 'Unhandled');
      response.end('{"errorType":"Error","errorMessage":"no"}');
      return;
    }
    response.end(`{"event":${event}}`);
  });
}

function refuse(response: ServerResponse, status: number, type: string): void {
  response.writeHead(status, { 'x-amzn-errortype': type });
  response.end(JSON.stringify({ Type: 'User', Message: `because of ${type}` }));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
