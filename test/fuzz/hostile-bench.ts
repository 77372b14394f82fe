/**
 * Everything between the two doors for real, on real sockets and real time; only containers are
 * played, by runtimes that poll and answer honestly. Whoever attacks has one environment's own
 * host name, as hostile code in a container has.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { systemClock } from '../../src/async/clock.js';
import { EnvironmentJournal } from '../../src/environment/journal.js';
import type { ContainerSpec } from '../../src/engine/engine.js';
import type { FunctionVersion } from '../../src/function/function-version.js';
import { MemoryBudget } from '../../src/pool/memory-budget.js';
import { Pool, type PoolParts } from '../../src/pool/pool.js';
import { StartGate } from '../../src/pool/start-gate.js';
import { FixedKeepAlive } from '../../src/keep-alive/fixed.js';
import { RuntimeApi } from '../../src/runtime-api/server.js';
import { openSink, type OpenSink } from '../../src/telemetry/sinks.js';
import { FakeEngine, type FakeProcess } from '../support/fake-engine.js';
import { playedSpec, SILENT_JOURNAL } from '../support/pool-bench.js';
import { RunningInvokeApi } from '../support/running-invoke-api.js';
import { UNHEARD } from '../support/unheard.js';

const MB = 2 ** 20;
/** An honest invocation that takes longer has been lost; it is answered with an error then. */
const HONEST_SECONDS = 60;
/** The function whose environments are in hostile hands. */
export const ATTACKER = 'attacker';
/** Stands for the address of its containers; nobody else is there. */
export const ATTACKER_ADDRESS = '127.0.0.9';
/** How long its init takes, so that attacks find it open and what is subscribed to is sent. */
const ATTACKER_INIT_MS = 60;
/** An event that ends an attacker's processes: the next one finds them in their init. */
const END = '{"end":true}';

/** What a victim's invocations carried and got. */
export interface Served {
  readonly answered: number;
  readonly secrets: ReadonlySet<string>;
}

export class HostileBench {
  readonly invokeApi = new RunningInvokeApi();
  readonly runtimeApi = new RuntimeApi();
  runtimePort = 0;
  /** Subscriptions of attackers that were accepted. */
  subscriptions = 0;
  /** What an attacker's extension subscribes with, each init with the next of them. */
  wantedSubscriptions: readonly string[] = [];
  #inits = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #pools = new Map<string, Pool>();
  readonly #hosts = new Map<string, string>();
  readonly #requests = new Map<string, string>();
  #extension = 'none';
  readonly #engine = new FakeEngine({
    clock: systemClock,
    program: (spec) => (process) => this.#runtime(spec, process),
  });

  async start(functions: readonly string[]): Promise<void> {
    this.runtimePort = await this.runtimeApi.listen('127.0.0.1', '127.0.0.1');
    await this.invokeApi.start();
    for (const name of functions) this.#open(name);
  }

  /** `Host` header of the newest environment of a function. */
  hostOf(functionName: string): string {
    return this.#hosts.get(functionName) ?? '';
  }

  /** Id of the newest invocation of a function; its own code knows it. */
  requestOf(functionName: string): string {
    return this.#requests.get(functionName) ?? 'none';
  }

  /** Identifier of the newest extension in an attacker's environment. */
  get extension(): string {
    return this.#extension;
  }

  /**
   * Invokes the function with an event only it has seen; rejects unless exactly that comes back.
   * Resolves to the event's secret.
   */
  async invokeHonestly(functionName: string): Promise<string> {
    const secret = `secret-${randomBytes(12).toString('hex')}`;
    const answer = await this.#post(functionName, JSON.stringify({ secret }));
    const expected = JSON.stringify({ from: functionName, event: { secret } });
    if (answer !== expected) throw new Error(`${functionName} was answered ${answer}`);
    return secret;
  }

  /** Gives the function's environments something to do; what comes of it is the attacker's. */
  async invokeAnyhow(functionName: string): Promise<void> {
    await this.#post(functionName, '{}');
    const path = `/2021-11-15/functions/${functionName}/response-streaming-invocations`;
    await this.#post(functionName, '{}', path);
  }

  /** Has the attacker's environment initialise once more for each subscription it wants. */
  async subscribeAll(): Promise<void> {
    for (let times = 0; times < this.wantedSubscriptions.length; times += 1) {
      await this.#post(ATTACKER, END);
    }
  }

  async close(): Promise<void> {
    for (const pool of this.#pools.values()) pool.destroy('shutdown');
    await Promise.all([...this.#pools.values()].map((pool) => pool.empty()));
    this.#agent.destroy();
    await Promise.all([this.invokeApi.api.destroy(), this.runtimeApi.destroy()]);
  }

  #open(name: string): void {
    const version = {
      name,
      version: '$LATEST',
      runtime: 'nodejs22.x',
      memoryMb: 128,
      timeoutSeconds: name === ATTACKER ? 1 : HONEST_SECONDS,
      ephemeralStorageMb: 512,
      handler: 'index.handler',
      imageReference: 'image:1',
      functionArn: `arn:aws:lambda:eu-west-1:000000000000:function:${name}`,
    } as FunctionVersion;
    const pool = new Pool(version, this.#parts(name), {
      rules: { freezeAfterMs: 0, keepAlive: new FixedKeepAlive(600_000), timeScale: 1, spares: 0 },
      firstCause: { kind: 'first-use' },
    });
    this.#pools.set(name, pool);
    this.invokeApi.router.add({ name }, (asked, settle) =>
      pool.submit({ request: asked, waitedForInit: false, settle }),
    );
  }

  #parts(functionName: string): PoolParts {
    return {
      clock: systemClock,
      engine: this.#engine,
      door: {
        open: (channel, identity) => {
          const address = this.runtimeApi.open(channel, identity);
          this.#hosts.set(functionName, address.runtimeApi);
          return address;
        },
        close: (identity) => this.runtimeApi.close(identity),
      },
      gate: new StartGate(2),
      memory: new MemoryBudget(1024 * 1024 * MB),
      warn: () => undefined,
      newIdentity: () => randomUUID().replaceAll('-', ''),
      buildSpec: (version, { runtimeApi }) =>
        playedSpec(version, runtimeApi, { AWS_LAMBDA_RUNTIME_API: runtimeApi, NAME: version.name }),
      openJournal: (version, environmentId, initializationType) =>
        functionName === ATTACKER
          ? new EnvironmentJournal(
              version,
              environmentId,
              {
                clock: systemClock,
                lines: UNHEARD,
                records: UNHEARD,
                openSink: this.#openSink,
                marks: false,
              },
              initializationType,
            )
          : SILENT_JOURNAL,
    };
  }

  readonly #openSink: OpenSink = (destination) => {
    this.subscriptions += 1;
    return openSink(destination, () => ATTACKER_ADDRESS);
  };

  /** In an attacker's environment: registers, and asks for events as long as it gets any. */
  #extend(host: string, process: FakeProcess): void {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const call = (
      method: string,
      path: string,
      headers: Record<string, string>,
      body: string,
      done: (identifier: string) => void,
    ): void => {
      const asked = request(
        {
          agent,
          port: this.runtimePort,
          host: '127.0.0.1',
          method,
          path,
          headers: { Host: host, 'Content-Length': Buffer.byteLength(body), ...headers },
        },
        (response) => {
          response.resume();
          response.on('end', () => {
            const identifier = response.headers['lambda-extension-identifier'];
            process.whenRunning(() => {
              if (response.statusCode === 200 || method === 'PUT') done(String(identifier));
            });
          });
        },
      );
      asked.on('error', () => undefined);
      asked.end(body);
    };
    const wanted = this.wantedSubscriptions[this.#inits++ % this.wantedSubscriptions.length] ?? '';
    const name = { 'Lambda-Extension-Name': 'insider' };
    const extension = '/2020-01-01/extension';
    call('POST', `${extension}/register`, name, '{"events":["INVOKE"]}', (identifier) => {
      this.#extension = identifier;
      const known = { 'Lambda-Extension-Identifier': identifier };
      const next = (): void => call('GET', `${extension}/event/next`, known, '', next);
      call('PUT', '/2022-07-01/telemetry', known, wanted, next);
    });
  }

  /** An honest runtime: polls, answers with its function's name and the event, polls again. */
  #runtime({ environment }: ContainerSpec, process: FakeProcess): void {
    const host = environment['AWS_LAMBDA_RUNTIME_API'] ?? '';
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const call = (method: string, path: string, body: string, done: Done): void => {
      const asked = request(
        {
          agent,
          port: this.runtimePort,
          host: '127.0.0.1',
          method,
          path: `/2018-06-01/runtime/${path}`,
          headers: { Host: host, 'Content-Length': Buffer.byteLength(body) },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => (text += piece));
          response.on('end', () => {
            const id = response.headers['lambda-runtime-aws-request-id'];
            process.whenRunning(() => done(response.statusCode ?? 0, String(id), text));
          });
        },
      );
      // As a real one does when the platform is gone or has refused it.
      asked.on('error', () => process.exit(1));
      asked.end(body);
    };
    const next = (): void =>
      call('GET', 'invocation/next', '', (status, id, event) => {
        if (status !== 200) {
          process.exit(1);
          return;
        }
        if (environment['NAME'] === ATTACKER && event === END) {
          process.exit(1);
          return;
        }
        this.#requests.set(environment['NAME'] ?? '', id);
        const result = `{"from":"${environment['NAME']}","event":${event}}`;
        call('POST', `invocation/${id}/response`, result, next);
      });
    if (environment['NAME'] !== ATTACKER) {
      next();
      return;
    }
    this.#extend(host, process);
    process.after(ATTACKER_INIT_MS, next);
  }

  #post(
    functionName: string,
    event: string,
    path = `/2015-03-31/functions/${functionName}/invocations`,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          agent: this.#agent,
          port: this.invokeApi.port,
          host: '127.0.0.1',
          method: 'POST',
          path,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => (text += piece));
          response.on('end', () => resolve(text));
        },
      );
      asked.on('error', reject);
      asked.end(event);
    });
  }
}

type Done = (status: number, requestId: string, body: string) => void;
