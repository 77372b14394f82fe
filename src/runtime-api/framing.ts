/**
 * Strict HTTP/1.1 framing for the requests runtimes really send: a request line, a few headers,
 * a body of announced length. Whatever is unusual (chunked bodies, streamed responses, Expect,
 * upgrades, repeated or folded headers, large heads) is reported as `unusual` before a byte of it was used, and goes to
 * a complete parser. Never a looser reading than that parser's.
 */

export interface Head {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly contentLength: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the head, its final empty line included. */
  readonly bytes: number;
}

const LARGEST_HEAD_BYTES = 16 * 1024;
const REQUEST_LINE = /^(GET|POST|PUT|DELETE|HEAD) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const DIGITS = /^[0-9]{1,10}$/;
const UNUSUAL_HEADERS = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'te',
  'proxy-connection',
  // Its body is not to be kept until it is complete.
  'lambda-runtime-function-response-mode',
]);

/** `undefined`: more bytes are needed. */
export function readHead(bytes: Buffer): Head | 'unusual' | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes.length > LARGEST_HEAD_BYTES ? 'unusual' : undefined;
  if (end > LARGEST_HEAD_BYTES) return 'unusual';
  const lines = bytes.toString('latin1', 0, end).split('\r\n');
  const request = REQUEST_LINE.exec(lines[0] ?? '');
  if (request === null) return 'unusual';
  const headers = readHeaders(lines);
  if (headers === undefined) return 'unusual';
  const host = headers.get('host');
  const length = headers.get('content-length') ?? '0';
  if (host === undefined || !DIGITS.test(length)) return 'unusual';
  if (request[1] === 'GET' && length !== '0') return 'unusual';
  return {
    method: request[1] ?? '',
    path: request[2] ?? '',
    host,
    contentLength: Number(length),
    headers,
    bytes: end + 4,
  };
}

/** `undefined` when a line is one only the complete parser may judge. */
function readHeaders(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1);
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) return undefined;
    const key = name.toLowerCase();
    if (headers.has(key) || UNUSUAL_HEADERS.has(key)) return undefined;
    const trimmed = value.trim();
    if (key === 'connection' && trimmed.toLowerCase() !== 'keep-alive') return undefined;
    headers.set(key, trimmed);
  }
  return headers;
}
