import { describe, expect, it } from '@jest/globals';
import { kindOf, type Machine } from '../../bench/tools/machine.js';
import type { Outcome } from '../../bench/tools/measure.js';
import { compare, idOf, type Reference } from '../../bench/tools/regression.js';
import {
  keptFor,
  usualOf,
  withOutcome,
  withOutcomes,
  type Results,
} from '../../bench/tools/results.js';
import { figure, judged } from './figures.js';

const machine: Machine = {
  platform: 'linux',
  arch: 'x64',
  cpus: 2,
  kernel: '6.1.0',
  node: '20.20.2',
  engine: '20.10.24+dfsg1',
  cgroups: 'v1',
};
const elsewhere: Machine = { ...machine, cpus: 64 };
const at = '2026-01-01T00:00:00.000Z';
const id = idOf(figure([]));

function outcome(ratio: number, before?: Reference, section = 'warm'): Outcome {
  return {
    section,
    rounds: 3,
    tookMs: 1,
    gone: [],
    compared: [compare(judged([ratio, ratio, ratio], { atMost: 2 }), before)],
  };
}

function failed(section = 'warm'): Outcome {
  return { section, rounds: 3, tookMs: 1, gone: [], compared: [], failure: 'Error: away' };
}

function results(of: Outcome, before?: Results): Results {
  return withOutcome(before, { machine, outcome: of, at });
}

describe('The kind of a machine', () => {
  it('is what ratios hang on: not the kernel, nor the last digits of versions', () => {
    expect(kindOf(machine)).toBe('linux x64, 2 cores, Node.js 20, Docker 20.10, cgroups v1');
    expect(kindOf({ ...machine, kernel: '6.2.0', node: '20.1.0', engine: '20.10.5' })).toBe(
      kindOf(machine),
    );
  });
});

describe('The results of a bench', () => {
  it('keep the figures of sections that were not measured this time', () => {
    const both = results(outcome(2, undefined, 'cold'), results(outcome(1)));
    expect(Object.keys(both.sections)).toEqual(['warm', 'cold']);
  });

  it('keep the figures of a section that failed, and say that it did', () => {
    const { warm } = results(failed(), results(outcome(1))).sections;
    expect(warm).toMatchObject({ failure: 'Error: away', figures: [{ ratio: 1 }] });
  });

  it('forget that it failed once it is measured', () => {
    expect(results(outcome(1), results(failed())).sections['warm']).not.toHaveProperty('failure');
  });

  it('drop those of another machine', () => {
    const there = withOutcome(undefined, { machine: elsewhere, outcome: outcome(1), at });
    expect(Object.keys(results(outcome(1, undefined, 'cold'), there).sections)).toEqual(['cold']);
  });

  it('come back from JSON as they were', () => {
    const written = results(outcome(1, { ratio: 1, noise: 0 }));
    expect(JSON.parse(JSON.stringify(written))).toEqual(written);
  });
});

describe('What a run is compared with', () => {
  const stored = { [kindOf(machine)]: { warm: { [id]: { ratio: 0.4, noise: 0 } } } };

  it('is the committed run of the same kind of machine', () => {
    const kept = keptFor(machine, { baseline: stored, last: results(outcome(1)) });
    expect(kept['warm']?.[id]?.ratio).toBe(0.4);
    expect(keptFor(elsewhere, { baseline: stored, last: undefined })).toEqual({});
  });

  it('is the last run here for sections that have none', () => {
    const last = results(outcome(3, undefined, 'cold'), results(outcome(1)));
    expect(keptFor(machine, { baseline: stored, last })).toMatchObject({
      warm: { [id]: { ratio: 0.4 } },
      cold: { [id]: { ratio: 3, holds: false } },
    });
    expect(keptFor(elsewhere, { baseline: {}, last })).toEqual({});
  });

  it('is never a regression: it fails again until it is mended or stored', () => {
    const before = { ratio: 0.5, noise: 0, holds: true };
    const regressed = results(outcome(1.5, before));
    expect(keptFor(machine, { baseline: {}, last: regressed })['warm']?.[id]).toEqual(before);
    const lost = results(outcome(2.5, before));
    expect(keptFor(machine, { baseline: {}, last: lost })['warm']?.[id]).toEqual(before);
  });
});

describe('What is usual for a section', () => {
  const of = (ratio: number): Record<string, Record<string, Reference>> => ({
    short: { [id]: { ratio, noise: 0 } },
  });

  it('is what is stored for this kind of machine, or else the worst of the others', () => {
    const baseline = { a: of(1), b: of(3), c: of(2) };
    const usual = (kind: string): number | undefined =>
      usualOf(baseline, { kind, section: 'short' })[id]?.ratio;
    expect([usual('a'), usual('b'), usual('another')]).toEqual([1, 3, 3]);
    expect(usualOf(baseline, { kind: 'a', section: 'warm' })).toEqual({});
  });
});

describe('Storing a run', () => {
  it('replaces the sections that were measured, of this kind of machine', () => {
    const old = { warm: { gone: { ratio: 9, noise: 9 } }, cold: { [id]: { ratio: 7, noise: 0 } } };
    const baseline = { elsewhere: old, [kindOf(machine)]: old };
    expect(withOutcomes(baseline, { machine, outcomes: [outcome(1.23456789)] })).toEqual({
      elsewhere: old,
      [kindOf(machine)]: {
        warm: { [id]: { ratio: 1.235, noise: 0, holds: true } },
        cold: old.cold,
      },
    });
  });

  it('stores no figure that is not ours', () => {
    const told = { ...outcome(1), compared: [compare(judged([1], { told: true }), undefined)] };
    expect(withOutcomes({}, { machine, outcomes: [told] })).toEqual({
      [kindOf(machine)]: { warm: {} },
    });
  });

  it('stores nothing of a section that failed, and no figure that is no number', () => {
    const old = { [kindOf(machine)]: { warm: { [id]: { ratio: 7, noise: 0 } } } };
    expect(withOutcomes(old, { machine, outcomes: [failed()] })).toEqual(old);
    expect(withOutcomes({}, { machine, outcomes: [outcome(Number.NaN)] })).toEqual({
      [kindOf(machine)]: { warm: {} },
    });
  });
});
