/** An invocation that was taken is kept by nobody: it holds its payload, and whoever waits for it. */

import { describe, expect, it } from '@jest/globals';
import { nextTurn } from '../../../src/async/next-turn.js';
import { Queue } from '../../../src/pool/queue.js';
import { collectGarbage } from '../../support/collect-garbage.js';

/** What the queue alone may still hold. */
function taken(queue: Queue<object>, count: number): WeakRef<object>[] {
  return Array.from({ length: count }, () => {
    const item = queue.shift();
    if (item === undefined) throw new Error('the queue has nothing');
    return new WeakRef(item);
  });
}

describe('a queue', () => {
  it.each([
    ['nothing waits', 0],
    ['others still wait', 5],
  ])('lets go of what was taken while %s', async (_, waiting) => {
    const queue = new Queue<object>(100);
    for (let pushed = 0; pushed < 10 + waiting; pushed += 1) queue.push({ pushed });
    const refs = taken(queue, 10);
    // What is behind a weak reference stays until the end of the turn.
    await nextTurn();
    collectGarbage();
    expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([]);
    expect(queue.size).toBe(waiting);
  });
});
