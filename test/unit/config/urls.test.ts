import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
});
afterEach(() => folder.remove());

const project = (url: string): Promise<void> =>
  folder.put(
    'orchestrator.yaml',
    `functions: {a: {runtime: python3.13, handler: app.h, url: ${url}}}\n`,
  );

const template = (config: object): Promise<void> =>
  folder.put(
    'template.json',
    JSON.stringify({
      Parameters: { Unknown: { Type: 'String' } },
      Resources: {
        A: {
          Type: 'AWS::Serverless::Function',
          Properties: {
            Runtime: 'nodejs22.x',
            Handler: 'index.handler',
            CodeUri: '.',
            FunctionUrlConfig: config,
          },
        },
      },
    }),
  );

const urlOf = async () => (await folder.load()).functions[0]?.url;

it('gives a function an address of its own, open and buffered when nothing else is said', async () => {
  await project('{}');
  expect(await urlOf()).toEqual({ authType: 'NONE', invokeMode: 'BUFFERED' });
  await project('{auth: AWS_IAM, mode: RESPONSE_STREAM, cors: {AllowOrigins: ["*"], MaxAge: 60}}');
  expect(await urlOf()).toEqual({
    authType: 'AWS_IAM',
    invokeMode: 'RESPONSE_STREAM',
    cors: { AllowOrigins: ['*'], MaxAge: 60 },
  });
});

it('gives it one in SAM’s words', async () => {
  await template({
    AuthType: 'AWS_IAM',
    InvokeMode: 'RESPONSE_STREAM',
    Cors: { AllowOrigins: ['*'] },
  });
  expect(await urlOf()).toEqual({
    authType: 'AWS_IAM',
    invokeMode: 'RESPONSE_STREAM',
    cors: { AllowOrigins: ['*'] },
  });
});

it('lists what a template leaves unknown of it', async () => {
  await template({ AuthType: { Ref: 'Unknown' } });
  const { functions, notices } = await folder.load();
  expect(functions[0]?.url?.authType).toBe('NONE');
  expect(notices).toContainEqual({
    path: 'Resources.A.Properties.FunctionUrlConfig.AuthType',
    treatment: 'ignored',
    reason: 'its value cannot be known here',
  });
});

it('tells slips in the words of the file', async () => {
  await project('{mode: STREAM}');
  expect(await folder.problems()).toEqual([
    expect.objectContaining({
      path: 'functions.a.url.mode',
      value: 'STREAM',
      expected: 'BUFFERED or RESPONSE_STREAM',
    }),
  ]);
  await folder.remove();
  folder = await ConfigFolder.make();
  await template({ AuthType: 'SOME', Cors: { AllowOrigins: 'x' } });
  expect((await folder.problems()).map(({ path }) => path)).toEqual([
    'Resources.A.Properties.FunctionUrlConfig.AuthType',
    expect.stringMatching(/^Resources\.A\.Properties\.FunctionUrlConfig\.Cors/),
  ]);
});
