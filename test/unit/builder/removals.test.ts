import { describe, expect, it } from '@jest/globals';
import { deferred, type Deferred } from '../../../src/async/deferred.js';
import { nextTurn } from '../../../src/async/next-turn.js';
import { Removals } from '../../../src/builder/removals.js';

/** Removals whose tries are ended by hand. */
function byHand(): { removals: Removals; tries: Deferred<boolean>[] } {
  const tries: Deferred<boolean>[] = [];
  const removals = new Removals(() => {
    const one = deferred<boolean>();
    tries.push(one);
    return one.promise;
  });
  return { removals, tries };
}

describe('removing what several use', () => {
  it('is tried again when the last of them is done while the first try is refused', async () => {
    const { removals, tries } = byHand();
    removals.ask('image');
    removals.ask('image');
    expect(tries).toHaveLength(1);
    tries[0]?.resolve(false);
    await nextTurn();
    expect(tries).toHaveLength(2);
    tries[1]?.resolve(true);
    await nextTurn();
    expect(tries).toHaveLength(2);
  });

  it('waits for the next who asks when it was refused, and is done when it is gone', async () => {
    const { removals, tries } = byHand();
    removals.ask('image');
    tries[0]?.resolve(false);
    await nextTurn();
    expect(tries).toHaveLength(1);
    removals.ask('image');
    removals.ask('image');
    tries[1]?.resolve(true);
    await nextTurn();
    expect(tries).toHaveLength(2);
  });
});
