/** What functions are given to reach AWS with, by the settings. */

import { afterEach, expect, test } from '@jest/globals';
import { Teardown } from '../../../src/async/teardown.js';
import { openAwsSide } from '../../../src/composition/aws-side.js';
import type { Settings } from '../../../src/config/config.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';

let teardown: Teardown;
afterEach(() => teardown.end());

async function opened(settings: Pick<Settings, 'services'>) {
  teardown = new Teardown();
  const runtimeApi = new RuntimeApi();
  const network = { hostAddress: '127.0.0.1', listenAddress: '127.0.0.1' };
  const side = await openAwsSide({ settings: settings as Settings, network, runtimeApi, teardown });
  return { side, runtimeApi };
}

test('one address for everything, and a session token for each environment', async () => {
  const { side, runtimeApi } = await opened({ services: 'auto' });
  expect(side.variables).toEqual({
    AWS_ENDPOINT_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  });
  const tokens = [runtimeApi.issueToken(), runtimeApi.issueToken()];
  expect(new Set(tokens).size).toBe(2);
  expect(tokens).not.toContain(side.credentials.sessionToken);
});

test('with AWS itself only what is ours leads to us', async () => {
  const { side } = await opened({ services: 'aws' });
  expect(Object.keys(side.variables)).toEqual([
    'AWS_ENDPOINT_URL_LAMBDA',
    'AWS_ENDPOINT_URL_EVENTBRIDGE',
    'AWS_ENDPOINT_URL_SFN',
    'AWS_ENDPOINT_URL_SCHEDULER',
  ]);
});
