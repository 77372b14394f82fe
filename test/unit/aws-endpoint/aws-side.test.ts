/** What functions are given to reach AWS with, by the settings. */

import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Teardown } from '../../../src/async/teardown.js';
import { AwsEndpoint } from '../../../src/aws-endpoint/aws-endpoint.js';
import { openAwsSide } from '../../../src/composition/aws-side.js';
import type { Settings } from '../../../src/config/config.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';

let teardown: Teardown;
afterEach(() => teardown.end());

async function opened(settings: Partial<Settings>, webSockets = false) {
  teardown = new Teardown();
  const runtimeApi = new RuntimeApi();
  const network = { hostAddress: '127.0.0.1', listenAddress: '127.0.0.1' };
  const endpoint = new AwsEndpoint();
  const parts = { settings: settings as Settings, network, runtimeApi, webSockets, teardown };
  const side = await openAwsSide({ ...parts, endpoint });
  return { side, endpoint, runtimeApi };
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
    'AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI',
  ]);
});

test('where there are WebSocket APIs a certificate of their door as well', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'orchestrator-aws-side-'));
  try {
    const { side, endpoint } = await opened({ services: 'auto', stateDirectory }, true);
    expect(endpoint.containerAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    const text = await readFile(side.authorityPath ?? '', 'utf8');
    expect(new X509Certificate(text).checkIP('127.0.0.1')).toBe('127.0.0.1');
  } finally {
    await rm(stateDirectory, { recursive: true });
  }
});
