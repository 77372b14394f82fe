/**
 * Memory of large bodies, and of what they came in, given back the moment nobody needs it. Left to
 * the collector it counts as pressure on memory: V8 then marks its whole heap for nearly every event
 * of some megabytes, which takes longer than all else that is done for it.
 *
 * What a socket still has to write is held until it is out, whoever else has done with it.
 */

import type { MessagePort } from 'node:worker_threads';

/** Smaller ones are no pressure, and some are cut from memory that others use as well. */
const WORTH_BYTES = 32 * 1024;
/**
 * The largest body, twice. Once an allocation as large has come and gone, glibc serves what is
 * smaller from memory that it keeps, and no page of it has to be made again for each body.
 */
const EXPECTED_BYTES = 12 * 2 ** 20;

/** What is to be written, and how often. */
const held = new WeakMap<ArrayBufferLike, number>();
/** Of that, what nobody else needs. */
const unneeded = new WeakSet<ArrayBufferLike>();
/** What is transferred to a port that is closed is freed at once. */
let closedPort: MessagePort | undefined;

/** Until `writtenOut` is called as often, or for good: then it is the collector's. */
export function hold({ buffer, byteLength }: Buffer): void {
  if (byteLength >= WORTH_BYTES) held.set(buffer, (held.get(buffer) ?? 0) + 1);
}

export function writtenOut({ buffer }: Buffer): void {
  const times = held.get(buffer);
  if (times === undefined) return;
  if (times > 1) {
    held.set(buffer, times - 1);
    return;
  }
  held.delete(buffer);
  if (unneeded.delete(buffer)) free(buffer);
}

/**
 * Nobody needs it any more, nor anything that was cut from it; only what is held is still written.
 * `bytes` are empty afterwards, or later. What is small, or a part of something, is left alone.
 */
export function giveUp({ buffer, byteLength }: Buffer): void {
  if (byteLength < WORTH_BYTES || byteLength !== buffer.byteLength) return;
  if (held.has(buffer)) unneeded.add(buffer);
  else free(buffer);
}

function free(buffer: ArrayBufferLike): void {
  if (!(buffer instanceof ArrayBuffer)) return;
  if (closedPort === undefined) {
    closedPort = madePort();
    free(Buffer.allocUnsafeSlow(EXPECTED_BYTES).buffer);
  }
  closedPort.postMessage(undefined, [buffer]);
}

function madePort(): MessagePort {
  const { port1, port2 }: { port1: MessagePort; port2: MessagePort } = new MessageChannel();
  port1.close();
  port2.close();
  return port1;
}
