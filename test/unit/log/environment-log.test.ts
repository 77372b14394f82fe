import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LIMITS } from '../../../src/config/defaults.js';
import {
  endOf,
  INIT_REPORT,
  INIT_START,
  RecordedLog,
  startOf,
  TOKEN,
} from '../../support/recorded-log.js';

const DRAIN_MS = LIMITS.logDrainMs;

describe('the log of an environment whose bootstrap marks', () => {
  it('writes INIT_START, init output, START, output, END and REPORT in this order', () => {
    const recorded = new RecordedLog();
    recorded.log.processesStarted(INIT_START);
    recorded.begin('a');
    expect(recorded.told).toEqual(['-: INIT_START']);
    recorded.write('loading\n');
    recorded.mark('init');
    recorded.write('working\n');
    recorded.end('a');
    expect(recorded.told).toHaveLength(4);
    recorded.write('still working\n');
    recorded.mark('a');
    expect(recorded.told).toEqual([
      '-: INIT_START',
      '-: loading',
      'a: START a',
      'a: working',
      'a: still working',
      'a: END a',
      'a: REPORT a',
    ]);
    expect(recorded.lines.map(({ source }) => source[0]).join('')).toBe('pfpffpp');
    expect(recorded.tails.get('a')).toBe('START a\nworking\nstill working\nEND a\nREPORT a\n');
    expect(recorded.clock.pending).toBe(0);
  });

  it('leaves out what processes say of being ended, but nothing of an invocation', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.end('a');
    recorded.log.processesEnding();
    recorded.write('the last of a\n');
    recorded.mark('a');
    recorded.write('the connection was lost\n');
    expect(recorded.told).toEqual(['a: START a', 'a: the last of a', 'a: END a', 'a: REPORT a']);
  });

  it('reports at once when the mark was here before the response', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.write('all\n');
    recorded.mark('a');
    recorded.end('a');
    expect(recorded.tails.get('a')).toBe('START a\nall\nEND a\nREPORT a\n');
    expect(recorded.clock.pending).toBe(0);
  });

  it('gives what comes after the mark to nobody, also before the response is here', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.mark('a');
    recorded.write('background\n');
    recorded.end('a');
    recorded.write('more background\n');
    recorded.begin('b');
    recorded.write('mine\n');
    expect(recorded.told).toEqual([
      'a: START a',
      '-: background',
      'a: END a',
      'a: REPORT a',
      '-: more background',
      'b: START b',
      'b: mine',
    ]);
    expect(recorded.tails.get('a')).toBe('START a\nEND a\nREPORT a\n');
  });

  it('keeps invocations apart when the next begins before the last is complete', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.end('a');
    recorded.begin('b');
    recorded.end('b');
    recorded.begin('c');
    recorded.write(`of a\n\x1e${TOKEN} a\nof b`);
    expect(recorded.told.at(-1)).toBe('b: START b');
    recorded.write(`\x1e${TOKEN} b\nof c\n`);
    expect(recorded.tails.get('a')).toBe('START a\nof a\nEND a\nREPORT a\n');
    expect(recorded.tails.get('b')).toBe('START b\nof b\nEND b\nREPORT b\n');
    expect(recorded.told.slice(-2)).toEqual(['c: START c', 'c: of c']);
  });

  it('reports without the mark when no byte has come for the time of a drain', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.write('a half line');
    recorded.end('a');
    recorded.clock.advance(DRAIN_MS - 1);
    expect(recorded.tails.size).toBe(0);
    recorded.clock.advance(1);
    expect(recorded.tails.get('a')).toBe('START a\na half line\nEND a\nREPORT a\n');
  });

  it('waits on while bytes keep coming, but not for ever', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.end('a');
    let waited = 0;
    while (recorded.tails.size === 0 && waited < 100) {
      recorded.write('late\n');
      recorded.clock.advance(DRAIN_MS / 2);
      waited += 1;
    }
    expect(waited).toBe(20);
  });

  it('keeps late output out of the next invocation, which had to begin before it came', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.end('a');
    recorded.clock.advance(DRAIN_MS);
    recorded.begin('b');
    recorded.write('late, of a\n');
    recorded.mark('a');
    recorded.write('of b\n');
    recorded.mark('b');
    recorded.end('b');
    expect(recorded.told.slice(3)).toEqual([
      'b: START b',
      'a: late, of a',
      'b: of b',
      'b: END b',
      'b: REPORT b',
    ]);
    expect(recorded.tails.get('b')).toBe('START b\nof b\nEND b\nREPORT b\n');
  });

  it('takes a runtime whose marks stay away for one without marks', () => {
    const recorded = new RecordedLog().started();
    for (const id of ['a', 'b']) {
      recorded.begin(id);
      recorded.end(id);
      recorded.clock.advance(DRAIN_MS);
    }
    recorded.begin('c');
    recorded.write('of c\n');
    recorded.end('c');
    recorded.clock.advance(100);
    expect(recorded.tails.get('c')).toBe('START c\nof c\nEND c\nREPORT c\n');
  });

  it('says START in time although init goes on inside the invocation', () => {
    const recorded = new RecordedLog();
    recorded.log.processesStarted();
    recorded.begin('a');
    recorded.write('slow init\n');
    recorded.clock.advance(LIMITS.initMs - 1);
    expect(recorded.told).toEqual(['-: slow init']);
    recorded.clock.advance(1);
    expect(recorded.told).toEqual(['-: slow init', 'a: START a']);
  });

  it('waits for the init mark no longer than a drain once init is known to be over', () => {
    const recorded = new RecordedLog();
    recorded.log.processesStarted();
    recorded.begin('a');
    recorded.log.initEnded();
    recorded.clock.advance(DRAIN_MS);
    expect(recorded.told).toEqual(['a: START a']);
    recorded.mark('init');
    recorded.write('of a\n');
    recorded.mark('a');
    recorded.end('a');
    expect(recorded.tails.get('a')).toBe('START a\nof a\nEND a\nREPORT a\n');
  });

  it('writes INIT_REPORT after the last line of an init that failed', () => {
    const recorded = new RecordedLog();
    recorded.log.processesStarted();
    recorded.log.initEnded([INIT_REPORT]);
    recorded.write('cannot load\n');
    expect(recorded.told).toEqual(['-: cannot load']);
    recorded.log.processesExited();
    expect(recorded.told).toEqual(['-: cannot load', '-: INIT_REPORT']);
  });

  it('releases everything at once when the processes have exited', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.write('last words');
    recorded.end('a');
    recorded.log.processesExited();
    expect(recorded.tails.get('a')).toBe('START a\nlast words\nEND a\nREPORT a\n');
    recorded.begin('b');
    recorded.end('b');
    expect(recorded.tails.get('b')).toBe('START b\nEND b\nREPORT b\n');
    expect(recorded.clock.pending).toBe(0);
  });

  it('reports an invocation whose crash is told after the exit', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.log.processesExited();
    recorded.end('a');
    expect(recorded.tails.get('a')).toBe('START a\nEND a\nREPORT a\n');
  });

  it('expects an init mark again of new processes and forgets half lines of the old', () => {
    const recorded = new RecordedLog().started();
    recorded.write('half a line');
    recorded.log.processesStarted();
    recorded.begin('a');
    expect(recorded.told).toEqual([]);
    recorded.mark('init');
    recorded.write('whole\n');
    expect(recorded.told).toEqual(['a: START a', 'a: whole']);
  });

  it('takes new steps that the answer leads to after those that wait', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.log.end(
      'a',
      () => [endOf('a')],
      () => recorded.begin('c'),
    );
    recorded.begin('b');
    recorded.end('b');
    recorded.mark('b');
    expect(recorded.told.map((line) => line.slice(3))).toEqual([
      'START a',
      'END a',
      'START b',
      'END b',
      'REPORT b',
      'START c',
    ]);
  });

  it('answers what waits when it is closed, and keeps nothing that comes later', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.end('a');
    recorded.log.close();
    recorded.log.close();
    recorded.write('too late\n');
    recorded.begin('b');
    recorded.end('b');
    expect([...recorded.tails.keys()]).toEqual(['a', 'b']);
    expect(recorded.told.some((line) => line.includes('too late'))).toBe(false);
  });

  it('replaces bytes that are not UTF-8, in the line and in the tail', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.log.write(Buffer.from([0x61, 0xff, 0x0a]), 'stdout');
    recorded.mark('a');
    recorded.end('a');
    expect(recorded.told[1]).toBe('a: a\ufffd');
    expect(recorded.tails.get('a')).toContain('a\ufffd\n');
  });

  it('keeps no tail that nobody asked for', () => {
    const recorded = new RecordedLog().started();
    recorded.log.begin('a', () => startOf('a'), false);
    recorded.write('text\n');
    recorded.mark('a');
    recorded.end('a');
    expect(recorded.tails.get('a')).toBe('');
    expect(recorded.told).toContain('a: text');
  });
});

describe('the log of an environment whose runtime does not mark', () => {
  it('ends an invocation once all that was written is known to be here, half lines included', () => {
    const recorded = new RecordedLog({});
    recorded.log.processesStarted();
    recorded.write('loading');
    recorded.log.outputIsHere();
    recorded.begin('a');
    recorded.write('one\ntwo');
    recorded.end('a');
    expect(recorded.tails.get('a')).toBeUndefined();
    recorded.log.outputIsHere();
    expect(recorded.tails.get('a')).toBe('START a\none\ntwo\nEND a\nREPORT a\n');
    expect(recorded.told[0]).toBe('-: loading');
    expect(recorded.clock.pending).toBe(0);
  });

  it('reports after a short quiet time', () => {
    const recorded = new RecordedLog({});
    recorded.log.processesStarted(INIT_START);
    recorded.begin('a');
    recorded.end('a');
    recorded.clock.advance(99);
    recorded.write('late\n');
    recorded.clock.advance(99);
    expect(recorded.tails.size).toBe(0);
    recorded.clock.advance(1);
    expect(recorded.tails.get('a')).toBe('START a\nlate\nEND a\nREPORT a\n');
  });

  it('reports at the bound although the runtime never stops writing', () => {
    const recorded = new RecordedLog({});
    recorded.begin('a');
    recorded.end('a');
    let waitedMs = 0;
    for (; recorded.tails.size === 0 && waitedMs < 10_000; waitedMs += 10) {
      recorded.write('chatter\n');
      recorded.clock.advance(10);
    }
    expect(waitedMs).toBe(DRAIN_MS);
  });

  it('gives what is read right away to the last invocation although the next has begun', () => {
    const recorded = new RecordedLog({});
    recorded.begin('a');
    recorded.end('a');
    recorded.begin('b');
    recorded.write('of a\n');
    recorded.clock.advance(0);
    recorded.write('of b\n');
    expect(recorded.tails.get('a')).toBe('START a\nof a\nEND a\nREPORT a\n');
    expect(recorded.told.slice(-2)).toEqual(['b: START b', 'b: of b']);
  });

  it('keeps half lines of its two streams apart', () => {
    const recorded = new RecordedLog({});
    recorded.begin('a');
    recorded.write('on ', 'stdout');
    recorded.write('in ', 'stderr');
    recorded.write('stdout\n', 'stdout');
    recorded.write('stderr\n', 'stderr');
    expect(recorded.told.slice(1)).toEqual(['a: on stdout', 'a: in stderr']);
  });

  it('writes INIT_REPORT after a quiet time, at once when the processes are gone', () => {
    const recorded = new RecordedLog({});
    recorded.log.initEnded([INIT_REPORT]);
    recorded.write('cannot load\n');
    recorded.clock.advance(100);
    expect(recorded.told).toEqual(['-: cannot load', '-: INIT_REPORT']);
    recorded.log.processesExited();
    recorded.log.initEnded([INIT_REPORT]);
    expect(recorded.told).toHaveLength(3);
  });
});

describe('the log of an environment without any output', () => {
  it('never waits and sets no timer', () => {
    const recorded = new RecordedLog({ drainless: true });
    recorded.log.processesStarted();
    for (const id of ['a', 'b']) {
      recorded.begin(id);
      recorded.end(id);
      expect(recorded.tails.get(id)).toBe(`START ${id}\nEND ${id}\nREPORT ${id}\n`);
    }
    expect(recorded.clock.pending).toBe(0);
  });
});

/** A life of one environment: what it writes, and when the platform comes to know. */
const invocations = fc.array(
  fc.record({
    output: fc.array(fc.constantFrom('x', 'line', '', 'é'), { maxLength: 4 }),
    newlineAtEnd: fc.boolean(),
    /** How many chunks arrive before the response is known, and before the next event is sent. */
    lag: fc.nat(6),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('whatever lags and however chunks are cut', () => {
  it('every invocation has exactly its own lines and its own tail', () => {
    fc.assert(
      fc.property(
        invocations,
        fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
        (life, sizes) => {
          const recorded = new RecordedLog().started();
          let wire = Buffer.alloc(0);
          const arrive = (chunks: number): void => {
            for (let count = 0; count < chunks && wire.length > 0; count += 1) {
              const size = sizes.next().value as number;
              recorded.log.write(wire.subarray(0, size), 'stdout');
              wire = wire.subarray(size);
            }
          };
          life.forEach(({ output, newlineAtEnd, lag }, index) => {
            recorded.begin(`id-${index}`);
            const text = output.map((line) => `${line}-${index}`).join('\n');
            const end = newlineAtEnd && text !== '' ? '\n' : '';
            wire = Buffer.concat([wire, Buffer.from(`${text}${end}\x1e${TOKEN} id-${index}\n`)]);
            arrive(lag);
            recorded.end(`id-${index}`);
          });
          arrive(Infinity);
          life.forEach(({ output }, index) => {
            const id = `id-${index}`;
            const own = output.map((line) => `${line}-${index}\n`).join('');
            expect(recorded.tails.get(id)).toBe(`START ${id}\n${own}END ${id}\nREPORT ${id}\n`);
            const lines = recorded.lines.filter(({ requestId }) => requestId === id);
            expect(lines.map(({ text }) => `${text}\n`).join('')).toBe(recorded.tails.get(id));
          });
          expect(recorded.lines.every(({ requestId }) => requestId !== undefined)).toBe(true);
          expect(recorded.clock.pending).toBe(0);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
