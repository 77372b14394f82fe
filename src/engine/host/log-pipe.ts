/**
 * A named pipe from a container straight to us. The engine's own way passes each line through three
 * processes; this one wakes nobody else. Whether it is used is the container's choice: what it
 * writes to its ordinary output still comes through the engine.
 */

import { execFile } from 'node:child_process';
import { constants, openSync, readSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Containers may write and nothing else. */
const MODE = '0622';
const DRAIN_BYTES = 64 * 1024;

/** Makes a pipe for `LogPipe`; resolves to its path. Raises the system's errors. */
export async function makePipe(path: string): Promise<string> {
  await run('mkfifo', ['-m', MODE, path]);
  return path;
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

  /** Hands over what is in the pipe now: its writers have ended. */
  drain(): void {
    // Of a socket that failed the descriptor is closed, and may be somebody else's by now.
    if (this.#socket === undefined || this.#socket.destroyed) return;
    for (;;) {
      const buffer = Buffer.allocUnsafe(DRAIN_BYTES);
      let bytes: number;
      try {
        bytes = readSync(this.#fd, buffer, 0, DRAIN_BYTES, null);
      } catch {
        // Nothing is left (EAGAIN).
        return;
      }
      if (bytes === 0) return;
      this.#onOutput(buffer.subarray(0, bytes));
    }
  }

  remove(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    rmSync(this.path, { force: true });
  }
}
