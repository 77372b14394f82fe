import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecordedLog } from '../../support/recorded-log.js';

const MEGABYTE = 2 ** 20;
const CHUNK_BYTES = 64 * 1024;

function keptBytes(recorded: RecordedLog): number {
  return recorded.lines.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 0);
}

describe('a function that floods its log with 100 MB', () => {
  it('has 1 MB of it kept, the rest counted, and its true end in the tail', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    const line = `${'x'.repeat(99)}\n`;
    const chunk = Buffer.from(line.repeat(CHUNK_BYTES / 64));
    const chunks = Math.ceil((100 * MEGABYTE) / chunk.length);
    for (let count = 0; count < chunks; count += 1) {
      recorded.log.write(chunk, 'stdout');
      if (count % 100 === 0) expect(keptBytes(recorded)).toBeLessThanOrEqual(MEGABYTE + 100);
    }
    recorded.write('the end');
    recorded.mark('a');
    recorded.end('a');

    const kept = recorded.lines.filter(({ source }) => source === 'function').length;
    const written = chunks * (CHUNK_BYTES / 64) + 1;
    const said = recorded.lines.find(({ text }) => text.startsWith('LOGS_DROPPED'));
    expect(said?.text).toMatch(new RegExp(`^LOGS_DROPPED ${written - kept} lines, \\d+ bytes`));
    expect(said?.requestId).toBe('a');
    expect(recorded.told.slice(-2)).toEqual(['a: END a', 'a: REPORT a']);

    const tail = recorded.tails.get('a') ?? '';
    const all = `${line.repeat(50)}the end\nEND a\nREPORT a\n`;
    expect(tail).toBe(all.slice(all.length - 4096));
  });

  it('has it counted also without a single newline, and in one-kilobyte pieces', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    const chunk = Buffer.alloc(1024, 'y');
    for (let count = 0; count < 8 * 1024; count += 1) recorded.log.write(chunk, 'stdout');
    recorded.mark('a');
    recorded.end('a');
    expect(keptBytes(recorded)).toBeLessThanOrEqual(MEGABYTE + 1024);
    expect(recorded.lines.some(({ text }) => /^LOGS_DROPPED \d+ lines/.test(text))).toBe(true);
    expect(recorded.tails.get('a')).toMatch(/y{4000}/);
  });

  it('loses exactly the same lines however its chunks are cut', () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `${index} ${'z'.repeat(index % 800)}`);
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    const toldOf = (sizes: () => number): { told: string[]; tail: string | undefined } => {
      const recorded = new RecordedLog().started();
      recorded.begin('a');
      for (let at = 0; at < bytes.length;) {
        const size = sizes();
        recorded.log.write(bytes.subarray(at, at + size), 'stdout');
        at += size;
      }
      recorded.mark('a');
      recorded.end('a');
      return { told: recorded.told, tail: recorded.tails.get('a') };
    };
    const whole = toldOf(() => bytes.length);
    expect(whole.told.some((line) => line.includes('LOGS_DROPPED'))).toBe(true);
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 100_000 })), (sizes) => {
        expect(toldOf(() => sizes.next().value as number)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('leaves the next invocation a budget of its own', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    for (let count = 0; count < 40; count += 1) recorded.write(`${'x'.repeat(CHUNK_BYTES)}\n`);
    recorded.mark('a');
    recorded.end('a');
    recorded.begin('b');
    recorded.write('calm\n');
    recorded.mark('b');
    recorded.end('b');
    expect(recorded.told.slice(-4)).toEqual(['b: START b', 'b: calm', 'b: END b', 'b: REPORT b']);
  });
});
