/** The composition root's part for asynchronous events: the queue between disk, router and logs. */

import { join } from 'node:path';
import type { EventQueueStatus, QueuedEventStatus } from '../view.js';
import { systemClock } from '../async/clock.js';
import { VirtualClock } from '../async/virtual-clock.js';
import type { Teardown } from '../async/teardown.js';
import type { Settings } from '../config/config.js';
import { DEFAULTS } from '../config/defaults.js';
import type { DestinationSender } from '../event-queue/delivery.js';
import { EventQueue } from '../event-queue/event-queue.js';
import { EventStore } from '../event-queue/event-store.js';
import type { EventSettings, QueuedEvent } from '../event-queue/queued-event.js';
import type { Settle } from '../invocation/invocation.js';
import type { LogHub } from '../log/log-hub.js';
import type { FunctionRegistry } from '../registry/registry.js';
import type { FunctionRouter } from '../router/function-router.js';
import type { InvocationRouter } from '../router/router.js';
import type { StartHooks } from '../start-hooks.js';

export interface EventSources {
  readonly settings: Settings;
  readonly router: FunctionRouter;
  readonly registry: FunctionRegistry;
  readonly logs: LogHub;
  readonly hooks: StartHooks;
  readonly teardown: Teardown;
}

const JSON_TYPE = 'application/json';

export class Events {
  /** Queue time. */
  readonly clock: VirtualClock;
  /** Where invocations go in: a changed configuration is read first there. */
  door: InvocationRouter;
  /** Tells queues, topics, buses and buckets. */
  sender: DestinationSender | undefined;
  readonly #hooks: StartHooks;
  readonly #sources: EventSources;
  #made: { readonly store: EventStore; readonly queue: EventQueue } | undefined;

  constructor(sources: EventSources) {
    const { settings, router, hooks, teardown } = sources;
    this.#sources = sources;
    this.#hooks = hooks;
    this.door = router;
    this.clock = new VirtualClock(systemClock, settings.timeScale);
    teardown.add(() => this.#made?.store.close());
    teardown.add(() => this.#made?.queue.close());
  }

  get queue(): EventQueue {
    return this.#all.queue;
  }

  /** Made by the first who needs them: the first answer of a start does not. */
  get #all(): { readonly store: EventStore; readonly queue: EventQueue } {
    return (this.#made ??= this.#make());
  }

  #make(): { readonly store: EventStore; readonly queue: EventQueue } {
    const { settings, router, registry, logs, hooks } = this.#sources;
    const store = new EventStore(join(settings.stateDirectory, 'events.db'));
    const queue = new EventQueue({
      store,
      clock: this.clock,
      aheadMs: () => this.clock.aheadMs,
      pace: systemClock,
      settings: (functionName, qualifier) => settingsOf(registry, functionName, qualifier),
      reservedConcurrency: (functionName) => router.reservedConcurrency(functionName),
      waiting: (functionName) => router.waiting(functionName),
      run: (event, payload, settle) => this.#run(event, payload, settle),
      traceBehind: ({ functionName, traceId }) => {
        const step = router.step(functionName, traceId);
        return step.again ? undefined : step.traceId;
      },
      sender: { send: (arn, message) => this.#send(arn, message) },
      log: (event, text) => logs.line(lineOf(event, text)),
      warn: (message) => hooks.log.warn(message),
    });
    return { store, queue };
  }

  /** Looks whether the file can be used. Raises `state-unusable`. */
  open(): void {
    this.#all.store.open();
  }

  /** Runs what earlier runs left, and says so. */
  start(): void {
    this.queue.start();
    const left = this.#all.store.leftBefore;
    if (left === 0) return;
    this.#hooks.log.info(`${counted(left)} from before ${left === 1 ? 'is' : 'are'} taken up`);
  }

  /** Takes and starts nothing more. */
  close(): void {
    this.#made?.queue.close();
  }

  status(limit: number): EventQueueStatus {
    const now = this.clock.now();
    const events = this.queue.list(limit).map((event): QueuedEventStatus => {
      const { requestId, functionName, qualifier, attempts, setbacks, running, last } = event;
      return {
        requestId,
        functionName,
        ...(qualifier === undefined ? {} : { qualifier }),
        ageMs: Math.max(0, now - event.acceptedAtMs),
        attempts,
        setbacks,
        running,
        nextInMs: Math.max(0, event.dueAtMs - now),
        ...(last === undefined ? {} : { lastError: last.error }),
        payloadBytes: event.payloadBytes,
      };
    });
    return { events, queued: this.queue.size, ...this.queue.counts };
  }

  /** What is left, once nothing runs any more. */
  tellLeft(): void {
    const left = this.queue.size;
    if (left === 0) return;
    this.#hooks.log.info(
      `${counted(left)} ${left === 1 ? 'stays' : 'stay'} queued for the next start`,
    );
  }

  async #send(...[arn, message]: Parameters<DestinationSender['send']>): Promise<void> {
    if (this.sender === undefined) throw new Error('nothing is sent yet');
    await this.sender.send(arn, message);
  }

  #run(event: QueuedEvent, payload: Buffer, settle: Settle): void {
    const { functionName, qualifier, requestId, invokedFunctionArn, traceId, tenantId } = event;
    const request = {
      ...(qualifier === undefined ? {} : { qualifier }),
      requestId,
      payload,
      contentType: JSON_TYPE,
      invokedFunctionArn,
      traceId,
      ...(tenantId === undefined ? {} : { tenantId }),
      tail: false,
      asynchronous: true as const,
    };
    this.door.invoke(functionName, request, settle);
  }
}

function counted(events: number): string {
  return `${events} asynchronous event${events === 1 ? '' : 's'}`;
}

function settingsOf(
  registry: FunctionRegistry,
  functionName: string,
  qualifier: string | undefined,
): EventSettings | undefined {
  if (!registry.exists(functionName, qualifier)) return undefined;
  const reservedConcurrency = registry.reservedConcurrency(functionName);
  const eventInvoke = registry.eventInvokeConfig(functionName, qualifier);
  const { onSuccessArn, onFailureArn, deadLetterTargetArn } = eventInvoke;
  return {
    maximumRetryAttempts: eventInvoke.maximumRetryAttempts ?? DEFAULTS.eventRetries,
    maximumEventAgeMs: (eventInvoke.maximumEventAgeInSeconds ?? DEFAULTS.eventAgeSeconds) * 1000,
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
    ...(onSuccessArn === undefined ? {} : { onSuccessArn }),
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
    ...(deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn }),
  };
}

function lineOf(
  event: Pick<QueuedEvent, 'requestId' | 'functionName'>,
  text: string,
): Parameters<LogHub['line']>[0] {
  return {
    timestampMs: systemClock.now(),
    functionName: event.functionName,
    environmentId: '',
    requestId: event.requestId,
    source: 'platform',
    text: `EVENT RequestId: ${event.requestId} ${text}`,
  };
}
