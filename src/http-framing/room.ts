/**
 * Memory that whatever sockets receive is read into: one room for all of them, since what comes is
 * read, handed on and done with before anything else is received. Left to itself Node.js makes new
 * memory for every piece, which costs more than to read the message in it, and all of it is for the
 * collector to find.
 *
 * Node.js takes such memory for sockets that somebody opens, not for those that a server accepts; what
 * it keeps of it is found by its name, and where that is not to be had all goes on as it was.
 */

import type { Socket } from 'node:net';

/** As much as is read at once. */
const ROOM_BYTES = 64 * 1024;

interface Handle {
  useUserBuffer?(room: Uint8Array): void;
}

/** Parts of a socket that are not told of, by their symbols. */
type Internals = Record<symbol, unknown>;

let room: Buffer | undefined;

/**
 * From now on `onBytes` is given what comes to the socket, which sees nothing of it. It returns
 * whether to go on reading. The bytes are lent: others take their place when it returns. False: it
 * cannot be done.
 */
export function readIntoRoom(socket: Socket, onBytes: (bytes: Buffer) => boolean): boolean {
  const internals = socket as unknown as Internals & { readonly _handle?: Handle | null };
  const handle = internals._handle;
  const symbols = symbolsOf(socket);
  if (typeof handle?.useUserBuffer !== 'function' || symbols === undefined) return false;
  const [buffer, callback, next] = symbols;
  // One byte more: no slice is all of it, and so none is given up as if it were somebody's own.
  room ??= Buffer.allocUnsafeSlow(ROOM_BYTES + 1).subarray(0, ROOM_BYTES);
  internals[next] = null;
  internals[callback] = (count: number, bytes: Buffer): boolean =>
    onBytes(bytes.subarray(0, count));
  internals[buffer] = room;
  handle.useUserBuffer(room);
  return true;
}

/** Of the room, of who is told, and of who makes the next one. */
type Symbols = readonly [buffer: symbol, callback: symbol, next: symbol];

const NAMES = ['kBuffer', 'kBufferCb', 'kBufferGen'];
/** All sockets have the same: to look for them takes longer than all else that is done here. */
let known: Symbols | undefined;

function symbolsOf(socket: Socket): Symbols | undefined {
  known ??= find(socket);
  return known?.every((symbol) => Object.hasOwn(socket, symbol)) === true ? known : undefined;
}

function find(socket: Socket): Symbols | undefined {
  const all = Object.getOwnPropertySymbols(socket);
  const [buffer, callback, next] = NAMES.map((name) =>
    all.find(({ description }) => description === name),
  );
  if (buffer === undefined || callback === undefined || next === undefined) return undefined;
  return [buffer, callback, next];
}
