import { expect, it } from '@jest/globals';
import { availabilityZoneId } from '../../../src/function/availability-zone.js';
import type { Reply } from '../../../src/runtime-api/replies.js';
import {
  isMetadataCall,
  serveMetadata,
  type Metadata,
} from '../../../src/runtime-api/metadata-routes.js';

const PATH = '/2026-01-15/metadata/execution-environment';
const KNOWN = { token: 'secret', availabilityZoneId: 'use1-az1' };

function ask(
  { method = 'GET', path = PATH, authorization = 'Bearer secret' as string | undefined } = {},
  metadata: Metadata | 'unknown' = KNOWN,
): Reply {
  const replies: Reply[] = [];
  const headers = { get: (name: string) => (name === 'authorization' ? authorization : undefined) };
  const call = { method, path, headers, body: Buffer.alloc(0) };
  expect(isMetadataCall(call)).toBe(true);
  serveMetadata(metadata === 'unknown' ? undefined : metadata, call, {
    lost: false,
    send: (reply) => void replies.push(reply),
  });
  expect(replies).toHaveLength(1);
  return replies[0] as Reply;
}

it('the zone is told to whoever has the token, and may be kept', () => {
  const reply = ask();
  expect(reply).toMatchObject({
    status: 200,
    contentType: 'application/json',
    headers: 'Cache-Control: private, max-age=43200, immutable\r\n',
  });
  expect(reply.body.toString()).toBe('{"AvailabilityZoneID":"use1-az1"}');
});

it.each(['Bearer wrong', 'secret', 'Basic secret', 'Bearer', ''])(
  '%j is no token',
  (authorization) => expect(ask({ authorization }).status).toBe(401),
);

it('anything else is refused', () => {
  expect(ask({}, 'unknown').status).toBe(401);
  expect(ask({ method: 'POST' })).toMatchObject({ status: 405, headers: 'Allow: GET\r\n' });
  expect(ask({ path: `${PATH}/more` }).status).toBe(404);
  expect(ask({}, { ...KNOWN, availabilityZoneId: undefined }).status).toBe(500);
});

it('other calls are left alone', () => {
  expect(isMetadataCall({ path: '/2018-06-01/runtime/invocation/next' })).toBe(false);
});

it.each([
  ['us-east-1', 'use1-az1'],
  ['eu-central-2', 'euc2-az1'],
  ['ap-southeast-2', 'apse2-az1'],
  ['ap-northeast-1', 'apne1-az1'],
  ['us-gov-west-1', 'usgw1-az1'],
  ['me-south-1', 'mes1-az1'],
])('the zone of %s is %s', (region, zone) => {
  expect(availabilityZoneId(region)).toBe(zone);
});
