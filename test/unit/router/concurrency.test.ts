import { expect, it } from '@jest/globals';
import { Concurrency } from '../../../src/router/concurrency.js';

const throttle = (reason: string) =>
  expect.objectContaining({ code: 'throttled', details: { reason } });

it('gives a function its reserved concurrency and no more', () => {
  const concurrency = new Concurrency(10);
  concurrency.reserve('a', 2);
  const back = concurrency.take('a');
  concurrency.take('a');
  expect(() => concurrency.take('a')).toThrow(
    throttle('ReservedFunctionConcurrentInvocationLimitExceeded'),
  );
  back();
  back();
  concurrency.take('a');
  expect(() => concurrency.take('a')).toThrow(
    throttle('ReservedFunctionConcurrentInvocationLimitExceeded'),
  );
});

it('shares what is not reserved among all others', () => {
  const concurrency = new Concurrency(4);
  concurrency.reserve('a', 3);
  concurrency.take('b');
  expect(() => concurrency.take('c')).toThrow(throttle('ConcurrentInvocationLimitExceeded'));
  concurrency.reserve('a', undefined);
  concurrency.take('c');
});

it('stops a function whose reserved concurrency is zero', () => {
  const concurrency = new Concurrency(4);
  concurrency.reserve('a', 0);
  expect(() => concurrency.take('a')).toThrow(
    throttle('ReservedFunctionConcurrentInvocationLimitExceeded'),
  );
});
