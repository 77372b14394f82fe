import { expect, it } from '@jest/globals';
import {
  responseTooLarge,
  runtimeExited,
  timedOut,
} from '../../../src/invocation/platform-errors.js';

it.each([
  [0, 'Runtime exited without providing a reason'],
  [1, 'Runtime exited with error: exit status 1'],
  [127, 'Runtime exited with error: exit status 127'],
  [128, 'Runtime exited with error: exit status 128'],
  [129, 'Runtime exited with error: exit status 129'],
  [137, 'Runtime exited with error: signal: killed'],
  [139, 'Runtime exited with error: signal: segmentation fault'],
])('words the exit code %d as Lambda does', (exitCode, reason) => {
  const error = runtimeExited('id', exitCode);
  expect(JSON.parse(error.payload.toString())).toEqual({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: id Error: ${reason}`,
  });
});

it('words a timeout with two decimals', () => {
  expect(timedOut('id', 3).payload.toString()).toBe(
    '{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id Error: Task timed out after 3.00 seconds"}',
  );
});

it('names no size in the oversized response', () => {
  expect(JSON.parse(responseTooLarge().payload.toString())).toEqual({
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
  });
});
