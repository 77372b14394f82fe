/**
 * The services as the settings have them. What starts or reaches them is the first one who asks;
 * a container that dies is made again, and whoever makes things in it is asked to do so again.
 */

import { sleep, type Clock } from '../async/clock.js';
import type { ServicesSetting } from '../config/config.js';
import { messageOf, OrchestratorError } from '../errors.js';
import type { Logger } from '../log/logger.js';
import type { AwsServices, ServicesKind } from './aws-services.js';
import type { ServiceClientConfig, ServiceCredentials } from './client-config.js';
import { ServiceClients } from './clients.js';
import { probeEndpoint, reasonOf } from './probe.js';

/** A container that serves, however it is made. */
export interface ServicesHost {
  /** Finds the one of this state folder or makes one; at `port` again where it can. */
  open(signal: AbortSignal, port?: string): Promise<HostedServices>;
  /** Removes it, whoever made it. */
  remove(): Promise<void>;
}

export interface HostedServices {
  readonly endpoint: string;
  readonly adopted: boolean;
  /** Resolves when it has ended; rejects when that cannot be told for now. */
  ended(signal: AbortSignal): Promise<void>;
}

export interface ServicesParts {
  readonly setting: ServicesSetting;
  readonly region: string;
  /** Leaves the container when we end. */
  readonly keep: boolean;
  readonly host: ServicesHost;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Of AWS itself. */
  readonly awsCredentials?: () => Promise<ServiceCredentials>;
  /** Whether something answers there; rejects with what the network says. */
  readonly probe?: (endpoint: string) => Promise<void>;
}

type Make = (config: ServiceClientConfig) => Promise<void>;

/** They are checked by nobody. Copied for each client: the SDK writes into what it is given. */
const DUMMY: ServiceCredentials = {
  accessKeyId: 'AKIAORCHESTRATOR0000',
  secretAccessKey: 'not-a-secret',
};
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
/** An endpoint of the user's may be starting as we are. */
const PATIENCE_MS = 10_000;

export class Services implements AwsServices {
  readonly kind: ServicesKind;
  readonly clients = new ServiceClients(() => this.clientConfig());
  readonly #parts: ServicesParts;
  readonly #makers: Make[] = [];
  readonly #closing = new AbortController();
  #reached: Promise<ServiceClientConfig> | undefined;
  #fresh: Promise<void> | undefined;
  #hosted: HostedServices | undefined;
  /** One was there with its data before a start that has not come to its end. */
  #settled = false;
  #kept: boolean;

  constructor(parts: ServicesParts) {
    this.#parts = parts;
    this.#kept = parts.keep;
    this.kind = kindOf(parts.setting);
  }

  /** Starts what is to run whether or not it is needed. */
  async start(): Promise<void> {
    if (this.#parts.setting === 'container') await this.reach();
  }

  /** The start has succeeded: from now on the end of the run is the end of the container. */
  started(): void {
    this.#settled = true;
  }

  /** The end of the run is not the end of the container. */
  keep(): void {
    this.#kept = true;
  }

  async clientConfig(): Promise<ServiceClientConfig> {
    const config = await this.reach();
    this.#fresh ??= this.#makeAll(config);
    await this.#fresh;
    return config;
  }

  reach(): Promise<ServiceClientConfig> {
    this.#reached ??= this.#reach().catch((error: unknown) => {
      this.#reached = undefined;
      throw error;
    });
    return this.#reached;
  }

  onFresh(make: Make): void {
    this.#makers.push(make);
  }

  /** Where they are, once somebody has asked for them. */
  get endpoint(): string | undefined {
    const { setting } = this.#parts;
    return this.kind === 'endpoint' ? setting : this.#hosted?.endpoint;
  }

  /** What is there, once somebody has asked for it. */
  about(): string | undefined {
    const { endpoint } = this;
    if (endpoint === undefined) return undefined;
    const what = 'queues, buckets, topics, tables, streams';
    return this.kind === 'endpoint'
      ? `${what}: ${endpoint}`
      : `${what}: our container, ${endpoint}`;
  }

  /** Ends connections; the container goes as well, unless it is to stay. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the orchestrator is stopping'));
    await this.clients.close();
    await this.#reached?.catch(() => undefined);
    if (this.kind !== 'container' || this.#kept) return;
    // What a failed start has found is not its own to take away.
    if (!this.#settled && this.#hosted?.adopted !== false) return;
    try {
      await this.#parts.host.remove();
    } catch (error) {
      // What else ends with an engine that is away says so; most runs have no container here.
      if (this.#hosted === undefined) return;
      this.#parts.log.warn(
        `the services container stays: ${messageOf(error)}. \`orchestrator down\` removes it once the engine answers`,
      );
    }
  }

  #reach(): Promise<ServiceClientConfig> {
    switch (this.kind) {
      case 'none':
        return Promise.reject(none());
      case 'aws':
        return Promise.resolve(this.#aws());
      case 'endpoint':
        return this.#reachEndpoint(this.#parts.setting);
      case 'container':
        return this.#openContainer();
    }
  }

  #aws(): ServiceClientConfig {
    const { region, awsCredentials } = this.#parts;
    return { region, ...(awsCredentials === undefined ? {} : { credentials: awsCredentials }) };
  }

  #at(endpoint: string): ServiceClientConfig {
    const { region } = this.#parts;
    return { region, endpoint, credentials: { ...DUMMY }, forcePathStyle: true };
  }

  async #reachEndpoint(endpoint: string): Promise<ServiceClientConfig> {
    const { clock, probe = probeEndpoint, log } = this.#parts;
    const until = clock.monotonic() + PATIENCE_MS;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        await probe(endpoint);
        return this.#at(endpoint);
      } catch (error) {
        if (clock.monotonic() + wait > until) throw unreachable(endpoint, error);
        if (wait === FIRST_WAIT_MS) {
          log.warn(`the services endpoint ${endpoint} does not answer yet: ${reasonOf(error)}`);
        }
      }
      await sleep(clock, wait, this.#closing.signal);
    }
  }

  async #openContainer(port?: string): Promise<ServiceClientConfig> {
    const hosted = await this.#parts.host.open(this.#closing.signal, port);
    this.#hosted = hosted;
    void this.#watch(hosted);
    return this.#at(hosted.endpoint);
  }

  async #makeAll(config: ServiceClientConfig): Promise<void> {
    try {
      for (const make of this.#makers) await make(config);
    } catch (error) {
      this.#fresh = undefined;
      throw error;
    }
  }

  /** Until it has ended; then makes another one. */
  async #watch(hosted: HostedServices): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#closing;
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        await hosted.ended(signal);
        break;
      } catch {
        // The engine is away. It may come back with or without the container.
        await sleep(clock, wait, signal).catch(() => undefined);
      }
    }
    if (signal.aborted) return;
    log.warn(
      'the services container has ended and its data is gone; it is started again, with what the template declares',
    );
    await this.#replace(new URL(hosted.endpoint).port);
  }

  async #replace(port: string): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#closing;
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        this.#fresh = undefined;
        this.#reached = this.#openContainer(port);
        await this.clientConfig();
        log.info(`the services container is back at ${this.endpoint}`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`the services cannot be started again yet: ${messageOf(error)}`);
      }
      await sleep(clock, wait, signal).catch(() => undefined);
    }
  }
}

function kindOf(setting: ServicesSetting): ServicesKind {
  if (setting === 'none' || setting === 'aws') return setting;
  return setting === 'auto' || setting === 'container' ? 'container' : 'endpoint';
}

function unreachable(endpoint: string, cause: unknown): OrchestratorError {
  return new OrchestratorError(
    'services-unavailable',
    `the services endpoint ${endpoint} does not answer: ${reasonOf(cause)}`,
    {
      remedy:
        'Start that server, correct `services` (--services), or leave it out for our container.',
      cause,
    },
  );
}

function none(): OrchestratorError {
  return new OrchestratorError('services-unavailable', 'the services are turned off', {
    remedy: 'Leave `services: none` (--services none) out, or name an endpoint there.',
  });
}
