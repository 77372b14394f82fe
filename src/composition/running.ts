/** The composition root's part for what stands once everything is started: shown, drained, ended. */

import type { Teardown } from '../async/teardown.js';
import type { EngineDescription } from '../engine/engine.js';
import type { InvokeApi } from '../invoke-api/server.js';
import type { FunctionRouter } from '../router/function-router.js';
import type { SourceAddress } from '../sources/source.js';
import type { OrchestratorView } from '../view.js';
import type { Events } from './events.js';
import type { Sources } from './sources.js';
import type { View } from './view.js';

export interface RunningOrchestrator extends OrchestratorView {
  /** Such as `http://127.0.0.1:3001`. */
  readonly endpoint: string;
  readonly engine: EngineDescription;
  /** Where event sources listen. */
  addresses(): readonly SourceAddress[];
  /** Resolves when it has stopped; rejects when it failed. */
  readonly stopped: Promise<void>;
  /** Drains: takes nothing new, lets the rest finish, then ends everything. */
  close(): Promise<void>;
  /** Ends everything now. */
  destroy(): Promise<void>;
}

export interface RunningParts {
  readonly view: View;
  readonly endpoint: string;
  readonly engine: EngineDescription;
  readonly router: FunctionRouter;
  readonly events: Events;
  readonly sources: Sources;
  readonly invokeApi: InvokeApi;
  readonly teardown: Teardown;
}

/** A client that does not take the last answer holds an end up no longer than this. */
export const FLUSH_MS = 5_000;

export function running(parts: RunningParts): RunningOrchestrator {
  const { view, endpoint, engine, router, events, sources, invokeApi, teardown } = parts;
  let settleStopped: { resolve: () => void; reject: (reason: unknown) => void };
  const stopped = new Promise<void>((resolve, reject) => {
    settleStopped = { resolve, reject };
  });
  const end = (): Promise<void> => {
    void teardown.end().then(
      () => settleStopped.resolve(),
      (error: unknown) => settleStopped.reject(error),
    );
    return stopped;
  };
  const orchestrator: RunningOrchestrator = {
    endpoint,
    engine,
    stopped,
    addresses: () => sources.addresses(endpoint),
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
    stop: (mode, options) => {
      if (options?.keepServices === true) sources.keepServices();
      const ended = mode === 'drain' ? orchestrator.close() : orchestrator.destroy();
      // What goes wrong reaches `stopped`, which is awaited.
      ended.catch(() => undefined);
    },
    close: async () => {
      events.close();
      const drained = sources
        .drain()
        .then(() => router.close())
        .then(() => Promise.all([invokeApi.flushed(FLUSH_MS), router.dismiss()]));
      try {
        await Promise.race([drained, stopped]);
        events.tellLeft();
      } finally {
        // Who waits for the end must see it, whatever went wrong on the way.
        await end();
      }
    },
    destroy: async () => {
      events.close();
      // Whoever waits for an answer is told before the connection goes.
      try {
        await Promise.race([router.destroy(), stopped]);
        events.tellLeft();
      } finally {
        await end();
      }
    },
  };
  view.onStop = (...request) => orchestrator.stop(...request);
  return orchestrator;
}
