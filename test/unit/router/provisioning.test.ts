import { describe, expect, it } from '@jest/globals';
import type { WeightedAlias } from '../../../src/router/alias.js';
import { provisionedVersions, sharesOf, statusOf } from '../../../src/router/provisioning.js';

const ALIASES: Readonly<Record<string, WeightedAlias>> = {
  live: { version: '2', weights: {} },
  canary: { version: '1', weights: { '2': 0.1 } },
};
const findAlias = (qualifier: string): WeightedAlias | undefined => ALIASES[qualifier];

describe('provisioned concurrency of versions and aliases', () => {
  it('adds up for a version that has several names', () => {
    expect(provisionedVersions({ '2': 1, live: 3, '5': 4 }, findAlias)).toEqual(
      new Map([
        ['2', 4],
        ['5', 4],
      ]),
    );
  });

  it('is split by the weights of an alias, none of it lost', () => {
    expect(sharesOf('canary', 10, findAlias)).toEqual(
      new Map([
        ['2', 1],
        ['1', 9],
      ]),
    );
    expect(sharesOf('canary', 1, findAlias)).toEqual(new Map([['2', 1]]));
  });

  it('is ready when each version has its part, and failed when one has', () => {
    const shares = new Map([
      ['1', 2],
      ['2', 1],
    ]);
    const ready = { requested: 5, allocated: 5, available: 4, status: 'READY' } as const;
    expect(statusOf(3, shares, () => ready)).toEqual({
      requested: 3,
      allocated: 3,
      available: 3,
      status: 'READY',
    });
    expect(statusOf(3, shares, (version) => (version === '1' ? ready : undefined))).toEqual({
      requested: 3,
      allocated: 2,
      available: 2,
      status: 'IN_PROGRESS',
    });
    const failed = {
      ...ready,
      allocated: 0,
      available: 0,
      status: 'FAILED',
      reason: 'why',
    } as const;
    expect(statusOf(3, shares, (version) => (version === '1' ? ready : failed))).toEqual({
      requested: 3,
      allocated: 2,
      available: 2,
      status: 'FAILED',
      reason: 'why',
    });
  });
});
