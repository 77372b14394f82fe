/** The composition root's part for event sources: builds each, applies the stack, ends them. */

import type { SourceStatus } from '../view.js';
import { WebSocketApis } from '../api-gateway/web-socket/web-socket-apis.js';
import { sleep, systemClock } from '../async/clock.js';
import type { Teardown } from '../async/teardown.js';
import type { AwsEndpoint } from '../aws-endpoint/aws-endpoint.js';
import type { Settings } from '../config/config.js';
import type { DockerEngine } from '../engine/docker/docker-engine.js';
import { messageOf } from '../errors.js';
import { EventSources } from '../event-sources/event-sources.js';
import { HttpPort } from '../http-port/http-port.js';
import { HttpSource } from '../http-source/http-source.js';
import type { LogHub } from '../log/log-hub.js';
import type { MappingRegistry } from '../registry/mapping-registry.js';
import { Invoker } from '../router/invoker.js';
import type { Services } from '../services/services.js';
import type { Source, SourceAddress, SourceParts } from '../sources/source.js';
import { functionSender } from '../targets/function-target.js';
import { Targets } from '../targets/targets.js';
import type { Stack } from '../stack/stack.js';
import type { StartHooks } from '../start-hooks.js';
import type { Events } from './events.js';
import { openNotifications } from './notifications.js';
import { openResources } from './resources.js';
import { openEventBridge } from './event-bridge.js';
import { openServices } from './services.js';
import { openStepFunctions } from './step-functions.js';

export interface SourcesRequest {
  readonly settings: Settings;
  readonly events: Events;
  readonly mappings: MappingRegistry;
  readonly roleOf: (functionName: string) => string;
  readonly awsEndpoint: AwsEndpoint;
  readonly logs: LogHub;
  readonly ownerToken: string;
  readonly engine: Pick<DockerEngine, 'docker'>;
  readonly hooks: StartHooks;
  readonly teardown: Teardown;
}

/** Every kind of source there is; each makes nothing until a stack asks for it. */
const OPENERS: readonly ((parts: SourceParts) => Source)[] = [
  (parts) => new EventSources(parts),
  openStepFunctions,
  openNotifications,
  (parts) => new HttpSource(parts),
  openEventBridge,
  (parts) => new WebSocketApis(parts),
];

/** One that does not end in this time is left to the end of the process. */
const CLOSE_MS = 10_000;

export class Sources {
  readonly #sources: readonly Source[];
  readonly #httpPort: HttpPort;
  readonly #services: Services;
  readonly #hooks: StartHooks;
  #ending = false;

  constructor(request: SourcesRequest) {
    const { settings, events, awsEndpoint, engine, logs, ownerToken, hooks, teardown } = request;
    const { mappings, roleOf } = request;
    this.#hooks = hooks;
    this.#services = openServices({ settings, engine, awsEndpoint, hooks, teardown });
    const { host, httpPort: port, authToken } = settings;
    this.#httpPort = new HttpPort({ host, port, authToken, ownerToken });
    teardown.add(() => this.#httpPort.close());
    const invoker = new Invoker({
      door: () => events.door,
      accept: (event) => events.queue.accept(event),
      now: () => systemClock.now(),
    });
    const targets = new Targets();
    targets.serve('lambda', functionSender(invoker));
    const parts: SourceParts = {
      settings,
      clock: systemClock,
      queueClock: events.clock,
      onTimeMoved: (moved) => void events.clock.onMoved.add(moved),
      invoker,
      mappings,
      roleOf,
      services: this.#services,
      targets,
      awsEndpoint,
      httpPort: this.#httpPort,
      line: (line) => logs.line(line),
      logs,
      log: hooks.log,
    };
    this.#sources = [openResources(parts, events), ...OPENERS.map((open) => open(parts))];
    for (const source of this.#sources) teardown.add(() => this.#close(source));
  }

  /** At the start. Raises user errors. */
  async start(stack: Stack): Promise<void> {
    const { signal } = this.#hooks;
    await this.#services.start();
    for (const source of this.#sources) await unlessAborted(source.apply(stack), signal);
    this.#services.started();
  }

  /** After the configuration has changed: what cannot be done is told, the rest goes on. */
  async apply(stack: Stack): Promise<void> {
    for (const source of this.#sources) {
      if (this.#ending) return;
      await source.apply(stack).catch((error: unknown) => {
        this.#hooks.log.error(`${source.name}: the change is not used: ${messageOf(error)}`);
      });
    }
  }

  /** `endpoint`: where AWS clients reach us. */
  addresses(endpoint: string): readonly SourceAddress[] {
    const about = this.#services.about();
    const services = about === undefined ? [] : [{ source: 'Services', address: endpoint, about }];
    return [...this.#sources.flatMap((source) => source.addresses?.() ?? []), ...services];
  }

  runSchedule(name: string): boolean {
    return this.#sources.some((source) => source.runSchedule?.(name) === true);
  }

  status(): readonly SourceStatus[] {
    return this.#sources.flatMap((source) => source.status?.() ?? []);
  }

  services(): string | undefined {
    return this.#services.about();
  }

  /** Their container outlives this run. */
  keepServices(): void {
    this.#services.keep();
  }

  /** Never rejects: what fails of one is told, and keeps nothing from ending. */
  async drain(): Promise<void> {
    this.#ending = true;
    const sources = this.#sources.map((source) =>
      source.drain().catch((error: unknown) => {
        this.#hooks.log.error(`${source.name}: ${messageOf(error)}`);
      }),
    );
    await Promise.all([...sources, this.#httpPort.drain()]);
  }

  async #close(source: Source): Promise<void> {
    this.#ending = true;
    const over = new AbortController();
    const late = sleep(systemClock, CLOSE_MS, over.signal).then(
      () => this.#hooks.log.warn(`${source.name}: not everything has ended`),
      () => undefined,
    );
    await Promise.race([source.close(), late]).finally(() => over.abort());
  }
}

/** Whoever calls a start off does not wait for services that do not answer. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  await Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
