import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteLayerVersionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishLayerVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { OrchestratorError } from '../../../src/errors.js';
import { ACCOUNT_ARN, ControlBench, creation } from '../../support/control-bench.js';
import { zipOf } from '../../support/zip-archive.js';

let bench: ControlBench;
const FunctionName = 'orders';

beforeEach(async () => {
  bench = await new ControlBench().start();
  await bench.client.send(new CreateFunctionCommand(creation(FunctionName)));
  await waitUntilFunctionActiveV2(waiting(), { FunctionName });
});

afterEach(() => bench.close());

const waiting = () => ({ client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 });

/** Holds whoever unpacks or reads a package up, until `goOn`. */
function holdSnapshots(): { reached: Promise<void>; goOn: () => void } {
  const { code } = bench;
  const snapshot = code.snapshot.bind(code);
  let goOn: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const reached = new Promise<void>((resolve) => {
    code.snapshot = async (path) => {
      resolve();
      await gate;
      return snapshot(path);
    };
  });
  return { reached, goOn };
}

it('a disk that takes no package is told of, and no archive blamed', async () => {
  bench.code.snapshot = () =>
    Promise.reject(
      new OrchestratorError('code-missing', 'no space left', { details: { reason: 'machine' } }),
    );
  const ZipFile = zipOf({ 'index.js': 'second' });
  await expect(
    bench.client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile })),
  ).rejects.toMatchObject({ name: 'ServiceException', message: 'no space left' });
});

describe('an update during which others go on', () => {
  it.each(['code', 'layers', 'version'])(
    'brings back none that was deleted meanwhile (%s)',
    async (what) => {
      await bench.client.send(
        new PublishLayerVersionCommand({
          LayerName: 'tools',
          Content: { ZipFile: zipOf({ 'a.txt': 'a' }) },
        }),
      );
      const { reached, goOn } = holdSnapshots();
      const layers = { FunctionName, Layers: [`${ACCOUNT_ARN}:layer:tools:1`] };
      const ZipFile = zipOf({ 'index.js': 'second' });
      const update = (
        what === 'layers'
          ? bench.client.send(new UpdateFunctionConfigurationCommand(layers))
          : bench.client.send(
              new UpdateFunctionCodeCommand({
                FunctionName,
                ZipFile,
                Publish: what === 'version',
              }),
            )
      ).catch((error: Error) => error);
      await reached;
      await bench.client.send(new DeleteFunctionCommand({ FunctionName }));
      goOn();
      expect(await update).toMatchObject({ name: 'ResourceNotFoundException' });
      await expect(
        bench.client.send(new GetFunctionCommand({ FunctionName })),
      ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      expect(bench.registry.record(FunctionName).versions).toEqual([]);
    },
  );

  it('keeps a layer that is deleted before the function uses it', async () => {
    const layer = { LayerName: 'tools' };
    const ZipFile = zipOf({ 'a.txt': 'a' });
    await bench.client.send(new PublishLayerVersionCommand({ ...layer, Content: { ZipFile } }));
    const { reached, goOn } = holdSnapshots();
    const Layers = [`${ACCOUNT_ARN}:layer:tools:1`];
    const update = bench.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Layers }),
    );
    await reached;
    await bench.client.send(new DeleteLayerVersionCommand({ ...layer, VersionNumber: 1 }));
    await bench.parts.packages.collect(() => bench.registry.packages());
    goOn();
    expect((await update).Layers?.map(({ Arn }) => Arn)).toEqual(Layers);
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
    const { Payload } = await bench.client.send(new InvokeCommand({ FunctionName }));
    const { optDirectory } = JSON.parse(Buffer.from(Payload ?? []).toString()) as {
      optDirectory: string;
    };
    expect(readFileSync(join(optDirectory, 'a.txt'), 'utf8')).toBe('a');
  });

  it('changes nothing of a function that took the name meanwhile', async () => {
    const { reached, goOn } = holdSnapshots();
    const ZipFile = zipOf({ 'index.js': 'second' });
    const update = bench.client
      .send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }))
      .catch((error: Error) => error);
    await reached;
    await bench.client.send(new DeleteFunctionCommand({ FunctionName }));
    goOn();
    const next = { ...creation(FunctionName, 'third'), Description: 'the next one' };
    await bench.client.send(new CreateFunctionCommand(next));
    expect(await update).toBeInstanceOf(Error);
    await waitUntilFunctionActiveV2(waiting(), { FunctionName });
    const { Description, CodeSize } = await bench.client.send(
      new GetFunctionConfigurationCommand({ FunctionName }),
    );
    expect([Description, CodeSize]).toEqual(['the next one', next.Code.ZipFile.length]);
  });
});
