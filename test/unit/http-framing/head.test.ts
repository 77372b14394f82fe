import { describe, expect, it } from '@jest/globals';
import { readHead } from '../../../src/http-framing/head.js';

const HOST = 'Host: a.runtime:1';

function read(text: string, seen?: number) {
  return readHead(Buffer.from(text, 'latin1'), seen);
}

function withHeaders(...lines: string[]): string {
  return [`POST / HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

describe('a head', () => {
  it('is read with its headers, names in lower case, values without blanks around them', () => {
    const text = withHeaders(
      HOST,
      'X-A: \t b c \t',
      'CONTENT-LENGTH: 12',
      'x-empty:',
      '__proto__: x',
    );
    const head = read(`${text}the body`);
    expect(head).toEqual({
      method: 'POST',
      path: '/',
      host: 'a.runtime:1',
      contentLength: 12,
      bytes: text.length,
      headers: expect.anything(),
      closes: false,
    });
    if (typeof head !== 'object') throw new Error('unusual');
    expect(Object.entries(head.headers.toRecord())).toEqual([
      ['host', 'a.runtime:1'],
      ['x-a', 'b c'],
      ['content-length', '12'],
      ['x-empty', ''],
      ['__proto__', 'x'],
    ]);
    expect(head.headers.get('constructor')).toBeUndefined();
  });

  it('keeps bytes beyond ASCII, and spaces that are none to HTTP', () => {
    const head = read(withHeaders(HOST, 'X-A: \xa0\xe4\x85'));
    expect(typeof head === 'object' ? head.headers.get('x-a') : head).toBe('\xa0\xe4\x85');
  });

  it('says whether the connection ends with its answer', () => {
    for (const [line, closes] of [
      ['Connection: close', true],
      ['connection:Close ', true],
      ['Connection: keep-alive', false],
      ['X-Connection: close', false],
    ] as const) {
      expect(read(withHeaders(HOST, line))).toMatchObject({ closes });
    }
  });

  it.each([
    'GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    'PUT /a?b=[1]&c=%20 HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n',
    'DELETE /~x/$LATEST HTTP/1.1\r\nhost:a\r\n\r\n',
  ])('may be %j', (text) => {
    expect(read(text)).toMatchObject({ bytes: text.length });
  });

  it.each([
    ['another version', 'POST / HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['no version', 'POST /\r\nHost: a\r\n\r\n'],
    ['another method', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method in small letters', 'post / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two spaces', 'POST  / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a whole URL', 'POST http://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an asterisk', 'POST * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a fragment', 'POST /#a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['quotes in its path', 'POST /" HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['bytes beyond ASCII in its path', 'POST /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an empty line before it', '\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no host', withHeaders('X: y')],
    ['two hosts', withHeaders(HOST, 'host: b')],
    ['no headers', 'POST / HTTP/1.1\r\n\r\n'],
    ['a body with GET', `GET / HTTP/1.1\r\n${HOST}\r\nContent-Length: 1\r\n\r\n`],
    ['chunks', withHeaders(HOST, 'Transfer-Encoding: chunked')],
    ['chunks and a length', withHeaders(HOST, 'Content-Length: 3', 'transfer-encoding: chunked')],
    ['two lengths', withHeaders(HOST, 'Content-Length: 3', 'Content-Length: 3')],
    ['a blank before a colon', withHeaders(HOST, 'Content-Length : 3')],
    ['a folded header', withHeaders(HOST, 'X: y', ' z')],
    ['a line without a colon', withHeaders(HOST, 'X')],
    ['a header without a name', withHeaders(HOST, ': y')],
    ['a name that is no token', withHeaders(HOST, 'a(b): y')],
    ['NUL', withHeaders(HOST, 'X: a\0b')],
    ['DEL', withHeaders(HOST, 'X: a\x7fb')],
    ['a line feed of its own', withHeaders(HOST, 'X: a\nY: b')],
    ['a carriage return of its own', withHeaders(HOST, 'X: a\rY: b')],
    ['two carriage returns', withHeaders(HOST, 'X: a\r')],
    ['two words on the connection', withHeaders(HOST, 'Connection: keep-alive, upgrade')],
    ['its end and more', withHeaders(HOST, 'Connection: close, keep-alive')],
    ['another protocol', withHeaders(HOST, 'Upgrade: h2c')],
    ['Expect', withHeaders(HOST, 'Expect: 100-continue')],
    ['TE', withHeaders(HOST, 'TE: trailers')],
    ['trailers', withHeaders(HOST, 'Trailer: X')],
    ['a streamed response', withHeaders(HOST, 'Lambda-Runtime-Function-Response-Mode: streaming')],
    ['a header twice', withHeaders(HOST, 'X: y', 'x: y')],
    ['very many headers', withHeaders(HOST, ...Array.from({ length: 200 }, (_, at) => `x${at}:`))],
    ['more than 16 kB', withHeaders(HOST, `X: ${'y'.repeat(16 * 1024)}`)],
  ])('with %s is for the complete parser', (_what, text) => {
    expect(read(text)).toBe('unusual');
  });

  it.each([
    '+3',
    '-3',
    '0x3',
    '3,3',
    '3, 3',
    '3 3',
    '',
    '  3',
    '\t3',
    '3 ',
    '3\t',
    '3.0',
    '1e1',
    '99999999999',
    '٣',
  ])('with the length %j is for the complete parser', (length) => {
    expect(read(withHeaders(HOST, `Content-Length: ${length}`))).toBe('unusual');
  });
});

describe('the beginning of a head', () => {
  const whole = withHeaders(HOST, 'X-A: b', 'Content-Length: 3');

  it('is waited for at every byte, whatever was seen of it before', () => {
    for (let length = 0; length < whole.length; length += 1) {
      for (const seen of [0, Math.max(0, length - 1), Math.max(0, length - 2)]) {
        expect([length, seen, read(whole.slice(0, length), seen)]).toEqual([
          length,
          seen,
          undefined,
        ]);
      }
    }
    for (let seen = 0; seen < whole.length; seen += 1) {
      expect(read(whole, seen)).toMatchObject({ contentLength: 3 });
    }
  });

  it.each([
    ['another method', 'PA'],
    ['HTTP/2', 'PRI * '],
    ['TLS', '\x16\x03'],
    ['an empty line', '\r\n'],
    ['a line feed of its own', 'POST / HTTP/1.1\nH'],
    ['a carriage return of its own', 'POST / HTTP/1.1\rH'],
    ['more than 16 kB', `POST /${'a'.repeat(17_000)}`],
  ])('is not waited for when it is %s', (_what, text) => {
    expect(read(text)).toBe('unusual');
  });
});
