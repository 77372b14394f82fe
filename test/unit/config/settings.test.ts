import { describe, expect, it } from '@jest/globals';
import type { Flags } from '../../../src/config/config.js';
import { Problems } from '../../../src/config/problems.js';
import { readFileSettings, resolveSettings } from '../../../src/config/settings.js';

const ofFlags = (flags: Flags): Problems => {
  const problems = new Problems();
  resolveSettings({ flags, environment: {} }, '/', {}, problems);
  return problems;
};

const ofFile = (written: object): Problems => {
  const problems = new Problems();
  readFileSettings(written, problems);
  return problems;
};

describe('settings that cannot be', () => {
  it.each([10, 1500.5])('tells what --reclaim-after takes instead of %p', (reclaimAfter) => {
    expect(ofFlags({ reclaimAfter }).list).toEqual([
      {
        path: '--reclaim-after',
        value: reclaimAfter,
        expected: 'milliseconds from 1000, or never',
        remedy: 'Change the flag.',
      },
    ]);
  });

  it.each([
    ['reclaimAfterMs', 10, 'milliseconds from 1000, or never'],
    ['reclaimAfterMs', 'soon', 'milliseconds from 1000, or never'],
    ['freezeAfterMs', -1, 'milliseconds, or never'],
  ])('tells what %s takes instead of %p', (path, value, expected) => {
    expect(ofFile({ [path]: value }).list).toEqual([
      { path, value, expected, remedy: 'Change it to what is expected.' },
    ]);
  });
});
