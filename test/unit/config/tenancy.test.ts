import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
});
afterEach(() => folder.remove());

const project = (settings: object): string =>
  JSON.stringify({
    functions: { fn: { runtime: 'python3.13', handler: 'app.handler', ...settings } },
  });

it('orchestrator.yaml, SAM and CloudFormation isolate tenants', async () => {
  await folder.put('orchestrator.yaml', project({ tenancy: 'per-tenant' }));
  expect((await folder.load()).functions).toMatchObject([{ tenancy: 'per-tenant' }]);
  for (const [Type, Code] of [
    ['AWS::Serverless::Function', 'CodeUri'],
    ['AWS::Lambda::Function', 'Code'],
  ] as const) {
    const template = await ConfigFolder.make();
    const Properties = {
      Runtime: 'python3.13',
      Handler: 'app.handler',
      [Code]: '.',
      TenancyConfig: { TenantIsolationMode: 'PER_TENANT' },
    };
    await template.put(
      'template.json',
      JSON.stringify({ Resources: { Fn: { Type, Properties } } }),
    );
    const config = await template.load();
    expect(config.functions).toMatchObject([{ tenancy: 'per-tenant' }]);
    expect(config.notices).toEqual([]);
    await template.remove();
  }
});

it('what is no mode is told with its place and value', async () => {
  await folder.put('orchestrator.yaml', project({ tenancy: 'shared' }));
  expect(await folder.problems()).toMatchObject([
    {
      path: 'functions.fn.tenancy',
      value: 'shared',
      expected: expect.stringContaining('per-tenant'),
    },
  ]);
});

it.each([
  ['snapStart', { snapStart: 'PublishedVersions' }],
  ['provisionedConcurrency', { alias: 'live', provisionedConcurrency: 1 }],
  ['url', { url: { auth: 'NONE' } }],
])('%s cannot stand beside it', async (setting, settings) => {
  await folder.put('orchestrator.yaml', project({ tenancy: 'per-tenant', ...settings }));
  expect(await folder.problems()).toMatchObject([
    {
      path: `functions.fn.${setting}`,
      expected: expect.stringContaining('without tenant isolation'),
    },
  ]);
});
