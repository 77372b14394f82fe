import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateAliasCommand,
  GetAliasCommand,
  InvokeCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { AutoPublish } from '../../../src/control-api/auto-publish.js';
import { ControlBench, fileFunction } from '../../support/control-bench.js';

const FunctionName = 'hello';
let bench: ControlBench;
let project: string;
let warnings: string[];
let automatic: AutoPublish;

const definition = (parts = {}) =>
  fileFunction(FunctionName, project, { autoPublish: { alias: 'live' }, ...parts });

async function start(): Promise<void> {
  warnings = [];
  automatic = new AutoPublish(bench.parts, (message) => warnings.push(message));
  await automatic.built(FunctionName);
}

beforeEach(async () => {
  bench = new ControlBench();
  project = join(bench.directory, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'index.js'), 'first');
  await bench.start([definition()]);
  await start();
});

afterEach(() => bench.close());

async function save(text: string): Promise<void> {
  writeFileSync(join(project, 'index.js'), text);
  bench.router.deployment(FunctionName)?.codeChanged();
  await automatic.built(FunctionName);
}

async function pointed(): Promise<string | undefined> {
  const alias = await bench.client.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
  return alias.FunctionVersion;
}

async function versions(): Promise<(string | undefined)[] | undefined> {
  const list = await bench.client.send(new ListVersionsByFunctionCommand({ FunctionName }));
  return list.Versions?.map(({ Version }) => Version);
}

describe('a function that is published by itself', () => {
  it('has a version for each build, and an alias that points to the last one', async () => {
    expect(await pointed()).toBe('1');
    await automatic.built(FunctionName);
    expect(await pointed()).toBe('1');
    await save('second');
    expect(await pointed()).toBe('2');
    const answer = await bench.client.send(new InvokeCommand({ FunctionName, Qualifier: 'live' }));
    expect(answer.ExecutedVersion).toBe('2');
    expect(warnings).toEqual([]);
  });

  it('has the same version after a restart without a change', async () => {
    bench = await bench.restart([definition()]);
    await start();
    expect(await versions()).toEqual(['$LATEST', '1']);
  });

  it('keeps the last three, and those that an alias points to', async () => {
    const pinned = { FunctionName, Name: 'pinned', FunctionVersion: '1' };
    await bench.client.send(new CreateAliasCommand(pinned));
    for (const text of ['2', '3', '4', '5']) await save(text);
    expect(await versions()).toEqual(['$LATEST', '1', '3', '4', '5']);
  });

  it('has environments provisioned for its alias as long as its file says so', async () => {
    const autoPublish = { alias: 'live', provisionedConcurrency: 2 };
    bench.registry.setFiles([definition({ autoPublish })]);
    await automatic.built(FunctionName);
    expect(await versions()).toEqual(['$LATEST', '1']);
    expect(bench.registry.provisioned(FunctionName)).toEqual({ live: 2 });
    bench.registry.setFiles([definition()]);
    await automatic.built(FunctionName);
    expect(bench.registry.provisioned(FunctionName)).toEqual({});
  });
});
