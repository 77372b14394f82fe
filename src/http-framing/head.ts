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
  /** Names in lower case; without a prototype, as headers of `node:http` are. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bytes of the head, its final empty line included. */
  readonly bytes: number;
}

const LARGEST_HEAD_BYTES = 16 * 1024;
/** The complete parser drops those beyond a number of its own. */
const MOST_HEADERS = 200;
const END = Buffer.from('\r\n\r\n');
const REQUEST_LINE = /^(GET|POST|PUT|DELETE) (\/[A-Za-z0-9\-._~:/?@!$&'()*+,;=%[\]]*) HTTP\/1\.1$/;
const BEGINNINGS: readonly string[] = ['GET /', 'POST /', 'PUT /', 'DELETE /'];
const LONGEST_BEGINNING = 8;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What stands in no line, and half an end of one. */
// oxlint-disable-next-line no-control-regex
const STRAY = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const CR = 0x0d;
const LF = 0x0a;
/** With no more than the one space that everybody writes: the complete parser refuses a tab behind it. */
const LENGTH = /^ ?[0-9]{1,10}$/;
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

/** The names in the lines of a head: those of the next one are nearly always the same. */
export class KnownLines {
  /** Up to their colons. */
  readonly #beginnings: string[] = [];
  /** In lower case. */
  readonly #names: string[] = [];
  /** Where the colon of the line is that was looked at last. */
  colon = 0;

  /** Of a line from `at` to `end`; undefined when only the complete parser may judge it. */
  nameOf(line: number, text: string, at: number, end: number): string | undefined {
    const beginning = this.#beginnings[line];
    if (beginning !== undefined && text.startsWith(beginning, at)) {
      this.colon = at + beginning.length - 1;
      return this.#names[line];
    }
    this.colon = text.indexOf(':', at);
    if (this.colon < 0 || this.colon > end) return undefined;
    const name = nameOf(text.slice(at, this.colon));
    if (name !== undefined && name.length <= LONGEST_KNOWN_NAME && line < MOST_KNOWN_LINES) {
      this.#beginnings[line] = text.slice(at, this.colon + 1);
      this.#names[line] = name;
    }
    return name;
  }
}

/**
 * `undefined`: more bytes are needed. `lines` are those of a head like it. The first `seen` bytes were there, and not enough, when it was
 * last asked.
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
  const headers = readHeaders(text, lineEnd + 2, lines);
  if (headers === undefined) return 'unusual';
  const host = headers['host'];
  if (host === undefined) return 'unusual';
  const length = Number(headers['content-length'] ?? 0);
  if (request[1] === 'GET' && length !== 0) return 'unusual';
  return {
    method: request[1] ?? '',
    path: request[2] ?? '',
    host,
    contentLength: length,
    headers,
    bytes: end + END.length,
  };
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

/** `undefined` when a line is one only the complete parser may judge. */
function readHeaders(
  text: string,
  start: number,
  lines: KnownLines,
): Record<string, string> | undefined {
  const headers = Object.create(null) as Record<string, string>;
  let count = 0;
  for (let at = start; at < text.length;) {
    count += 1;
    if (count > MOST_HEADERS) return undefined;
    const next = text.indexOf('\r\n', at);
    const lineEnd = next < 0 ? text.length : next;
    const name = lines.nameOf(count - 1, text, at, lineEnd);
    if (name === undefined || name in headers) return undefined;
    const from = lines.colon + 1;
    const value = trimmed(text, from, lineEnd);
    if (name === 'content-length' && !LENGTH.test(text.slice(from, lineEnd))) return undefined;
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined;
    headers[name] = value;
    at = lineEnd + 2;
  }
  return headers;
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
