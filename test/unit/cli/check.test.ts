import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { grouped } from '../../../src/cli/notices.js';
import { loadConfig } from '../../../src/config/load.js';
import { ConfigFolder } from '../../support/config-folder.js';
import { fakeParts } from '../../support/fake-parts.js';
import { startInProcess } from '../../support/memory-host.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
});
afterEach(() => folder.remove());

const check = (...args: string[]) =>
  startInProcess(['check', ...args], {
    cwd: folder.path,
    parts: { ...fakeParts({}), loadConfig },
  }).ended;

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, Handler: a.b, CodeUri: code } }
Resources:
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  F: { Type: AWS::Serverless::Function, Properties: { Policies: [SQSSendMessagePolicy: { QueueName: !GetAtt Queue.QueueName }] } }
  R1: { Type: AWS::IAM::Role }
  R2: { Type: AWS::IAM::Role }
  R3: { Type: AWS::IAM::Role }
  R4: { Type: AWS::IAM::Role }
`;

it('lists functions, the rest of the stack, permissions and what is not taken as written', async () => {
  await folder.put('template.yaml', TEMPLATE);
  const { code, stdout, stderr } = await check();
  expect(code).toBe(0);
  expect(stdout).toMatch(/^F\tnodejs22\.x\ta\.b\t128 MB\t3 s\t.*code$/m);
  expect(stdout).toMatch(/^queue\torders\t$/m);
  expect(stdout).toMatch(/^F\tSQSSendMessagePolicy \(QueueName: orders\)$/m);
  expect(stderr).toContain(
    'Resources.R1, Resources.R2, Resources.R3 and 2 more  ignored: permissions are not checked here',
  );
  const { stderr: all } = await check('--verbose');
  expect(all).toContain('Resources.R4');
});

it('ends with 2 and all problems when a project cannot be used', async () => {
  await folder.put(
    'template.yaml',
    TEMPLATE.replace('a.b', '[]').replace('!GetAtt Queue', '!GetAtt Qeue'),
  );
  const { code, stderr } = await check();
  expect(code).toBe(2);
  expect(stderr).toContain('Handler');
  expect(stderr).toContain("Did you mean 'Queue'?");
  expect((await check('--strict')).code).toBe(2);
});

it('prints one object with --json', async () => {
  await folder.put('template.yaml', TEMPLATE);
  const { stdout } = await check('--json');
  expect(JSON.parse(stdout)).toMatchObject({
    functions: [{ name: 'F' }],
    stack: { queues: [{ name: 'orders' }] },
    permissions: [{ functionName: 'F', grants: [{ name: 'SQSSendMessagePolicy' }] }],
    notices: expect.arrayContaining([expect.objectContaining({ path: 'Resources.R1' })]),
  });
});

it('notices of one reason stand together, approximations first', () => {
  const notice = (path: string, treatment: 'approximated' | 'ignored', reason: string) => ({
    path,
    treatment,
    reason,
  });
  expect(
    grouped([
      notice('a', 'ignored', 'x'),
      notice('b', 'approximated', 'y'),
      notice('c', 'ignored', 'x'),
    ]),
  ).toEqual([
    { treatment: 'approximated', reason: 'y', paths: ['b'] },
    { treatment: 'ignored', reason: 'x', paths: ['a', 'c'] },
  ]);
});
