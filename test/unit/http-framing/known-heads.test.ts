import { describe, expect, it } from '@jest/globals';
import { readHead } from '../../../src/http-framing/head.js';
import { KnownHeads } from '../../../src/http-framing/known-heads.js';

const LINES = ['Host: a:1', 'User-Agent: b', 'Content-Type: c/d', 'Content-Length: 10', 'X-E: f'];
const POST = headOf('POST', '/one/1/response', LINES);
const GET = headOf('GET', '/one/next', LINES.slice(0, 3));

function headOf(method: string, path: string, lines: readonly string[]): string {
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function knowing(text: string): KnownHeads {
  const known = new KnownHeads();
  const bytes = Buffer.from(text, 'latin1');
  const head = readHead(bytes);
  if (head === undefined || head === 'unusual') throw new Error('not a plain head');
  known.note(head, bytes);
  return known;
}

const found = (known: KnownHeads, text: string): unknown => known.find(Buffer.from(text, 'latin1'));
const read = (text: string): unknown => readHead(Buffer.from(text, 'latin1'));

describe('a head that is known', () => {
  it('is the very same when it comes again, also with others in between', () => {
    const known = knowing(POST);
    const first = known.find(Buffer.from(`${POST}0123456789`));
    const other = known.find(Buffer.from(POST.replace('/one/', '/two/')));
    const again = known.find(Buffer.from(POST));
    expect(first).toBe(again);
    expect([first, other].map((head) => head !== undefined && known.repeats(head))).toEqual([
      true,
      false,
    ]);
  });

  it.each([
    ['another path', POST.replace('/one/1', '/two/2')],
    ['another length', POST.replace('10', '99')],
    ['both', POST.replace('10', '07').replace('/one/1', '/o%2F1')],
    ['another path of a request without a body', GET.replace('one', 'two')],
  ])('is read as far as it differs: %s', (_which, text) => {
    const head = found(knowing(text.startsWith('G') ? GET : POST), text);
    expect(head).toBeDefined();
    expect(head).toEqual(read(text));
  });

  it('is taken for nothing else, whatever stands at any place of it', () => {
    const bytes = '\0\t\n\r !"#%+-/09:;AZaz[]\\~\x7f\x80\xff';
    let differing = 0;
    for (const text of [POST, GET]) {
      const known = knowing(text);
      for (let at = 0; at < text.length; at += 1) {
        for (const byte of bytes) {
          const other = text.slice(0, at) + byte + text.slice(at + 1);
          const head = found(known, other);
          if (head === undefined) continue;
          expect(head).toEqual(read(other));
          differing += 1;
        }
      }
    }
    expect(differing).toBeGreaterThan(100);
  });

  it('is none that only begins like it, or of which not all is here', () => {
    const known = knowing(POST);
    expect(found(known, POST.slice(0, -1))).toBeUndefined();
    expect(found(known, POST.replace('X-E: f', 'X-E: f2'))).toBeUndefined();
    expect(found(known, POST.replace('POST', 'PUT '))).toBeUndefined();
  });
});
