// The answers of the Runtime API out of the bytes that come on a socket, with as little parsing as
// they need. A large body is read where it stays: nothing of it is copied.

const buffer = process.getBuiltinModule('node:buffer');

const END_OF_HEAD = '\r\n\r\n';
const ROOM_BYTES = 64 * 1024;
/** A text below this is made in the plain way. */
const LARGE_BYTES = 64 * 1024;

export class Answers {
  /** Where bytes are read to; those from `#start` up to `#end` belong to no answer yet. */
  #bytes = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #start = 0;
  #end = 0;
  /** The answer whose body is being read, and how much of that is here. */
  #open;
  #filled = 0;

  /** Where the socket is to put what comes next. */
  room() {
    if (this.#open !== undefined) return this.#open.body.subarray(this.#filled);
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      return this.#bytes;
    }
    if (this.#end === this.#bytes.length) this.#makeRoom();
    return this.#bytes.subarray(this.#end);
  }

  /** So many bytes have come where there was room. */
  came(count) {
    if (this.#open === undefined) this.#end += count;
    else this.#filled += count;
  }

  /** The next answer: `{ status, headers, closed, body }`; undefined while it is not whole. */
  take() {
    if (this.#open === undefined) {
      const answer = this.#parse();
      if (answer !== undefined) return answer;
      if (this.#open === undefined) return undefined;
    }
    if (this.#filled < this.#open.body.length) return undefined;
    const answer = this.#open;
    this.#open = undefined;
    return answer;
  }

  #makeRoom() {
    const kept = this.#bytes.subarray(this.#start, this.#end);
    if (kept.length * 2 > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
    }
    kept.copy(this.#bytes);
    this.#start = 0;
    this.#end = kept.length;
  }

  /** Opens an answer of which not all is here. */
  #parse() {
    const bytes = this.#bytes.subarray(this.#start, this.#end);
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) return undefined;
    const answer = parseHead(bytes.latin1Slice(0, end + 2));
    const start = end + END_OF_HEAD.length;
    if (answer.headers.get('transfer-encoding') !== undefined) {
      const chunked = dechunk(bytes, start);
      if (chunked === undefined) return undefined;
      this.#start += chunked.end;
      answer.body = chunked.body;
      return answer;
    }
    const length = Number(answer.headers.get('content-length') ?? 0);
    // Copied: what is read next comes to the same place.
    const body = length < LARGE_BYTES ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
    const here = bytes.copy(body, 0, start, start + length);
    this.#start += start + here;
    answer.body = body;
    if (here === length) return answer;
    this.#open = answer;
    this.#filled = here;
    return undefined;
  }
}

/** Bytes in UTF-8 as a text; where all is ASCII, in a fraction of the time. */
export function textOf(bytes) {
  const isPlain = bytes.length >= LARGE_BYTES && buffer.isAscii?.(bytes);
  return isPlain ? bytes.latin1Slice() : bytes.toString('utf8');
}

/** Of an answer that comes again and again: its head, and what it says. */
let acceptedText;
let acceptedHeaders;

/** A head with the end of its last line. */
function parseHead(text) {
  if (text === acceptedText) return answerOf(202, acceptedHeaders);
  const headers = readHeaders(text);
  const status = Number(text.slice(9, 12));
  if (status === 202) {
    acceptedText = text;
    acceptedHeaders = headers;
  }
  return answerOf(status, headers);
}

function answerOf(status, headers) {
  const closed = headers.get('connection')?.toLowerCase() === 'close';
  return { status, headers, closed, body: undefined };
}

/** Names in lower case, and their values. */
class Headers {
  #names;
  #values;

  constructor(names, values) {
    this.#names = names;
    this.#values = values;
  }

  get(name) {
    const index = this.#names.lastIndexOf(name);
    return index < 0 ? undefined : this.#values[index];
  }
}

/** What the lines of the last head began with, and the names that stand there in lower case. */
let beginnings = [];
let names = [];

/** A server sends its headers in one order: of most lines only the value has to be looked at. */
function readHeaders(text) {
  const values = [];
  let at = text.indexOf('\r\n') + 2;
  for (let line = 0; at < text.length; line += 1) {
    const end = text.indexOf('\r\n', at);
    if (line === beginnings.length || !text.startsWith(beginnings[line], at)) {
      // Those of earlier heads keep theirs.
      beginnings = beginnings.slice(0, line);
      names = names.slice(0, line);
      const beginning = text.slice(at, text.indexOf(':', at) + 1);
      beginnings.push(beginning);
      names.push(beginning.slice(0, -1).toLowerCase());
    }
    values.push(text.slice(at + beginnings[line].length, end).trim());
    at = end + 2;
  }
  return new Headers(names, values);
}

function dechunk(bytes, start) {
  const pieces = [];
  for (let at = start; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.latin1Slice(at, line), 16);
    if (bytes.length < line + 2 + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(pieces), end: line + 4 };
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
