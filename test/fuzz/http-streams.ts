/**
 * Byte streams of HTTP requests, drawn from a seed: plain ones, what smuggles requests past one of two
 * parsers, and damage of any kind, cut at random places. Text stands for bytes (Latin-1).
 */

import type { Random } from '../simulation/random.js';

const INVOKE = '/2015-03-31/functions/echo/invocations';
const RUNTIME = '/2018-06-01/runtime/invocation';

const PATHS: readonly string[] = [
  INVOKE,
  INVOKE,
  `${INVOKE}?Qualifier=$LATEST`,
  `${INVOKE}?Qualifier=%24LATEST&x=[1]`,
  `${RUNTIME}/next`,
  `${RUNTIME}/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response`,
  '/',
];
const ODD_PATHS: readonly string[] = [
  '*',
  'http://localhost/',
  `http://evil.test${INVOKE}`,
  'localhost:80',
  '//',
  '/a b',
  '/a\tb',
  '/#a#b',
  '/"<>\\^`{|}',
  '/\xe4',
  '/\x7f',
  '/a\0b',
  '/../x',
  `/${'a'.repeat(300)}`,
  '',
];
const METHODS: readonly string[] = ['POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE'];
// prettier-ignore
const ODD_METHODS: readonly string[] = ['HEAD', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE', 'PRI', 'get', 'Post', 'POSTT', 'P\tOST', 'SOURCE', 'M-SEARCH', ' POST', ''];
// prettier-ignore
const ODD_VERSIONS: readonly string[] = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/1,1', 'http/1.1', 'HTTP/1.1 ', ' HTTP/1.1', 'HTTP /1.1', 'RTSP/1.0', 'HTTP/11', ''];
const HOSTS: readonly string[] = [
  'localhost:3001',
  '127.0.0.1',
  '[::1]:80',
  '0123abcd.runtime:9001',
];
// prettier-ignore
const HEADERS: readonly string[] = [
  'Content-Type: application/json', 'content-type:text/plain', 'Accept: */*', 'User-Agent: aws-cli/2 (x; y)',
  'X-Amz-Invocation-Type: Event', 'X-Amz-Log-Type:\tTail', 'X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793 \t',
  'Authorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/lambda/aws4_request', 'Connection: keep-alive',
  'Connection: Keep-Alive', 'connection:keep-alive ', 'Lambda-Runtime-Function-Error-Type: Runtime.Unknown',
  'X-Empty:', 'X-Blank: \t ', 'X-Latin: \xe4\xff\x80', "!#$%&'*+-.^_`|~09: token", 'Cookie: a=1; b=2', 'X: :',
  '__proto__: x', 'constructor: y', 'X-Comma: a, b', 'Accept-Encoding: gzip, deflate', 'Keep-Alive: timeout=5',
];
// prettier-ignore
const ODD_HEADERS: readonly string[] = [
  'Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: xchunked', 'Transfer-Encoding:\tchunked', 'Transfer-Encoding : chunked', 'transfer-encoding: CHUNKED',
  'Transfer-Encoding: "chunked"', 'Transfer-Encoding:\x0bchunked', 'Transfer-Encoding: chunked\xa0', ' Transfer-Encoding: chunked',
  'Transfer\rEncoding: chunked', 'Transfer-Encoding', 'Transfer-Encoding:', 'X: y\nTransfer-Encoding: chunked', 'X: y\rTransfer-Encoding: chunked',
  'Transfer-Encoding: chunk', 'Transfer-Encoding\0: chunked', 'Transfer_Encoding: chunked', 'TE: trailers', 'Trailer: X',
  'Content-Length: 0', 'Content-Length: 5', 'content-length: 5', 'Content-Length : 5', ' Content-Length: 5', 'Content-Length: 5\r\n 5', 'Content_Length: 5',
  'X: y\nContent-Length: 5', 'X: y\rContent-Length: 5', 'X: y\0Content-Length: 5', 'Content-Length\t: 5', 'Content-Length:\x0c5',
  'Connection: close', 'Connection: keep-alive, close', 'Connection: upgrade', 'Connection: Transfer-Encoding', 'Connection: ', 'Connection: keep-alive, Upgrade',
  'Upgrade: h2c', 'Upgrade: websocket', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'Expect: 100-continue', 'Expect: x', 'Proxy-Connection: close', 'Proxy-Connection: keep-alive',
  'Host: evil.test', 'host: evil.test', 'Host : evil.test', 'X-A: 1\r\n\tHost: evil.test', 'X-A: 1\r\n folded', '\tX: y', 'no colon', ': no name', 'a b: c', 'a\x80: c', 'a\0: c',
  'X: a\0b', 'X: a\x01b', 'X: a\x7fb', 'X: a\rb', 'X: a\nb', 'X: a\x0bb', 'X:\xa0a\xa0', 'X: \x85', '(comment): x', 'a"b: c', 'X: y\r', 'X: y\r\r', '\r', '\n',
  'Lambda-Runtime-Function-Response-Mode: streaming', 'Content-Type: application/json', 'Set-Cookie: a',
];
const LENGTH = 5;
// prettier-ignore
const ODD_LENGTHS: readonly string[] = ['+5', '-5', '05', '5 ', ' 5', '\t5', '5\t', '5,5', '5, 5', '5 5', '5;', '5.0', '5e0', '0x5', '', '٥', '99999999999', '9999999999999999999999', '18446744073709551621', '4294967301', '5\x0b', '5\xa0', '\xa05', '5\0', '1_0', '6', '4', '0', '00', '-0', '0005', '000000000005'];
const BODIES: readonly string[] = [
  '"abc"',
  '{"a":',
  'GET /',
  '\r\n\r\nx',
  '0\r\n\r\n',
  '\0\0\0\0\0',
];
// prettier-ignore
const CHUNKED: readonly string[] = ['0\r\n\r\n', '5\r\nabcde\r\n0\r\n\r\n', '5;x=y\r\nabcde\r\n0\r\nX: y\r\n\r\n', '05\r\nabcde\r\n0\r\n\r\n', '+5\r\nabcde\r\n0\r\n\r\n', '0x5\r\nabcde\r\n0\r\n\r\n', '5\nabcde\n0\n\n', '5 \r\nabcde\r\n0\r\n\r\n', '5\r\nabcdeX\r\n0\r\n\r\n', 'ffffffffffffffff5\r\nabcde', '\r\n0\r\n\r\n', '0\r\nContent-Length: 5\r\n\r\n'];
// prettier-ignore
const BYTES: readonly string[] = ['\0', '\r', '\n', '\r\n', '\r\n\r\n', '\n\n', '\r\r', ' ', '\t', ':', ',', ';', '+', '-', '0', '5', '9', 'a', 'Z', '/', '?', '#', '%', '"', '\\', '\x0b', '\x0c', '\x1f', '\x7f', '\x80', '\x85', '\xa0', '\xff', '\r\n ', '\r\n\t', '\r\n:', 'HTTP/1.1', 'chunked', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'];

/** How odd a stream is: each part is drawn from the odd ones with this chance. */
type Oddity = 0 | 0.03 | 0.15;

export interface CutStream {
  readonly bytes: Buffer;
  /** Rising places between 1 and the length. */
  readonly cuts: readonly number[];
}

export function drawStream(random: Random): CutStream {
  const oddity = random.pick<Oddity>([0, 0, 0.03, 0.15]);
  let text = '';
  let last = '';
  for (let left = 1 + Math.floor(random.next() ** 2 * 4); left > 0; left -= 1) {
    last = last !== '' && random.chance(0.5) ? again(random, last) : request(random, oddity);
    text += last;
  }
  if (random.chance(0.3)) text = damaged(random, text);
  // What comes behind shows where the last request ended.
  if (random.chance(0.5)) text += 'GET /after HTTP/1.1\r\nHost: a\r\n\r\n';
  const bytes = Buffer.from(text === '' ? '\r\n' : text, 'latin1');
  return { bytes, cuts: cuts(random, bytes.length) };
}

function request(random: Random, oddity: Oddity): string {
  const odd = (): boolean => random.chance(oddity);
  const end = odd() ? random.pick(['\n', '\r', '\r\r\n', '\r\n\r\n', '\n\r', '']) : '\r\n';
  const method = random.pick(odd() ? ODD_METHODS : METHODS);
  const path = random.pick(odd() ? ODD_PATHS : PATHS);
  const version = odd() ? random.pick(ODD_VERSIONS) : 'HTTP/1.1';
  const blank = odd() ? random.pick(['  ', '\t', '', '\x0b']) : ' ';
  const lines = [`${method}${blank}${path}${blank}${version}`];
  if (!odd()) lines.push(`${random.pick(['Host: ', 'host:', 'HOST:\t'])}${random.pick(HOSTS)}`);
  for (let left = random.below(5); left > 0; left -= 1) {
    lines.push(random.pick(odd() ? ODD_HEADERS : HEADERS));
  }
  if (random.chance(oddity / 100))
    lines.push(`X-Long: ${'x'.repeat(10_000 + random.below(10_000))}`);
  if (random.chance(oddity / 100)) lines.push(...manyHeaders(random.below(3_000)));
  const isBodyless = method === 'GET' || random.chance(0.1);
  let body = isBodyless && !odd() ? '' : random.pick(BODIES);
  if (body !== '' || random.chance(0.2)) {
    const length = odd() ? random.pick(ODD_LENGTHS) : String(body === '' ? 0 : LENGTH);
    const name = random.pick(['Content-Length', 'content-length', 'CONTENT-LENGTH']);
    lines.splice(1 + random.below(lines.length), 0, `${name}: ${length}`);
  }
  if (odd()) {
    lines.splice(1 + random.below(lines.length), 0, random.pick(ODD_HEADERS));
    if (random.chance(0.5)) body = random.pick(CHUNKED);
  }
  return `${lines.join(end)}${end}${odd() ? '' : end}${body}`;
}

/** The same request, or nearly: in its path, in the digits of its length, or in any one byte. */
function again(random: Random, last: string): string {
  switch (random.below(4)) {
    case 0:
      return last;
    case 1:
      return last.replace(/(?<=\/)[^/]/, random.pick(BYTES).charAt(0));
    case 2:
      return last.replace(/(?<=content-length: )./i, random.pick(['0', '4', '6', '+', ' ', '\r']));
    default: {
      const at = random.below(last.length);
      return last.slice(0, at) + random.pick(BYTES).charAt(0) + last.slice(at + 1);
    }
  }
}

function manyHeaders(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index.toString(36)}:`);
}

function damaged(random: Random, text: string): string {
  let made = text;
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const at = random.below(made.length + 1);
    const [before, after] = [made.slice(0, at), made.slice(at)];
    switch (random.below(5)) {
      case 0:
        made = before + random.pick(BYTES) + after;
        break;
      case 1:
        made = before + random.pick(BYTES) + after.slice(1);
        break;
      case 2:
        made = before + after.slice(1 + random.below(4));
        break;
      case 3:
        made = before + made.slice(random.below(made.length + 1)).slice(0, 20) + after;
        break;
      default:
        made = before + String.fromCharCode(random.below(256)) + after.slice(1);
    }
  }
  return random.chance(0.1) ? made.slice(0, random.below(made.length + 1)) : made;
}

function cuts(random: Random, length: number): number[] {
  if (random.chance(0.02) && length < 600)
    return Array.from({ length: length - 1 }, (_, at) => at + 1);
  const places = new Set<number>();
  for (let left = random.below(6); left > 0 && length > 1; left -= 1) {
    places.add(1 + random.below(length - 1));
  }
  return [...places].sort((a, b) => a - b);
}

export function piecesOf(bytes: Buffer, places: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const at of places) {
    if (at > from && at < bytes.length) {
      pieces.push(bytes.subarray(from, at));
      from = at;
    }
  }
  pieces.push(bytes.subarray(from));
  return pieces;
}
