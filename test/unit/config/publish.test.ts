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

it('orchestrator.yaml and SAM say what is published by itself', async () => {
  await folder.put('orchestrator.yaml', project({ alias: 'live', provisionedConcurrency: 2 }));
  const wanted = { alias: 'live', provisionedConcurrency: 2 };
  expect((await folder.load()).functions).toMatchObject([{ autoPublish: wanted }]);
  const sam = await ConfigFolder.make();
  const properties = {
    Runtime: 'python3.13',
    Handler: 'app.handler',
    CodeUri: '.',
    AutoPublishAlias: 'live',
    ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
  };
  const resource = { Type: 'AWS::Serverless::Function', Properties: properties };
  await sam.put('template.json', JSON.stringify({ Resources: { Fn: resource } }));
  const config = await sam.load();
  expect(config.functions).toMatchObject([{ autoPublish: wanted }]);
  expect(config.notices).toEqual([]);
  await sam.remove();
});

it('concurrency is provisioned for an alias, and not beside SnapStart', async () => {
  await folder.put('orchestrator.yaml', project({ provisionedConcurrency: 2 }));
  expect(await folder.problems()).toMatchObject([
    { path: 'functions.fn.provisionedConcurrency', value: 2 },
  ]);
  const both = { alias: 'live', provisionedConcurrency: 2, snapStart: 'PublishedVersions' };
  await folder.put('orchestrator.yaml', project(both));
  expect(await folder.problems()).toMatchObject([
    { expected: expect.stringContaining('SnapStart') },
  ]);
});

it.each(['1', 'with space', ''])('%j is no name of an alias', async (alias) => {
  await folder.put('orchestrator.yaml', project({ alias }));
  expect(await folder.problems()).toMatchObject([{ path: 'functions.fn.alias', value: alias }]);
});

it('a project may leave all its functions to the API, when it says so', async () => {
  await folder.put('orchestrator.yaml', 'functions: {}\n');
  expect((await folder.load()).functions).toEqual([]);
  await folder.put('orchestrator.yaml', 'port: 3001\n');
  expect(await folder.problems()).toMatchObject([
    { expected: 'at least one function', remedy: expect.stringContaining('functions: {}') },
  ]);
});
