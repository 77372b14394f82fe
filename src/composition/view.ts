/** What a running orchestrator shows of itself: read-only, put together when asked. */

import { basename, join } from 'node:path';
import type {
  EnvironmentStatus,
  EventChange,
  EventQueueStatus,
  FunctionStatus,
  InvocationRecord,
  LogLine,
  LogQuery,
  OrchestratorView,
  SourceStatus,
  TimeStatus,
} from '../view.js';
import type { Clock } from '../async/clock.js';
import { startedBecause } from '../environment/cause.js';
import type { Events } from './events.js';
import type { ContainerEngine } from '../engine/engine.js';
import type { Environment } from '../environment/environment.js';
import type { ImageSource } from '../function/function-version.js';
import type { LogHub } from '../log/log-hub.js';
import type { Deployment } from '../router/deployment.js';
import type { FunctionRouter } from '../router/function-router.js';
import type { InvocationStore } from '../state/invocation-store.js';

export interface ViewParts {
  readonly router: FunctionRouter;
  readonly logs: LogHub;
  readonly store: InvocationStore;
  readonly clock: Clock;
  readonly events: Events;
}

const MEGABYTE = 2 ** 20;

export class View implements OrchestratorView {
  readonly #parts: ViewParts;
  /** Set once they can be asked for. */
  onServices: () => string | undefined = () => undefined;
  /** Set once there are any. */
  onSources: () => readonly SourceStatus[] = () => [];
  /** Set once there is an engine to ask. */
  onHeldBytes: ContainerEngine['heldBytes'] = () => Promise.resolve(new Map());
  onRunSchedule: (name: string) => boolean = () => false;
  /** Set once there is something to stop. */
  onStop: OrchestratorView['stop'] = () => undefined;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  functions(): readonly FunctionStatus[] {
    return this.#parts.router.deployments.map(functionStatus);
  }

  environments(): readonly EnvironmentStatus[] {
    const now = this.#parts.clock.monotonic();
    return this.#parts.router.deployments.flatMap((deployment) =>
      deployment.pools.flatMap((pool) =>
        [...pool.environments].map((environment) => environmentStatus(environment, now)),
      ),
    );
  }

  async environmentsWithMemory(): Promise<readonly EnvironmentStatus[]> {
    const environments = this.environments();
    const held = await this.onHeldBytes(environments.map(({ containerId }) => containerId));
    return environments.map((environment) => {
      const bytes = held.get(environment.containerId);
      if (bytes === undefined) return environment;
      return { ...environment, memoryHeldMb: Math.round((bytes / MEGABYTE) * 10) / 10 };
    });
  }

  invocation(requestId: string): Promise<InvocationRecord | undefined> {
    return this.#parts.store.invocation(requestId);
  }

  logs(query: LogQuery): Promise<readonly LogLine[]> {
    return this.#parts.store.query(query);
  }

  follow(query: LogQuery, onLine: (line: LogLine) => void): () => void {
    return this.#parts.logs.follow(query, onLine);
  }

  events(limit: number): EventQueueStatus {
    return this.#parts.events.status(limit);
  }

  changeEvent(requestId: string, change: EventChange): 'done' | 'unknown' | 'running' {
    const { queue } = this.#parts.events;
    return change === 'retry' ? queue.retry(requestId) : queue.drop(requestId);
  }

  runSchedule(name: string): boolean {
    return this.onRunSchedule(name);
  }

  sources(): readonly SourceStatus[] {
    return this.onSources();
  }

  services(): string | undefined {
    return this.onServices();
  }

  time(): TimeStatus {
    const { clock } = this.#parts.events;
    return { nowMs: clock.now(), aheadMs: Math.round(clock.aheadMs), scale: clock.rate };
  }

  advanceTime(ms: number): TimeStatus {
    this.#parts.events.clock.advance(ms);
    return this.time();
  }

  stop(...request: Parameters<OrchestratorView['stop']>): void {
    this.onStop(...request);
  }
}

function functionStatus(deployment: Deployment): FunctionStatus {
  const { definition, description, problem } = deployment;
  const { extensions = [] } = description;
  const environments = deployment.pools.flatMap((pool) => [...pool.environments]);
  return {
    name: shownName(definition),
    runtime: definition.image === undefined ? definition.runtime : 'image',
    handler: definition.image === undefined ? definition.handler : nameOf(definition.image),
    memoryMb: definition.memoryMb,
    timeoutSeconds: definition.timeoutSeconds,
    functionArn: description.functionArn,
    state: deployment.state,
    ...(problem === undefined ? {} : { problem: problem.message }),
    environments: environments.length,
    waiting: deployment.waiting,
    ...(extensions.length === 0 ? {} : { extensions }),
  };
}

/** What stands where another function has its handler. */
function nameOf(image: ImageSource): string {
  return 'uri' in image ? image.uri : join(basename(image.context), image.dockerfile);
}

function environmentStatus(environment: Environment, now: number): EnvironmentStatus {
  const peak = environment.peakMemoryBytes;
  const { extensions } = environment;
  return {
    id: environment.id,
    containerId: environment.containerId ?? '',
    functionName: environment.version.name,
    version: environment.version.version,
    state: environment.state,
    initializationType: environment.initializationType,
    ageMs: now - environment.createdAt,
    invocations: environment.served,
    memoryLimitMb: environment.version.memoryMb,
    ...(peak === undefined ? {} : { memoryPeakMb: Math.ceil(peak / MEGABYTE) }),
    ...(extensions.length === 0 ? {} : { extensions }),
    startedBecause: startedBecause(environment.cause),
  };
}

/** A published version stands for itself. */
function shownName({ name, publishedVersion }: Deployment['definition']): string {
  return publishedVersion === undefined ? name : `${name}:${publishedVersion}`;
}
