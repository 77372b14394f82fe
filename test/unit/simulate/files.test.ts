import { describe, expect, it } from '@jest/globals';
import { loadFigures } from '../../../src/simulate/figures.js';
import { generate } from '../../../src/simulate/generate.js';
import { Random } from '../../../src/simulate/random.js';
import { readTrace, type ReadTrace } from '../../../src/simulate/read-trace.js';
import { csvOf } from '../../../src/simulate/write-trace.js';

const HEADER = 't,fn,duration_ms,memory_mb';

async function* pieces(text: string, sizes: () => number): AsyncGenerator<string> {
  for (let from = 0; from < text.length;) {
    const to = from + sizes();
    yield await Promise.resolve(text.slice(from, to));
    from = to;
  }
}

function read(text: string): Promise<ReadTrace> {
  return readTrace(pieces(text, () => 7));
}

async function told(text: string): Promise<string[]> {
  const { problems } = await read(text);
  return problems.map(({ line, message }) => `${line} ${message}`);
}

describe('a trace in CSV', () => {
  it('is read as it was written, wherever it is cut', async () => {
    const { trace } = generate(loadFigures(), { functions: 60, events: 3000, days: 1, seed: 3 });
    const random = new Random(9, 0);
    const text = [...csvOf(trace, 3)].join('');
    const { trace: back, problemCount } = await readTrace(
      pieces(text, () => 1 + random.below(300)),
    );
    expect(problemCount).toBe(0);
    expect([...back.at]).toEqual([...trace.at]);
    expect([...back.durationMs]).toEqual([...trace.durationMs]);
    const names = (of: typeof trace): string[] => [...of.fn].map((fn) => of.functions[fn]!.name);
    expect(names(back)).toEqual(names(trace));
    expect(back.functions[0]?.memoryMb).toBe(trace.functions[trace.fn[0]!]?.memoryMb);
  });

  it('may have its columns in any order, its lines in any order and the ends of Windows', async () => {
    const { trace, problems } = await read(
      '\uFEFFfn,memory_mb,t,duration_ms,init_ms\r\nb,128,2.5,10,400\r\na,100,1,20,300\r\na,300,3,5,0\r\n',
    );
    expect(problems).toEqual([]);
    expect([...trace.at]).toEqual([1000, 2500, 3000]);
    expect(trace.functions).toEqual([
      { name: 'b', memoryMb: 128, initMs: 400 },
      { name: 'a', memoryMb: 300, initMs: 300 },
    ]);
  });

  it('tells every problem with its line', async () => {
    expect(await told(`${HEADER}\n1,a,x,128\n-1,,5,0\n3,b\n\n5,c,1,1,1\n6,d,1,128\n`)).toEqual([
      '2 duration_ms is "x", not a number from 0 to 2592000000',
      '3 t is "-1", not a number from 0 to 4294967.295',
      '3 memory_mb is "0", not a number from 1 to 1000000',
      '3 fn has 0 characters, not 1 to 256',
      '4 has 2 fields, not 4',
      '6 has 5 fields, not 4',
    ]);
  });

  it('shows the first problems and counts the others', async () => {
    const { problems, problemCount } = await read(`${HEADER}\n${'1,a,,1\n'.repeat(500)}`);
    expect([problems.length, problemCount]).toEqual([20, 500]);
  });

  it('needs a header that names what is needed, and nothing unknown', async () => {
    expect(await told('')).toEqual(['1 is missing: the first line names the columns']);
    expect(await told(HEADER)).toEqual(['2 is missing: there is no invocation']);
    expect(await told('t,fn,t,speed\n1,2,3,4')).toEqual([
      '1 names no column duration_ms, memory_mb',
      '1 names columns that mean nothing here: "speed"',
      '1 names a column twice',
    ]);
  });

  it('is given up where it is no text of lines', async () => {
    const binary = 'x'.repeat(5000);
    const { problemCount } = await read(binary.repeat(10));
    expect(problemCount).toBe(1);
    const { problems } = await read(`${HEADER}\n1,a,1,1\n${binary}\n1,a\n`);
    expect(problems.map(({ line }) => line)).toEqual([3]);
  });
});
