// The answers of the Runtime API out of the bytes that come on a socket, with as little parsing as
// they need. A large body is read where it stays: nothing of it is copied.

const buffer = process.getBuiltinModule('node:buffer');

const END_OF_HEAD = '\r\n\r\n';
const ROOM_BYTES = 64 * 1024;
/** So much is looked through for the end of a head before all of it is. */
const USUAL_HEAD_BYTES = 4 * 1024;
/** A body below this is made a text in the plain way. */
const LARGE_BYTES = 64 * 1024;
/** An answer that has come again and again takes up to this. */
const LONGEST_KNOWN_BYTES = 1024;
const SPACE = 0x20;

export class Answers {
  /** Where bytes are read to; those from `#start` up to `#end` belong to no answer yet. */
  #bytes = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #start = 0;
  #end = 0;
  /** The beginning of those, once it was looked at, in a text where it stands at `#at`. */
  #text;
  #at = 0;
  /** Bytes are read to the beginning of these already. */
  #given;
  /** The answer whose body is being read, and how much of that is here. */
  #open;
  #filled = 0;

  /** Where the socket is to put what comes next; undefined: where it did before. */
  room() {
    if (this.#open === undefined && this.#start === this.#end) {
      this.#start = this.#end = 0;
      if (this.#given === this.#bytes) return undefined;
      this.#given = this.#bytes;
      return this.#bytes;
    }
    this.#given = undefined;
    if (this.#open !== undefined) return this.#open.body.subarray(this.#filled);
    if (this.#end === this.#bytes.length) this.#makeRoom();
    return this.#bytes.subarray(this.#end);
  }

  /** So many bytes have come where there was room. */
  came(count) {
    if (this.#open === undefined) {
      this.#end += count;
      this.#text = undefined;
    } else this.#filled += count;
  }

  /**
   * The next answer: `{ status, headers, closed, body }`, its body bytes or, where it came in one
   * piece, a text; undefined while it is not whole.
   */
  take() {
    if (this.#open === undefined) {
      if (this.#start === this.#end) return undefined;
      const answer = this.#known() ?? this.#parse();
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

  /** The answer to a response is the same each time, byte for byte. */
  #known() {
    if (accepted === undefined) return undefined;
    const { text, answer } = accepted;
    if (!this.#look().startsWith(text, this.#at)) return undefined;
    this.#use(text.length);
    return answer;
  }

  /** What belongs to no answer yet, as far as heads usually go; made once for all that came together. */
  #look() {
    if (this.#text === undefined) {
      const end = Math.min(this.#start + USUAL_HEAD_BYTES, this.#end);
      this.#text = this.#bytes.latin1Slice(this.#start, end);
      this.#at = 0;
    }
    return this.#text;
  }

  #use(count) {
    this.#start += count;
    this.#at += count;
    if (this.#at >= this.#text.length) this.#text = undefined;
  }

  /** Opens an answer of which not all is here. */
  #parse() {
    const begun = this.#start;
    const text = this.#look();
    const at = this.#at;
    const endOfHead = endOf(text, at, this.#bytes, begun, this.#end);
    if (endOfHead < 0) return undefined;
    const headEnd = endOfHead + 2;
    const answer =
      at + headEnd <= text.length
        ? readHead(text, at, at + headEnd)
        : readHead(this.#bytes.latin1Slice(begun, begun + headEnd), 0, headEnd);
    const start = begun + endOfHead + END_OF_HEAD.length;
    if (answer.headers.get('transfer-encoding') !== undefined) {
      const bytes = this.#bytes.subarray(begun, this.#end);
      const chunked = dechunk(bytes, start - begun);
      if (chunked === undefined) return undefined;
      this.#use(chunked.end);
      answer.body = chunked.body;
      return answer;
    }
    const length = Number(answer.headers.get('content-length') ?? 0);
    const end = start + length;
    if (end <= this.#end && length < LARGE_BYTES) {
      this.#use(end - begun);
      answer.body = this.#bytes.utf8Slice(start, end);
      if (answer.status === 202) remember(answer, this.#bytes, begun, end);
      return answer;
    }
    // Copied: what is read next comes to the same place.
    const body = Buffer.allocUnsafeSlow(length);
    const filled = this.#bytes.copy(body, 0, start, Math.min(end, this.#end));
    this.#use(start + filled - begun);
    answer.body = body;
    if (filled === length) return answer;
    this.#open = answer;
    this.#filled = filled;
    return undefined;
  }
}

/** A body as a text; where all of it is ASCII, in a fraction of the time. */
export function textOf(body) {
  if (typeof body === 'string') return body;
  const isPlain = body.length >= LARGE_BYTES && buffer.isAscii?.(body);
  return isPlain ? body.latin1Slice() : body.toString('utf8');
}

/** Where the head of what lies there ends, from its beginning; `text`, from `at`, is its first part. */
function endOf(text, at, bytes, start, end) {
  const inText = text.indexOf(END_OF_HEAD, at);
  if (inText >= 0) return inText - at;
  if (text.length - at === end - start) return inText;
  const inBytes = bytes.subarray(0, end).indexOf(END_OF_HEAD, start);
  return inBytes < 0 ? inBytes : inBytes - start;
}

/** An answer that comes again and again, and its bytes as a text. */
let accepted;

function remember(answer, bytes, start, end) {
  if (end - start > LONGEST_KNOWN_BYTES) return;
  accepted = { text: bytes.latin1Slice(start, end), answer };
}

/** The head at `start` of `text`; `end` is behind the end of its last line. */
function readHead(text, start, end) {
  const headers = readHeaders(text, start, end);
  const closed = headers.get('connection')?.toLowerCase() === 'close';
  return { status: Number(text.slice(start + 9, start + 12)), headers, closed, body: undefined };
}

/** Names in lower case, and their values. */
class Headers {
  #places;
  #values;

  constructor(places, values) {
    this.#places = places;
    this.#values = values;
  }

  get(name) {
    const place = this.#places.get(name);
    return place === undefined ? undefined : this.#values[place];
  }
}

/** What the lines of the last head began with, and which of them each name in lower case is. */
let beginnings = [];
let places = new Map();

/** A server sends its headers in one order: of most lines only the value has to be looked at. */
function readHeaders(text, start, end) {
  const values = [];
  let at = text.indexOf('\r\n', start) + 2;
  for (let line = 0; at < end; line += 1) {
    const endOfLine = text.indexOf('\r\n', at);
    if (line === beginnings.length || !text.startsWith(beginnings[line], at)) {
      learn(line, text.slice(at, text.indexOf(':', at) + 1));
    }
    values.push(valueOf(text, at + beginnings[line].length, endOfLine));
    at = endOfLine + 2;
  }
  if (values.length < beginnings.length) learn(values.length);
  return new Headers(places, values);
}

/** Heads that were read before keep their own. */
function learn(line, beginning) {
  beginnings = beginnings.slice(0, line);
  if (beginning !== undefined) beginnings.push(beginning);
  const names = beginnings.map((known) => known.slice(0, -1).toLowerCase());
  places = new Map(names.map((name, place) => [name, place]));
}

function valueOf(text, from, to) {
  const start = text.charCodeAt(from) === SPACE ? from + 1 : from;
  const value = text.slice(start, to);
  const isTrimmed = value.charCodeAt(0) > SPACE && value.charCodeAt(value.length - 1) > SPACE;
  return isTrimmed ? value : value.trim();
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
