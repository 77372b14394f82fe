import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionEventInvokeConfigCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  GetFunctionCommand,
  GetFunctionRecursionConfigCommand,
  InvokeCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { ControlBench, creation, fileFunction, ROLE } from '../../support/control-bench.js';
import { zipOf } from '../../support/zip-archive.js';

let bench: ControlBench;
let project: string;
const FunctionName = 'hello';

beforeEach(async () => {
  bench = new ControlBench();
  project = join(bench.directory, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'index.js'), 'first');
  await bench.start([fileFunction(FunctionName, project)]);
});

afterEach(() => bench.close());

const waiting = () => ({ client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 });

async function codeOf(name: string, qualifier?: string): Promise<string> {
  const { Payload } = await bench.client.send(
    new InvokeCommand({ FunctionName: name, Qualifier: qualifier }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString()) as { taskDirectory: string };
  return readFileSync(join(answer.taskDirectory, 'index.js'), 'utf8');
}

describe('a function from a file', () => {
  it('may allow loops through it, as the API may', async () => {
    const read = new GetFunctionRecursionConfigCommand({ FunctionName });
    expect((await bench.client.send(read)).RecursiveLoop).toBe('Terminate');
    const file = fileFunction(FunctionName, project);
    bench.registry.setFiles([{ ...file, recursiveLoop: 'Allow' }]);
    expect((await bench.client.send(read)).RecursiveLoop).toBe('Allow');
    bench.registry.setFiles([file]);
    expect((await bench.client.send(read)).RecursiveLoop).toBe('Terminate');
  });

  it('is published as it was, whatever happens to the folder', async () => {
    const version = await bench.client.send(new PublishVersionCommand({ FunctionName }));
    const again = await bench.client.send(new PublishVersionCommand({ FunctionName }));
    expect([version.Version, again.Version]).toEqual(['1', '1']);
    const latest = await bench.client.send(new GetFunctionCommand({ FunctionName }));
    expect(version.CodeSha256).toBe(latest.Configuration?.CodeSha256);
    writeFileSync(join(project, 'index.js'), 'second');
    bench.router.deployment(FunctionName)?.codeChanged();
    expect(await codeOf(FunctionName)).toBe('second');
    expect(await codeOf(FunctionName, '1')).toBe('first');
    bench = await bench.restart([fileFunction(FunctionName, project)]);
    expect(await codeOf(FunctionName, '1')).toBe('first');
    const next = await bench.client.send(new PublishVersionCommand({ FunctionName }));
    expect(next.Version).toBe('2');
  });

  it('gives its code as a zip', async () => {
    await bench.router.deployment(FunctionName)?.ready();
    const { Code } = await bench.client.send(new GetFunctionCommand({ FunctionName }));
    const answer = await fetch(Code?.Location ?? '');
    const ZipFile = Buffer.from(await answer.arrayBuffer());
    const copy = { ...creation('copy'), Code: { ZipFile } };
    await bench.client.send(new CreateFunctionCommand(copy));
    await waitUntilFunctionActiveV2(waiting(), { FunctionName: 'copy' });
    expect(await codeOf('copy')).toBe('first');
  });

  it('is as the API changed it until the next start, which is said', async () => {
    const ZipFile = zipOf({ 'index.js': 'uploaded' });
    await bench.client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }));
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
    expect(await codeOf(FunctionName)).toBe('uploaded');
    await bench.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 512 }),
    );
    expect(bench.told).toEqual([
      'hello was changed through the API; this holds until its file changes',
      'hello was changed through the API; this holds until its file changes',
    ]);
    bench = await bench.restart([fileFunction(FunctionName, project)]);
    expect(await codeOf(FunctionName)).toBe('first');
  });

  it('is told to be in the way of one with its name, and can be deleted', async () => {
    await expect(
      bench.client.send(new CreateFunctionCommand(creation(FunctionName))),
    ).rejects.toMatchObject({ message: 'Function already exist: hello' });
    await bench.client.send(new DeleteFunctionCommand({ FunctionName }));
    expect(bench.told).toEqual([
      'hello was deleted through the API; it comes back when its file changes',
    ]);
    expect((await bench.client.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
  });
});

describe('what a file says of concurrency and events', () => {
  const definition = (reservedConcurrency: number, maximumRetryAttempts: number) =>
    fileFunction(FunctionName, project, {
      reservedConcurrency,
      eventInvoke: { maximumRetryAttempts },
    });
  const reserved = async () => {
    const answer = await bench.client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
    return answer.ReservedConcurrentExecutions;
  };
  const retries = async () => {
    const get = new GetFunctionEventInvokeConfigCommand({ FunctionName });
    return (await bench.client.send(get)).MaximumRetryAttempts;
  };

  it('is changed by the API until the file says something else', async () => {
    bench.registry.setFiles([definition(10, 1)]);
    expect([await reserved(), await retries()]).toEqual([10, 1]);
    await bench.client.send(
      new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 5 }),
    );
    await bench.client.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0 }),
    );
    expect([await reserved(), await retries()]).toEqual([5, 0]);
    bench.registry.setFiles([definition(20, 2)]);
    expect([await reserved(), await retries()]).toEqual([20, 2]);
  });

  it('can be taken away', async () => {
    bench.registry.setFiles([definition(10, 1)]);
    await bench.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    expect(await reserved()).toBeUndefined();
    await bench.client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName }));
    await expect(retries()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(bench.router.reservedConcurrency(FunctionName)).toBeUndefined();
  });
});

describe('code that goes while it is sent', () => {
  it('breaks the answer off and nothing else', async () => {
    const folder = join(bench.directory, 'large');
    mkdirSync(folder);
    for (let count = 0; count < 8; count += 1) {
      writeFileSync(join(folder, `file-${count}`), randomBytes(4 * 1024 * 1024));
    }
    bench.registry.setFiles([fileFunction('large', folder)]);
    await bench.router.deployment('large')?.ready();
    const { Code } = await bench.client.send(new GetFunctionCommand({ FunctionName: 'large' }));
    const copy = bench.router.deployment('large')?.description.taskDirectory ?? '';
    const answer = await fetch(Code?.Location ?? '');
    rmSync(copy, { recursive: true });
    await expect(answer.arrayBuffer()).rejects.toThrow();
    await expect(bench.client.send(new ListFunctionsCommand({}))).resolves.toBeDefined();
  });
});

describe('a function that leaves its file', () => {
  it('reserves nothing any more', async () => {
    const ReservedConcurrentExecutions = 900;
    await bench.client.send(
      new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }),
    );
    expect(bench.router.reservedConcurrency(FunctionName)).toBe(900);
    bench.registry.setFiles([]);
    expect(bench.router.reservedConcurrency(FunctionName)).toBeUndefined();
    bench.registry.setFiles([fileFunction(FunctionName, project)]);
    expect(bench.router.reservedConcurrency(FunctionName)).toBe(900);
  });
});

describe('a function of a folder of this machine', () => {
  const local = (S3Key: string) => ({
    FunctionName: 'local',
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { S3Bucket: 'hot-reload', S3Key },
  });

  it('follows the folder', async () => {
    await bench.client.send(new CreateFunctionCommand(local(project) as never));
    await waitUntilFunctionActiveV2(waiting(), { FunctionName: 'local' });
    expect(await codeOf('local')).toBe('first');
    expect(bench.registry.folders()).toContainEqual({ name: 'local', paths: [project] });
    writeFileSync(join(project, 'index.js'), 'second');
    bench.router.deployment('local')?.codeChanged();
    expect(await codeOf('local')).toBe('second');
  });

  it.each(['relative', '/nowhere/at/all'])('is refused for %s', async (key) => {
    await expect(
      bench.client.send(new CreateFunctionCommand(local(key) as never)),
    ).rejects.toMatchObject({ message: expect.stringContaining(`S3Key '${key}' must be`) });
  });
});
