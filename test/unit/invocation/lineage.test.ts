import { describe, expect, it } from '@jest/globals';
import { hasLineage, markOf, stepTo } from '../../../src/invocation/lineage.js';

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
    expect(first).toEqual({ traceId: `${ROOT};Lineage=1:${mark}:0`, loops: false });
    expect(hasLineage(ROOT)).toBe(false);
    expect(hasLineage(first.traceId)).toBe(true);
    expect(stepTo(mark, first.traceId).traceId).toBe(`${ROOT};Lineage=2:${mark}:1`);
  });

  it('stops a function that calls itself after sixteen invocations', () => {
    expect([...runs(() => 'one')]).toEqual([['one', 16]]);
  });

  it.each([2, 3, 5, 16])('stops a loop of %i functions after sixteen rounds', (length) => {
    const counts = runs((index) => `f${index % length}`);
    expect(counts.size).toBe(length);
    expect(counts.get('f0')).toBe(16);
  });

  it.each([1, 2, 3, 7, 20])('finds a loop that begins after %i other functions', (ahead) => {
    const counts = runs((index) => (index < ahead ? `ahead${index}` : `loop${index % 3}`));
    for (const name of ['loop0', 'loop1', 'loop2']) {
      // What it ran before the mark came to it is not counted.
      expect(counts.get(name)).toBeGreaterThanOrEqual(16);
      expect(counts.get(name)).toBeLessThanOrEqual(32);
    }
  });

  it('lets a long chain that never comes back run on', () => {
    expect(runs((index) => `f${index}`).size).toBe(2_000);
  });

  it('ends a chain whose failures lead back into it, too', () => {
    // Each stopped event is told to the other function, for ever.
    let traceId = ROOT;
    let ran = 0;
    let stoppedInARow = 0;
    for (let index = 0; stoppedInARow < 100 && index < 10_000; index += 1) {
      const step = stepTo(markOf(index % 2 === 0 ? 'a' : 'b'), traceId);
      ({ traceId } = step);
      stoppedInARow = step.loops ? stoppedInARow + 1 : 0;
      if (!step.loops) ran += 1;
    }
    expect(stoppedInARow).toBe(100);
    expect(ran).toBeLessThan(64);
  });

  it.each(['', 'x', '1:2', '037bed70:0', '1:fe460cdd:-1', '99999999:fe460cdd:0'])(
    'begins anew where it is written %j',
    (written) => {
      const mark = markOf('one');
      expect(stepTo(mark, `${ROOT};Lineage=${written}`)).toEqual({
        traceId: `${ROOT};Lineage=1:${mark}:0`,
        loops: false,
      });
    },
  );

  it('never grows beyond its form', () => {
    const mark = markOf('one');
    const far = stepTo(markOf('two'), `${ROOT};Lineage=32767:${mark}:255`);
    expect(far.traceId).toBe(`${ROOT};Lineage=32767:${mark}:255`);
    expect(far.loops).toBe(true);
  });
});
