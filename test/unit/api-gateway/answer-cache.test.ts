import { expect, it } from '@jest/globals';
import { AnswerCache } from '../../../src/api-gateway/authorizers/answer-cache.js';
import { ManualClock } from '../../support/manual-clock.js';

it('asks again where asking went wrong', async () => {
  const cache = new AnswerCache(new ManualClock());
  await expect(cache.get('a', 300, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const answer = { kind: 'simple', isAuthorized: true, context: {} } as const;
  expect(await cache.get('a', 300, () => Promise.resolve(answer))).toBe(answer);
});
