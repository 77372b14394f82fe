import { describe, expect, it } from '@jest/globals';
import { firstLineage, hasLineage, markOf, stepTo } from '../../../src/invocation/lineage.js';

const ROOT = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0';

/** How often each function of the chain runs before one is stopped; the chain ends by itself at `most`. */
function runs(chain: (index: number) => string, most = 2_000): Map<string, number> {
  const counts = new Map<string, number>();
  let traceId = ROOT;
  for (let index = 0; index < most; index += 1) {
    const name = chain(index);
    const step = stepTo(markOf(name), traceId);
    if (step.loops) break;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    ({ traceId } = step);
  }
  return counts;
}

describe('the lineage of a chain of invocations', () => {
  it('begins with the first function and counts on, the rest of the header as it was', () => {
    const mark = markOf('one');
    expect(mark).toMatch(/^[0-9a-f]{8}$/);
    const first = stepTo(mark, ROOT);
    expect(first).toEqual({ traceId: ROOT + firstLineage(mark), loops: false, again: false });
    expect(first.traceId).toBe(`${ROOT};Lineage=${mark}:0`);
    expect(hasLineage(ROOT)).toBe(false);
    expect(hasLineage(first.traceId)).toBe(true);
    expect(stepTo(mark, first.traceId).traceId).toBe(`${ROOT};Lineage=${mark}:1`);
    expect(stepTo(markOf('two'), first.traceId).traceId).toBe(
      `${ROOT};Lineage=${mark}:0|${markOf('two')}:0`,
    );
  });

  it('is read in every form it is seen in', () => {
    const mark = markOf('one');
    const before = `Lineage=1:${mark}:3%7Ca87bd80c:1|68fd508a:5;Sampled=1;Root=1-x`;
    expect(stepTo(mark, before).traceId).toBe(
      `Sampled=1;Root=1-x;Lineage=${mark}:4|a87bd80c:1|68fd508a:5`,
    );
  });

  it('stops a function that calls itself after sixteen invocations', () => {
    expect([...runs(() => 'one')]).toEqual([['one', 16]]);
  });

  it.each([2, 3, 5, 16])('stops a loop of %i functions after sixteen rounds', (length) => {
    const counts = runs((index) => `f${index % length}`);
    expect([...counts.values()]).toEqual(Array<number>(length).fill(16));
  });

  it.each([1, 2, 7, 40])('finds a loop that begins after %i other functions', (ahead) => {
    const counts = runs((index) =>
      index < ahead ? `ahead${index}` : `loop${(index - ahead) % 3}`,
    );
    expect(['loop0', 'loop1', 'loop2'].map((name) => counts.get(name))).toEqual([16, 16, 16]);
  });

  it('lets a long chain that never comes back run on, its header bounded', () => {
    expect(runs((index) => `f${index}`).size).toBe(2_000);
    let traceId = ROOT;
    for (let index = 0; index < 100; index += 1) {
      ({ traceId } = stepTo(markOf(`f${index}`), traceId));
    }
    expect(traceId.split('|')).toHaveLength(32);
  });

  it('is stopped at a function once, and again whenever it comes back', () => {
    const mark = markOf('one');
    const stopped = stepTo(mark, `${ROOT};Lineage=${mark}:15`);
    expect(stopped).toMatchObject({ loops: true, again: false });
    expect(stepTo(mark, stopped.traceId)).toMatchObject({ loops: true, again: true });
    expect(stepTo(mark, `${ROOT};Lineage=${mark}:255`).traceId).toBe(`${ROOT};Lineage=${mark}:255`);
    expect(stepTo(markOf('two'), stopped.traceId)).toMatchObject({ loops: false });
  });

  it.each(['', 'x', '1:2', 'fe460cdd:-1', '1:FE460CDD:1', 'fe460cdd:9999'])(
    'begins anew where it is written %j',
    (written) => {
      const mark = markOf('one');
      expect(stepTo(mark, `${ROOT};Lineage=${written}`).traceId).toBe(ROOT + firstLineage(mark));
    },
  );
});
