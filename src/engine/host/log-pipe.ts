/**
 * A named pipe from a container straight to us. The engine's own way passes each line through three
 * processes; this one wakes nobody else. Whether it is used is the container's choice: what it
 * writes to its ordinary output still comes through the engine.
 */

import { execFile } from 'node:child_process';
import { constants, openSync, readSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Containers may write and nothing else. */
const MODE = '0622';
const DRAIN_BYTES = 64 * 1024;
/** Nobody keeps what is handed over. */
const drained = Buffer.allocUnsafeSlow(DRAIN_BYTES);
/** A pipe holds one piece of that size, and sixteen where a program has asked for more. */
const READS_OF_A_FLUSH = 16;
const PIPES_AT_ONCE = 8;

/** Pipes made ahead: making one takes a process, and several take no longer. */
export class PipeStock {
  readonly #folder: string;
  #ready: string[] = [];
  #making: Promise<void> | undefined;
  #made = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The path of a pipe nobody else has. Raises the system's errors. */
  async take(): Promise<string> {
    for (;;) {
      const path = this.#ready.pop();
      if (path !== undefined) return path;
      await this.refill();
    }
  }

  /** Sees to it that some are ready. Rejects with the system's errors. */
  refill(): Promise<void> {
    if (this.#ready.length > 0) return Promise.resolve();
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** Resolves when none is in the making. */
  async idle(): Promise<void> {
    await this.#making?.catch(() => undefined);
  }

  async #make(): Promise<void> {
    const paths = Array.from({ length: PIPES_AT_ONCE }, () =>
      join(this.#folder, `log-${(this.#made += 1)}`),
    );
    await run('mkfifo', ['-m', MODE, ...paths]);
    this.#ready.push(...paths);
  }
}

export class LogPipe {
  readonly path: string;
  readonly #onOutput: (chunk: Buffer) => void;
  #socket: Socket | undefined;
  #fd = -1;

  /** On a pipe made before. */
  constructor(path: string, onOutput: (chunk: Buffer) => void) {
    this.path = path;
    this.#onOutput = onOutput;
  }

  /** Reads from now on. Held open for writing too, so that it never ends between writers. */
  open(): void {
    if (this.#socket !== undefined) return;
    this.#fd = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd: this.#fd, readable: true, writable: false });
    this.#socket.on('data', this.#onOutput);
    this.#socket.on('error', () => undefined);
  }

  /** Hands over what is in the pipe: all of it now that its writers have ended. */
  drain(): void {
    this.#read(Infinity);
  }

  /** Hands over what is in the pipe now, however fast others go on writing. */
  flush(): void {
    this.#read(READS_OF_A_FLUSH);
  }

  #read(most: number): void {
    // Of a socket that failed the descriptor is closed, and may be somebody else's by now.
    if (this.#socket === undefined || this.#socket.destroyed) return;
    for (let reads = 0; reads < most; reads += 1) {
      const bytes = readNow(this.#fd);
      if (bytes === 0) return;
      this.#onOutput(drained.subarray(0, bytes));
    }
  }

  remove(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    rmSync(this.path, { force: true });
  }
}

/** How many bytes there were to read; 0 when nothing is left (EAGAIN). */
function readNow(fd: number): number {
  const { stackTraceLimit } = Error;
  // To find nothing is what happens most, and where it happens most of what the error would cost.
  Error.stackTraceLimit = 0;
  try {
    return readSync(fd, drained, 0, DRAIN_BYTES, null);
  } catch {
    return 0;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
