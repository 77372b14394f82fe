/**
 * The way to a rehearsal's pool: the Lambda API once more, on a port of its own for as long as the
 * rehearsal lasts, with a router that knows one function. Whoever calls it is answered by the
 * rehearsal; nothing leads from there to the functions people have.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../async/clock.js';
import type { FunctionVersion } from '../function/function-version.js';
import { InvokeApi, type Elsewhere } from '../invoke-api/server.js';
import type { Pool } from '../pool/pool.js';
import { Concurrency } from '../router/concurrency.js';
import { Deployment } from '../router/deployment.js';
import { FunctionRouter } from '../router/function-router.js';

const HOST = '127.0.0.1';
const PAYLOAD = '{"key":"value"}';
const ANSWERED = 'HTTP/1.1 200 ';

export interface RehearsalDoorParts {
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** As at the door people use. */
  readonly awsEndpoint?: Elsewhere;
}

export class RehearsalDoor {
  readonly #api: InvokeApi;
  readonly #router: FunctionRouter;
  readonly #name: string;
  #port = 0;

  constructor(pool: Pool, { clock, region, accountId, awsEndpoint }: RehearsalDoorParts) {
    const { version } = pool;
    this.#name = version.name;
    this.#router = routerTo(pool, version, clock);
    this.#api = new InvokeApi({
      router: this.#router,
      host: HOST,
      port: 0,
      region,
      accountId,
      clock,
      events: { accept: () => Promise.reject(new Error('a rehearsal keeps no events')) },
      ...(awsEndpoint === undefined ? {} : { awsEndpoint }),
    });
  }

  async open(): Promise<void> {
    this.#router.sync(this.#name);
    await this.#router.deployment(this.#name)?.ready();
    this.#port = (await this.#api.listen()).port;
  }

  /** So many events one after another, on one connection. Returns how many were answered. */
  async call(count: number): Promise<number> {
    const socket = connect({ port: this.#port, host: HOST, noDelay: true });
    await once(socket, 'connect');
    socket.on('error', () => socket.destroy());
    const message =
      `POST /2015-03-31/functions/${this.#name}/invocations HTTP/1.1\r\n` +
      `Host: ${HOST}:${this.#port}\r\nContent-Length: ${PAYLOAD.length}\r\n\r\n${PAYLOAD}`;
    let answered = 0;
    while (answered < count) {
      socket.write(message);
      if (!(await nextText(socket)).startsWith(ANSWERED)) break;
      answered += 1;
    }
    socket.destroy();
    return answered;
  }

  /** Whoever still waits is not answered. */
  close(): Promise<void> {
    return this.#api.destroy();
  }
}

function routerTo(pool: Pool, version: FunctionVersion, clock: Clock): FunctionRouter {
  const nothing = (): undefined => undefined;
  return new FunctionRouter({
    concurrency: new Concurrency({
      limit: 1,
      unreservedMinimum: 1,
      requestsPerSecond: 'unlimited',
      clock,
    }),
    directory: {
      latest: () => version,
      published: nothing,
      alias: nothing,
      reservedConcurrency: nothing,
      allowsRecursion: () => false,
      provisioned: () => ({}),
      progress: nothing,
    },
    deploy: (definition) =>
      new Deployment(definition, {
        build: () => Promise.resolve(version),
        describeUnbuilt: () => version,
        openPool: () => pool,
        replaced: nothing,
        failed: nothing,
        discarded: nothing,
        monotonic: () => clock.monotonic(),
      }),
    random: Math.random,
  });
}

/** What comes next; empty when nothing does any more. An answer so small comes in one piece. */
function nextText(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const end = (): void => resolve('');
    socket.once('close', end);
    socket.once('data', (chunk) => {
      socket.off('close', end);
      resolve(chunk.toString('latin1'));
    });
  });
}
