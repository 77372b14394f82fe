import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tenantProblem, tenantViolations } from '../../../src/invoke-api/tenant.js';
import type { FakeRouter } from '../../support/fake-router.js';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

describe('a tenant id', () => {
  it.each(['blue', 'a.b_c:d/e=f+g-h@i j', 'x'.repeat(256)])('may be %j', (value) => {
    expect(tenantViolations(value)).toEqual([]);
  });

  it.each(['blue!', 'grün', 'a,b', 'a\tb'])('may not be %j', (value) => {
    expect(tenantViolations(value)).toEqual([
      {
        value,
        field: 'tenantId',
        rule: String.raw`Member must satisfy regular expression pattern: [a-zA-Z0-9\._:\/=+\-@ ]+`,
      },
    ]);
  });

  it('has 256 characters at most', () => {
    expect(tenantViolations('x'.repeat(257))).toMatchObject([
      { rule: 'Member must have length less than or equal to 256' },
    ]);
  });

  it('goes with tenant isolation and with nothing else', () => {
    expect(tenantProblem('per-tenant', 'blue')).toBeUndefined();
    expect(tenantProblem(undefined, undefined)).toBeUndefined();
    const exception = 'InvalidParameterValueException';
    expect(tenantProblem('per-tenant', undefined)).toMatchObject({ status: 400, exception });
    expect(tenantProblem(undefined, 'blue')).toMatchObject({ status: 400, exception });
  });
});

describe('Invoke', () => {
  let api: RunningInvokeApi;
  let router: FakeRouter;
  beforeEach(async () => {
    api = await new RunningInvokeApi().start();
    ({ router } = api);
    router.add({ name: 'shared', tenancy: 'per-tenant' });
    router.add({ name: 'plain' });
  });
  afterEach(() => api.api.destroy());

  it('passes the tenant on', async () => {
    await api.invoke('shared', '{}', { headers: { 'x-amz-tenant-id': 'blue' } });
    expect(router.requests.at(-1)).toMatchObject({ tenantId: 'blue' });
    await api.invoke('plain', '{}');
    expect(router.requests.at(-1)?.tenantId).toBeUndefined();
  });

  it.each(['RequestResponse', 'Event', 'DryRun'])(
    'refuses an isolated function without one, as %s too',
    async (type) => {
      const answer = await api.invoke('shared', '{}', {
        headers: { 'x-amz-invocation-type': type },
      });
      expect(answer.status).toBe(400);
      expect(answer.headers['x-amzn-errortype']).toBe('InvalidParameterValueException');
      expect(answer.json).toMatchObject({
        message:
          'The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.',
      });
      expect(router.requests).toEqual([]);
    },
  );

  it('refuses what is no tenant', async () => {
    const answer = await api.invoke('shared', '{}', { headers: { 'x-amz-tenant-id': 'a!b' } });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('ValidationException');
    expect(answer.json).toEqual({
      message: String.raw`1 validation error detected: Value 'a!b' at 'tenantId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9\._:\/=+\-@ ]+`,
    });
  });

  it('keeps the tenant of an event', async () => {
    const headers = { 'x-amz-tenant-id': 'blue', 'x-amz-invocation-type': 'Event' };
    expect((await api.invoke('shared', '{}', { headers })).status).toBe(202);
    expect(api.accepted).toMatchObject([{ functionName: 'shared', tenantId: 'blue' }]);
  });
});
