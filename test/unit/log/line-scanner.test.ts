import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineScanner } from '../../../src/log/line-scanner.js';

const TOKEN = 'a1b2c3';
const LONGEST = 256 * 1024;

/** What a scanner finds, adjacent skipped stretches put together. */
function found(
  chunks: readonly Buffer[],
  options: { token?: string; keep?: number } = {},
): string[] {
  const calls: string[] = [];
  let kept = 0;
  let skipped = { bytes: '', lines: 0 };
  const tell = (call: string): void => {
    if (skipped.bytes !== '') calls.push(`skipped ${skipped.lines} ${skipped.bytes}`);
    skipped = { bytes: '', lines: 0 };
    calls.push(call);
  };
  const scanner = new LineScanner(
    {
      get full() {
        return kept >= (options.keep ?? Infinity);
      },
      line(bytes) {
        kept += 1;
        tell(`line ${bytes.toString('latin1')}`);
      },
      skipped(bytes, lines) {
        skipped.bytes += bytes.toString('latin1');
        skipped.lines += lines;
      },
      marked(what) {
        tell(`marked ${what}`);
      },
    },
    'token' in options ? options.token : TOKEN,
  );
  for (const chunk of chunks) {
    scanner.scan(chunk);
    // The bytes belong to the caller again.
    chunk.fill(0);
  }
  scanner.end();
  tell('end');
  return calls;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length];
  borders.sort((one, other) => one - other);
  return borders
    .slice(1)
    .map((border, index) => Buffer.from(bytes.subarray(borders[index], border)));
}

/** Text rich in everything that looks like a mark, half a mark, or an end of line. */
const pieces = fc.oneof(
  fc.constantFrom('\n', '\x1e', `\x1e${TOKEN}`, `\x1e${TOKEN} `, `\x1e${TOKEN} init\n`),
  fc.constantFrom(`\x1e${TOKEN} id-1\n`, '\x1eother init\n', `\x1e${TOKEN} ${'x'.repeat(64)}\n`),
  fc.constantFrom(`\x1e${TOKEN} ${'x'.repeat(65)}\n`, 'half', 'é\r', '€\n', '😀'),
  fc.string({ maxLength: 8 }),
);
const written = fc.array(pieces, { maxLength: 30 }).map((all) => Buffer.from(all.join('')));

describe('the line scanner', () => {
  it('finds the same lines and marks however the bytes are cut', () => {
    fc.assert(
      fc.property(written, fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
        expect(found(cut(bytes, places))).toEqual(found([Buffer.from(bytes)]));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the same when every byte comes alone', () => {
    fc.assert(
      fc.property(written, (bytes) => {
        expect(found(cut(bytes, [...bytes.keys()]))).toEqual(found([Buffer.from(bytes)]));
      }),
      { numRuns: 500 },
    );
  });

  it('skips the same bytes and lines however they are cut once nothing more is kept', () => {
    fc.assert(
      fc.property(
        written,
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.nat(4),
        (bytes, places, keep) => {
          expect(found(cut(bytes, places), { keep })).toEqual(
            found([Buffer.from(bytes)], { keep }),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('hears a mark at every possible cut', () => {
    const bytes = Buffer.from(`before\x1e${TOKEN} id-1\nafter\n`);
    for (let place = 0; place <= bytes.length; place += 1) {
      expect(found(cut(bytes, [place]))).toEqual([
        'line before',
        'marked id-1',
        'line after',
        'end',
      ]);
    }
  });

  it('takes for text what only looks like a mark', () => {
    const lines = [`\x1eother init`, `\x1e`, `\x1e${TOKEN}`, `\x1e${TOKEN} ${'x'.repeat(65)}`];
    expect(found([Buffer.from(lines.join('\n'))])).toEqual([
      ...lines.map((line) => `line ${line}`),
      'end',
    ]);
  });

  it('knows no marks without a token', () => {
    const text = `\x1eundefined init`;
    expect(found([Buffer.from(`${text}\n`)], { token: undefined as never })).toEqual([
      `line ${text}`,
      'end',
    ]);
  });

  it('shows nobody the token of a mark cut short by the end of the process', () => {
    expect(found([Buffer.from(`text\x1e${TOKEN} id`)])).toEqual(['line text', 'end']);
  });

  it('keeps carriage returns inside a line and at its end', () => {
    expect(found([Buffer.from('one\rtwo\r\n\n')])).toEqual(['line one\rtwo\r', 'line ', 'end']);
  });

  it('cuts long lines into pieces between characters, however the bytes come', () => {
    const long = `${'a'.repeat(LONGEST - 1)}€${'b'.repeat(LONGEST)}\nshort\n`;
    const exact = `${'c'.repeat(LONGEST)}\n`;
    const whole = found([Buffer.from(long + exact)]);
    expect(whole.map((call) => call.length - 'line '.length)).toEqual([
      LONGEST - 1,
      LONGEST,
      3,
      'short'.length,
      LONGEST,
      'end'.length - 'line '.length,
    ]);
    const bytes = Buffer.from(long + exact);
    const places = Array.from({ length: 40 }, (_, index) => index * 20_011);
    expect(found(cut(bytes, places))).toEqual(whole);
    expect(found(cut(bytes, [LONGEST - 1, LONGEST, LONGEST + 1, LONGEST + 2]))).toEqual(whole);
  });

  it('forgets half lines and half marks when it starts anew', () => {
    const lines: string[] = [];
    const scanner = new LineScanner(
      {
        full: false,
        line: (bytes) => lines.push(bytes.toString()),
        skipped: () => undefined,
        marked: () => undefined,
      },
      TOKEN,
    );
    scanner.scan(Buffer.from(`half of\x1e${TOKEN.slice(0, 2)}`));
    scanner.reset();
    scanner.scan(Buffer.from('whole\n'));
    expect(lines).toEqual(['whole']);
  });
});
