/**
 * Strict HTTP/1.1 framing for the requests that clients and runtimes really send: a request line, a
 * few headers, a body of announced length. Whatever is unusual (chunked bodies, streamed responses,
 * Expect, upgrades, repeated or folded headers, large heads) is reported as `unusual` before a byte
 * of it was used, and goes to a complete parser. Never a looser reading than that parser's.
 */

export interface Head {
  readonly method: string;
  /** As sent, with its query. */
  readonly path: string;
  readonly host: string;
  readonly contentLength: number;
  readonly headers: Headers;
  /** The connection ends with the answer. */
  readonly closes: boolean;
  /** Bytes of the head, its final empty line included. */
  readonly bytes: number;
}

/** Names in lower case, none of them twice, and their values. */
export class Headers {
  readonly #names: readonly string[];
  readonly #values: readonly string[];

  constructor(names: readonly string[], values: readonly string[]) {
    this.#names = names;
    this.#values = values;
  }

  /** The same but for one value. */
  with(name: string, value: string): Headers {
    const values = [...this.#values];
    values[this.#names.indexOf(name)] = value;
    return new Headers(this.#names, values);
  }

  get(name: string): string | undefined {
    const index = this.#names.indexOf(name);
    return index < 0 ? undefined : this.#values[index];
  }

  /** Without a prototype, as headers of `node:http` are. */
  toRecord(): Record<string, string> {
    const record = Object.create(null) as Record<string, string>;
    for (const [index, name] of this.#names.entries()) record[name] = this.#values[index] ?? '';
    return record;
  }
}

const LARGEST_HEAD_BYTES = 16 * 1024;
/** The complete parser drops those beyond a number of its own. */
const MOST_HEADERS = 200;
const END = Buffer.from('\r\n\r\n');
const PATH_FORM = /\/[A-Za-z0-9\-._~:/?@!$&'()*+,;=%[\]]*/.source;
const PATH = new RegExp(`^${PATH_FORM}$`);
const REQUEST_LINE = new RegExp(`^(GET|POST|PUT|DELETE) (${PATH_FORM}) HTTP/1\\.1$`);
const BEGINNINGS: readonly string[] = ['GET /', 'POST /', 'PUT /', 'DELETE /'];
const LONGEST_BEGINNING = 8;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What stands in no line, and half an end of one. */
// oxlint-disable-next-line no-control-regex
const STRAY = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const LINE_END = 2;
const CR = 0x0d;
const LF = 0x0a;
/** With no more than the one space that everybody writes: the complete parser refuses a tab behind it. */
const LENGTH = /^ ?[0-9]{1,10}$/;
const DIGITS = /^[0-9]+$/;
const CONNECTION = /^(?:keep-alive|close)$/i;
const UNUSUAL_HEADERS: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'http2-settings',
  'trailer',
  'te',
  'proxy-connection',
  // Its body is not to be kept until it is complete.
  'lambda-runtime-function-response-mode',
]);

/** Names of headers as they were sent → in lower case, for those seen first. */
const KNOWN_NAMES = new Map<string, string>();
const MOST_KNOWN_NAMES = 256;
const LONGEST_KNOWN_NAME = 64;
const MOST_KNOWN_LINES = 16;
const LONGEST_KNOWN_LINE = 256;

/** What was read of one line of a head. */
interface KnownLine {
  /** With the end of the line before it. */
  readonly text: string;
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/**
 * The lines of the last head on a connection: most are the same in the next one. They are not read
 * again, and what was read of them is the same text in memory.
 */
export class KnownLines {
  readonly #lines: KnownLine[] = [];

  /** What stands from `start` to `end`, if it is known. */
  find(line: number, text: string, start: number, end: number): KnownLine | undefined {
    const known = this.#lines[line];
    if (known === undefined || known.text.length !== end - start) return undefined;
    return text.startsWith(known.text, start) ? known : undefined;
  }

  note(at: number, line: KnownLine): void {
    if (at >= MOST_KNOWN_LINES || line.text.length > LONGEST_KNOWN_LINE) return;
    this.#lines[at] = line;
  }
}

/**
 * `undefined`: more bytes are needed. The first `seen` bytes were there, and not enough, when it was
 * last asked; `lines` are those of the head before it.
 */
export function readHead(
  bytes: Buffer,
  seen = 0,
  lines = new KnownLines(),
): Head | 'unusual' | undefined {
  const end = bytes.indexOf(END, Math.max(0, seen - END.length));
  if (end < 0) return mayBecomeHead(bytes, seen) ? undefined : 'unusual';
  if (end > LARGEST_HEAD_BYTES) return 'unusual';
  const text = bytes.toString('latin1', 0, end);
  if (STRAY.test(text)) return 'unusual';
  const lineEnd = text.indexOf('\r\n');
  const request = REQUEST_LINE.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (request === null || lineEnd < 0) return 'unusual';
  const headers = readHeaders(text, lineEnd, lines);
  if (headers === undefined) return 'unusual';
  const host = headers.get('host');
  if (host === undefined) return 'unusual';
  const contentLength = Number(headers.get('content-length') ?? 0);
  const method = request[1] ?? '';
  if (method === 'GET' && contentLength !== 0) return 'unusual';
  const closes = headers.get('connection')?.toLowerCase() === 'close';
  const path = request[2] ?? '';
  return { method, path, host, contentLength, headers, closes, bytes: end + END.length };
}

/**
 * The same head but for its path, and for the length it announces, of which `digits` are left as
 * they are when there are none; undefined when that would be another kind of request.
 */
export function headWith(head: Head, path: string, digits: string): Head | undefined {
  if (!PATH.test(path)) return undefined;
  const { method, host, closes, bytes } = head;
  if (digits === '') {
    const { contentLength, headers } = head;
    return { method, path, host, contentLength, headers, closes, bytes };
  }
  if (method === 'GET' || !DIGITS.test(digits)) return undefined;
  const headers = head.headers.with('content-length', digits);
  return { method, path, host, contentLength: Number(digits), headers, closes, bytes };
}

/** Whether it may still become a head for us: who sends something else is not waited for. */
function mayBecomeHead(bytes: Buffer, seen: number): boolean {
  if (bytes.length > LARGEST_HEAD_BYTES) return false;
  const beginning = bytes.toString('latin1', 0, LONGEST_BEGINNING);
  const isOurs = BEGINNINGS.some(
    (wanted) => beginning.startsWith(wanted) || wanted.startsWith(beginning),
  );
  if (!isOurs) return false;
  // Half an end of a line may have its other half still to come, or had its first half before.
  const last = bytes[bytes.length - 1] === CR ? bytes.length - 1 : bytes.length;
  let from = Math.max(0, seen - 1);
  if (from > 0 && bytes[from] === LF) from += 1;
  return !STRAY.test(bytes.toString('latin1', from, Math.max(from, last)));
}

/**
 * Of the lines that follow, each with the end of the line before it. `undefined` when one is for
 * the complete parser to judge.
 */
function readHeaders(text: string, start: number, lines: KnownLines): Headers | undefined {
  const names: string[] = [];
  const values: string[] = [];
  for (let at = start; at < text.length;) {
    const next = text.indexOf('\r\n', at + LINE_END);
    const end = next < 0 ? text.length : next;
    const known = lines.find(names.length, text, at, end);
    const line = known ?? readLine(text, at, end);
    if (line === undefined || names.includes(line.name)) return undefined;
    if (names.length === MOST_HEADERS) return undefined;
    if (known === undefined) lines.note(names.length, line);
    names.push(line.name);
    values.push(line.value);
    at = end;
  }
  return new Headers(names, values);
}

function readLine(text: string, start: number, end: number): KnownLine | undefined {
  const at = start + LINE_END;
  const colon = text.indexOf(':', at);
  if (colon < 0 || colon > end) return undefined;
  const name = nameOf(text.slice(at, colon));
  if (name === undefined) return undefined;
  const value = trimmed(text, colon + 1, end);
  if (name === 'content-length' && !LENGTH.test(text.slice(colon + 1, end))) return undefined;
  if (name === 'connection' && !CONNECTION.test(value)) return undefined;
  return { text: text.slice(start, end), name, value };
}

function nameOf(sent: string): string | undefined {
  const known = KNOWN_NAMES.get(sent);
  if (known !== undefined) return known;
  if (!HEADER_NAME.test(sent)) return undefined;
  const name = sent.toLowerCase();
  if (UNUSUAL_HEADERS.has(name)) return undefined;
  if (KNOWN_NAMES.size < MOST_KNOWN_NAMES && sent.length <= LONGEST_KNOWN_NAME) {
    KNOWN_NAMES.set(sent, name);
  }
  return name;
}

const SPACE = 0x20;
const TAB = 0x09;

/** Without spaces and tabs around it, and no others: that is what the complete parser takes away. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
