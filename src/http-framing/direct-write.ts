/**
 * Short texts handed to the kernel as Node.js hands them on, without all that it makes for each: of
 * nearly all the kernel takes the whole at once, and what stands for the write is made for nothing.
 *
 * What it takes is not told of: it is seen when a socket writes for the first time. Where it is not as
 * expected all goes on by `_write`.
 */

import type { Socket } from 'node:net';

/** Stands for a write that the kernel has not taken at once; it can be given along again until then. */
interface WriteRequest {
  /** `FREE` until then. */
  getAsyncId(): number;
  oncomplete?: (status: number) => void;
}

/** A socket's, of TCP or of a path: of others it is not known when a request is free. */
export interface DirectHandle {
  /** Latin-1. Returns 0, or the number of an error. */
  writeLatin1String(request: WriteRequest, text: string): number;
}

type MakeRequest = new () => WriteRequest;

const FREE = -1;
/** Longer ones Node.js does not try to write from memory that it has already. */
const MOST_CHARACTERS = 16 * 1024;
const KINDS: ReadonlySet<string> = new Set(['TCP', 'Pipe']);

let makeRequest: MakeRequest | 'unknown' | 'unusable' = 'unknown';
/** Free, and for whoever writes next. */
let request: WriteRequest | undefined;

/** What writes directly to the socket; undefined: nothing does. */
export function directHandle(socket: Socket): DirectHandle | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: DirectHandle | null };
  if (handle === undefined || handle === null || !KINDS.has(handle.constructor.name)) {
    return undefined;
  }
  return typeof handle.writeLatin1String === 'function' ? handle : undefined;
}

/** `later`: `done` is called when the kernel has it all, or never will. */
export type Written = 'at-once' | 'later' | 'failed';

/** Writes a Latin-1 text where nothing else is being written; undefined: not in this way. */
export function writeDirectly(
  handle: DirectHandle,
  text: string,
  done: (failed: boolean) => void,
): Written | undefined {
  if (typeof makeRequest === 'string' || text.length > MOST_CHARACTERS) return undefined;
  request ??= new makeRequest();
  const error = handle.writeLatin1String(request, text);
  if (request.getAsyncId() !== FREE) {
    request.oncomplete = (status) => done(status < 0);
    request = undefined;
    return 'later';
  }
  return error === 0 ? 'at-once' : 'failed';
}

/** Calls `write`, by which a socket writes a text, and sees how that is done. */
export function learnFrom(handle: DirectHandle, write: () => void): void {
  if (makeRequest !== 'unknown') return write();
  const { writeLatin1String } = handle;
  handle.writeLatin1String = (given, text) => {
    makeRequest = usable(given);
    return writeLatin1String.call(handle, given, text);
  };
  try {
    write();
  } finally {
    // The class's own method is seen again.
    Reflect.deleteProperty(handle, 'writeLatin1String');
  }
}

function usable({ constructor }: WriteRequest): MakeRequest | 'unusable' {
  if (constructor.name !== 'WriteWrap') return 'unusable';
  const made = new (constructor as MakeRequest)();
  const isFree = typeof made.getAsyncId === 'function' && made.getAsyncId() === FREE;
  return isFree ? (constructor as MakeRequest) : 'unusable';
}
