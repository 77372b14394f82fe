/** A stack that CDK has synthesized: its function and layer are assets of the assembly. */

import { cp, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { startOrchestrator } from '../../src/orchestrator.js';
import { packageRoot } from '../../src/package-root.js';
import { Project, until } from '../support/project.js';

let project: Project;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'orchestrator-cdk-'));
  await cp(join(packageRoot(), 'test/fixtures/cdk'), directory, { recursive: true });
  const readConfig = () =>
    loadConfig({
      directory,
      flags: { port: 0, httpPort: 0, stacks: ['Greeter'] },
      environment: {},
    });
  const messages: string[] = [];
  const write = (message: string): void => void messages.push(message);
  const log = { debug: write, info: write, warn: write, error: write, child: () => log };
  const orchestrator = await startOrchestrator(await readConfig(), {
    readConfig,
    progress: () => undefined,
    log,
    signal: new AbortController().signal,
  });
  project = new Project(directory, orchestrator, messages);
}, 300_000);

afterAll(() => project?.stop(), 60_000);

it('serves the function with its layer, where the app says the stack would be', async () => {
  const { status, json } = await project.invoke('Hello4A628BD4', { name: 'you' });
  expect([status, json]).toEqual([200, { text: 'Hello, you', stage: 'eu-west-1' }]);
}, 60_000);

it('follows what is synthesized next', async () => {
  const template = join('cdk.out', 'Greeter.template.json');
  const text = await readFile(join(project.directory, template), 'utf8');
  await project.write(template, text.replace('"Ref": "AWS::Region"', '"Ref": "AWS::AccountId"'));
  await until(async () => {
    const { json } = await project.invoke('Hello4A628BD4', { name: 'you' });
    return (json as { stage: string }).stage === '111122223333';
  });
}, 60_000);
