/**
 * The bytes of a socket without what its streams do for each piece: no queue, no events and no later
 * turn for what is handed on, or taken by the kernel, at once. That is a good part of what Node.js
 * does for a message. What has come is seen where it is read (`room.ts`) or, where that cannot be
 * done, in `push`. What is written while nothing is queued goes to the kernel (`direct-write.ts`) or,
 * where that cannot be done, to `_write`. Ends, errors and whatever the kernel does not take at once go
 * the socket's own way.
 */

import type { Socket } from 'node:net';
import { directHandle, learnFrom, writeDirectly, type DirectHandle } from './direct-write.js';
import { readIntoRoom } from './room.js';
import { giveUp } from './used-up.js';

export class Wire {
  readonly #socket: Socket;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #onDrain: () => void;
  /** The socket's own streams see nothing of what comes, until it is given back. */
  readonly #hasRoom: boolean;
  /** Of the socket, where it can be written to without its streams. */
  readonly #handle: DirectHandle | undefined;
  #released = false;
  #paused = false;
  /** What came although no more was wanted, in memory of its own. */
  #held: Buffer[] = [];
  /** A write of ours is with the kernel, or waits for it. */
  #writing = false;
  /** It did not go out at once: somebody may wait for it. */
  #late = false;

  /**
   * `onBytes` is lent what comes: others may take its place when it returns. `onDrain`: what
   * `needsDrain` told of is over.
   */
  constructor(socket: Socket, onBytes: (bytes: Buffer) => void, onDrain: () => void) {
    this.#socket = socket;
    this.#onBytes = onBytes;
    this.#onDrain = onDrain;
    this.#handle = directHandle(socket);
    this.#hasRoom = readIntoRoom(socket, this.#onRead);
    if (!this.#hasRoom) socket.push = this.#push;
    // What had come before.
    socket.on('data', this.#take);
    socket.on('drain', onDrain);
  }

  /** Some of what was written has not gone out. */
  get isWriting(): boolean {
    return this.#writing || this.#socket.writableLength > 0;
  }

  /** The other side does not keep up. */
  get needsDrain(): boolean {
    return this.#late || this.#socket.writableNeedDrain;
  }

  /** Latin-1, in one write. */
  write(text: string): void {
    const socket = this.#socket;
    if (this.isWriting || !socket.writable) {
      socket.write(text, 'latin1');
      return;
    }
    const handle = this.#handle;
    const how = handle === undefined ? undefined : writeDirectly(handle, text, this.#written);
    if (how === 'at-once') return;
    if (how === 'failed') {
      socket.destroy();
      return;
    }
    this.#writing = true;
    if (how === undefined) this.#writeByStream(text);
    this.#late = this.#writing;
  }

  /** In one write, whatever it takes to make one; texts are Latin-1. */
  writeAll(pieces: readonly (string | Buffer)[], written: (piece: Buffer) => void): void {
    const socket = this.#socket;
    socket.cork();
    for (const piece of pieces) {
      if (typeof piece === 'string') socket.write(piece, 'latin1');
      else socket.write(piece, () => written(piece));
    }
    socket.uncork();
  }

  /** What has come by now may still be handed on when this is over. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (const bytes of this.#held.splice(0)) this.#take(bytes);
    if (!this.#paused) this.#socket._read(0);
  }

  /** Gives the socket back as it was, to somebody who pauses and resumes it, and what was held. */
  release(): Buffer[] {
    const socket = this.#socket;
    socket.off('data', this.#take);
    socket.off('drain', this.#onDrain);
    this.#released = true;
    // The class's own method is seen again.
    if (!this.#hasRoom) Reflect.deleteProperty(socket, 'push');
    socket._read(0);
    return this.#held.splice(0);
  }

  readonly #push = (bytes: Buffer | null): boolean => {
    if (bytes === null) return Object.getPrototypeOf(this.#socket).push.call(this.#socket, null);
    this.#take(bytes);
    return !this.#paused;
  };

  readonly #onRead = (bytes: Buffer): boolean => {
    if (this.#released) return this.#socket.push(Buffer.from(bytes));
    if (this.#paused) this.#held.push(Buffer.from(bytes));
    else this.#onBytes(bytes);
    return !this.#paused;
  };

  readonly #take = (bytes: Buffer): void => {
    if (this.#paused) {
      this.#held.push(bytes);
    } else {
      this.#onBytes(bytes);
      giveUp(bytes);
    }
  };

  #writeByStream(text: string): void {
    const written = (error?: Error | null): void => this.#written(Boolean(error));
    const write = (): void => this.#socket._write(text, 'latin1', written);
    if (this.#handle === undefined) write();
    else learnFrom(this.#handle, write);
  }

  readonly #written = (failed: boolean): void => {
    const wasLate = this.#late;
    this.#writing = false;
    this.#late = false;
    if (failed) this.#socket.destroy();
    else if (wasLate) this.#onDrain();
  };
}
