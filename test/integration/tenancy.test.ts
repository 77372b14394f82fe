import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 120_000;

const NODE = `
const fs = require('node:fs');
exports.handler = async (event, context) => {
  const found = fs.existsSync('/tmp/owner') ? fs.readFileSync('/tmp/owner', 'utf8') : null;
  fs.writeFileSync('/tmp/owner', context.tenantId);
  console.log('served');
  return { tenant: context.tenantId, found, stream: context.logStreamName };
};
`;
const PYTHON = `
def handler(event, context):
    print("for", context.tenant_id)
    return context.tenant_id
`;

interface Served {
  readonly tenant: string;
  readonly found: string | null;
  readonly stream: string;
}

describe('a function with tenant isolation', () => {
  let project: Project;
  beforeAll(async () => {
    project = await startProject(
      {
        shared: {
          files: { 'index.js': NODE },
          tenancy: 'per-tenant',
          logging: { format: 'JSON' },
        },
        later: { files: { 'app.py': PYTHON }, tenancy: 'per-tenant' },
        plain: { files: { 'index.js': 'exports.handler = async () => 1;' } },
      },
      { watch: false },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  const of = (tenant: string) => ({ headers: { 'x-amz-tenant-id': tenant } });

  it(
    'keeps what a tenant leaves from every other, and names the tenant everywhere',
    async () => {
      const seen: Served[] = [];
      for (const tenant of ['red', 'blue', 'red', 'blue']) {
        const { json, tail } = await project.invoke('shared', {}, { ...of(tenant), tail: true });
        seen.push(json as Served);
        const lines = tail.trimEnd().split('\n');
        const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        expect(told.find(({ type }) => type === 'platform.start')).toMatchObject({
          record: { tenantId: tenant },
        });
        expect(told.find(({ type }) => type === 'platform.report')).toMatchObject({
          record: { tenantId: tenant },
        });
        expect(told.find(({ message }) => message === 'served')).toMatchObject({
          tenantId: tenant,
        });
      }
      expect(seen.map(({ tenant, found }) => ({ tenant, found }))).toEqual([
        { tenant: 'red', found: null },
        { tenant: 'blue', found: null },
        { tenant: 'red', found: 'red' },
        { tenant: 'blue', found: 'blue' },
      ]);
      const [red, blue, redAgain, blueAgain] = seen.map(({ stream }) => stream);
      expect(red).toMatch(/^\d{4}\/\d\d\/\d\d\/shared\[\$LATEST\][0-9a-f]{32}$/);
      expect(redAgain).toBe(red);
      expect(blueAgain).toBe(blue);
      expect(blue).not.toBe(red);
    },
    LIMIT_MS,
  );

  it(
    'keeps the tenant of an asynchronous event',
    async () => {
      const headers = { ...of('green').headers, 'x-amz-invocation-type': 'Event' };
      expect((await project.invoke('later', {}, { headers })).status).toBe(202);
      await until(async () =>
        (await project.orchestrator.logs({ functionName: 'later' })).some(({ text }) =>
          text.includes('for green'),
        ),
      );
    },
    LIMIT_MS,
  );

  it(
    'is refused without a tenant, as others are with one',
    async () => {
      const without = await project.invoke('shared');
      expect(without.status).toBe(400);
      expect(without.headers['x-amzn-errortype']).toBe('InvalidParameterValueException');
      const unwanted = await project.invoke('plain', {}, of('red'));
      expect(unwanted.status).toBe(400);
      expect(unwanted.headers['x-amzn-errortype']).toBe('InvalidParameterValueException');
    },
    LIMIT_MS,
  );
});
