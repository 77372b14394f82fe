import { describe, expect, it } from '@jest/globals';
import {
  measureAll,
  Skipped,
  type Measuring,
  type Outcome,
  type Section,
} from '../../bench/tools/measure.js';
import { idOf } from '../../bench/tools/regression.js';
import { figure } from './figures.js';

interface Bench {
  readonly outcomes: Outcome[];
  readonly notes: string[];
  readonly done: string[];
  readonly cleaned: number;
}

async function bench(
  sections: Record<string, Section>,
  more: Partial<Measuring> = {},
): Promise<Bench> {
  const notes: string[] = [];
  const done: string[] = [];
  let cleaned = 0;
  const outcomes = await measureAll(Object.keys(sections), {
    sections,
    rounds: 3,
    kept: {},
    doubt: true,
    limitMs: 60_000,
    interrupted: () => false,
    note: (text) => notes.push(text),
    cleanUp: async () => {
      cleaned += 1;
    },
    done: ({ section }) => done.push(section),
    ...more,
  });
  return { outcomes, notes, done, cleaned };
}

/** Gives these ratios at its first measurement, and those at its next. */
function section(...ratios: readonly (readonly number[])[]): Section {
  let times = 0;
  return async () => {
    times += 1;
    return [figure(ratios[times - 1] ?? [])];
  };
}

const kept = { warm: { [idOf(figure([]))]: { ratio: 1, noise: 0 } } };

describe('The sections of a bench', () => {
  it('are measured in turn, each told when it is done and cleaned up after', async () => {
    const { outcomes, done, cleaned, notes } = await bench({
      warm: section([1]),
      cold: section([2]),
    });
    expect(done).toEqual(['warm', 'cold']);
    expect(cleaned).toBe(2);
    expect(outcomes.map(({ compared }) => compared.map(({ judged }) => judged.ratio))).toEqual([
      [1],
      [2],
    ]);
    expect(notes).toEqual(['measuring warm (1 of 2)', 'measuring cold (2 of 2)']);
  });

  it('cost each other no figures when one fails', async () => {
    const { outcomes, done, cleaned } = await bench({
      warm: async () => Promise.reject(new Error('the engine is away')),
      cold: section([2]),
    });
    expect(outcomes[0]?.failure).toContain('the engine is away');
    expect(outcomes[1]?.compared).toHaveLength(1);
    expect(done).toEqual(['warm', 'cold']);
    expect(cleaned).toBe(2);
  });

  it('are left when they hang, and the next is measured', async () => {
    const { outcomes, cleaned } = await bench(
      { warm: () => new Promise(() => undefined), cold: section([2]) },
      { limitMs: 1 },
    );
    expect(outcomes[0]?.failure).toContain('not done after 0 minutes');
    expect(outcomes[1]?.compared).toHaveLength(1);
    expect(cleaned).toBe(2);
  });

  it('give no result once interrupted, and none of them begins', async () => {
    let interrupted = false;
    const warm: Section = async () => {
      interrupted = true;
      throw new Error('what it measured was ended');
    };
    const all = { warm, cold: section([2]) };
    const { outcomes, done, cleaned } = await bench(all, { interrupted: () => interrupted });
    expect([outcomes, done, cleaned]).toEqual([[], [], 1]);
  });

  it('may be skipped, which is no failure', async () => {
    const { outcomes } = await bench({
      peers: async () => Promise.reject(new Skipped('not installed')),
    });
    expect(outcomes[0]).toMatchObject({ skipped: 'not installed', compared: [] });
    expect(outcomes[0]?.failure).toBeUndefined();
  });

  it('are measured again when a figure is worse, and judged by all rounds', async () => {
    const { outcomes, notes } = await bench(
      { warm: section([1.2, 1.4, 1.4], [1, 1, 1]) },
      { kept },
    );
    expect(outcomes[0]).toMatchObject({ rounds: 6, compared: [{ change: 'same' }] });
    expect(outcomes[0]?.compared[0]?.judged.ours).toEqual([1.2, 1.4, 1.4, 1, 1, 1]);
    expect(notes).toContain('measuring warm again: warm p50, node');
  });

  it('stay worse when they are worse again', async () => {
    const { outcomes } = await bench({ warm: section([3, 3, 3], [3, 3, 3]) }, { kept });
    expect(outcomes[0]?.compared[0]?.change).toBe('worse');
  });

  it('are not doubted when what they give is to be kept', async () => {
    const { outcomes } = await bench({ warm: section([3, 3, 3]) }, { kept, doubt: false });
    expect(outcomes[0]).toMatchObject({ rounds: 3, compared: [{ change: 'worse' }] });
  });

  it('tell figures that are gone of those measured, not of others', async () => {
    const more = { warm: { 'warm p99 / floor': { ratio: 1, noise: 0 } }, cold: kept.warm };
    const { outcomes } = await bench({ warm: section([1]) }, { kept: more });
    expect(outcomes[0]?.gone).toEqual(['warm p99 / floor']);
    expect(outcomes).toHaveLength(1);
  });

  it('fail when two figures have one name: one would hide the other', async () => {
    const { outcomes } = await bench({ warm: async () => [figure([1]), figure([2])] });
    expect(outcomes[0]?.failure).toContain('two figures of warm are called: warm p50, node');
  });
});
