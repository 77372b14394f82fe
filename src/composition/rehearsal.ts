/**
 * A rehearsal: some events go the way of a function's events, through a door, a pool and an
 * environment of their own and the real Runtime API, so that the first caller does not wait for code
 * that has never run. Nothing of a function runs: there is no container, and the runtime is a connection of this
 * process. What is told of it is heard by nobody: no line, no record, no environment that people see.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Container, ContainerSpec } from '../engine/engine.js';
import { EnvironmentJournal } from '../environment/journal.js';
import type { EnvironmentEngine } from '../environment/parts.js';
import type { FunctionVersion } from '../function/function-version.js';
import { isCustom } from '../function/runtimes.js';
import { FixedKeepAlive } from '../keep-alive/fixed.js';
import { MemoryBudget } from '../pool/memory-budget.js';
import { Pool, type PoolParts } from '../pool/pool.js';
import { StartGate } from '../pool/start-gate.js';
import { RehearsalDoor, type RehearsalDoorParts } from './rehearsal-door.js';

/** After these V8 has met what each event meets. */
export const EVENTS = 40;
const CONNECTIONS = 4;
const KEPT_MS = 60_000;
const VERSION = '/2018-06-01/runtime/';
/** One event for the runtime: its head and what it carries. */
const EVENT = /lambda-runtime-aws-request-id: *(\S+)\r\n[^]*?\r\n\r\n\{"key":"value"\}/i;

/** Whether events of such a function are served by what every function shares, and by no more. */
export function isPlain(version: FunctionVersion): boolean {
  const { image, runtime, tenancy, snapStart, extensions = [] } = version;
  const special = image ?? tenancy ?? snapStart;
  return special === undefined && extensions.length === 0 && !isCustom(runtime);
}

export interface Stage extends Omit<RehearsalDoorParts, 'clock'> {
  readonly pool: PoolParts;
  /** The socket of the Runtime API. */
  readonly path: string;
  /** Registers what ends the rehearsal before its time. */
  endWith(end: () => Promise<void>): void;
}

/**
 * As if `version` had events. Resolves to how many were answered; ends early, and harmlessly, at the
 * first that is not. Raises `port-in-use` and the like.
 */
export async function rehearse(version: FunctionVersion, stage: Stage): Promise<number> {
  const { pool: parts, path, endWith } = stage;
  const nothing = (): void => undefined;
  const unheard = { line: nothing, began: nothing, ended: nothing, record: nothing };
  const { clock } = parts;
  const pool = new Pool(
    version,
    {
      ...parts,
      engine: new EmptyEngine(path),
      gate: new StartGate(1),
      memory: new MemoryBudget(version.memoryMb * 2 ** 20),
      scalingRate: undefined,
      warn: () => undefined,
      openJournal: (of, id, initialization) => {
        const journal = { clock, lines: unheard, records: unheard, marks: true };
        return new EnvironmentJournal(of, id, journal, initialization);
      },
    },
    {
      rules: { freezeAfterMs: 0, keepAlive: new FixedKeepAlive(KEPT_MS), timeScale: 1, spares: 0 },
      firstCause: { kind: 'first-use' },
    },
  );
  const door = new RehearsalDoor(pool, { ...stage, clock });
  endWith(() => door.close());
  try {
    await door.open();
    const each = EVENTS / CONNECTIONS;
    let answered = 0;
    for (let made = 0; made < CONNECTIONS && answered === made * each; made += 1) {
      answered += await door.call(each);
    }
    return answered;
  } finally {
    pool.destroy('shutdown');
    await door.close();
  }
}

/** Its containers have no processes; what they would ask of the Runtime API is asked from here. */
class EmptyEngine implements EnvironmentEngine {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  create({ environment }: ContainerSpec): Promise<Container> {
    return Promise.resolve(new Rehearsed(this.#path, environment['AWS_LAMBDA_RUNTIME_API'] ?? ''));
  }
}

/** What seems to be a container: its processes are a connection that answers each event with `{}`. */
class Rehearsed implements Container {
  readonly id = 'rehearsal';
  readonly startedAtMs = undefined;
  readonly address = undefined;
  readonly #path: string;
  readonly #host: string;
  #socket: Socket | undefined;
  #unread = '';

  constructor(path: string, host: string) {
    this.#path = path;
    this.#host = host;
  }

  async start(): Promise<void> {
    const socket = connect({ path: this.#path });
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    await once(socket, 'connect');
    socket.on('error', () => socket.destroy());
    socket.write(this.#poll());
  }

  remove(): Promise<void> {
    this.#socket?.destroy();
    return Promise.resolve();
  }

  flushOutput(): boolean {
    return true;
  }

  peakMemoryBytes(): number {
    return 0;
  }

  freeze(): Promise<void> {
    return Promise.resolve();
  }

  thaw(): undefined {
    return undefined;
  }

  kill(): Promise<void> {
    return this.remove();
  }

  terminate(): Promise<void> {
    return this.remove();
  }

  write(): void {}

  limitCpu(): void {}

  #read(text: string): void {
    this.#unread += text;
    const requestId = EVENT.exec(this.#unread)?.[1];
    if (requestId === undefined) return;
    this.#unread = '';
    const head = `POST ${VERSION}invocation/${requestId}/response HTTP/1.1\r\nHost: ${this.#host}\r\n`;
    const response = 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
    this.#socket?.write(head + response + this.#poll());
  }

  #poll(): string {
    return `GET ${VERSION}invocation/next HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`;
  }
}
