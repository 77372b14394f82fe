import { describe, expect, it } from '@jest/globals';
import { tellStart, type StartStory } from '../../../src/environment/cause.js';

const STORIES: readonly (readonly [StartStory, string])[] = [
  [
    { kind: 'cold', cause: { kind: 'first-use' }, served: 0 },
    'it was the first use of this function since the orchestrator started.',
  ],
  [
    { kind: 'cold', cause: { kind: 'spare' }, served: 0 },
    'the environment kept ready ahead of demand was still starting.',
  ],
  [
    { kind: 'cold', cause: { kind: 'all-busy', busy: 1 }, served: 0 },
    'the only environment was busy.',
  ],
  [
    { kind: 'cold', cause: { kind: 'replaced', reason: 'code-changed' }, served: 0 },
    "the function's code changed, so earlier environments could not serve it.",
  ],
  [
    { kind: 'thawed', cause: { kind: 'spare' }, served: 0 },
    'a frozen environment, thawed, initialised ahead because a spare is kept ready ahead of demand.',
  ],
  [
    { kind: 'warm', cause: { kind: 'first-use' }, served: 3 },
    'a running environment that had served 3 before.',
  ],
  [
    { kind: 'reset', cause: { kind: 'first-use' }, reset: 'invoke-timed-out', served: 2 },
    'the environment had been reset because the invocation before had timed out.',
  ],
];

describe('the cause of a start', () => {
  it.each(STORIES)('of %j is told in one clause', (story, told) => {
    expect(tellStart(story)).toBe(told);
  });
});
