import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  PublishLayerVersionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { ControlBench, creation } from '../../support/control-bench.js';
import { zipArchive } from '../../support/zip-archive.js';

const UNREADABLE =
  'Could not unzip uploaded file. Please check your file, then try to upload again.';
const TOO_LARGE = 'Unzipped size must be smaller than 262144000 bytes';
const data = Buffer.from('x');

const HOSTILE = [
  ['an empty one', Buffer.alloc(0), 'Uploaded file must be a non-empty zip'],
  ['one that is cut off', zipArchive([{ name: 'a', data }]).subarray(0, 40), UNREADABLE],
  ['a name that leads out', zipArchive([{ name: '../evil', data }]), UNREADABLE],
  ['an absolute name', zipArchive([{ name: '/tmp/evil', data }]), UNREADABLE],
  [
    'a link that leads out',
    zipArchive([{ name: 'link', data: Buffer.from('/etc/passwd'), mode: 0o120777 }]),
    UNREADABLE,
  ],
  ['a device', zipArchive([{ name: 'device', data, mode: 0o060644 }]), UNREADABLE],
  [
    'more than it announces',
    zipArchive([{ name: 'a', data: Buffer.alloc(1_000_000), announced: 10, deflated: true }]),
    UNREADABLE,
  ],
  [
    'more than may be unpacked',
    zipArchive([{ name: 'a', data, announced: 262_144_001, deflated: true }]),
    TOO_LARGE,
  ],
] as const;

let bench: ControlBench;

beforeEach(async () => {
  bench = await new ControlBench().start();
});

afterEach(() => bench.close());

const kept = (): string[] => {
  const folder = join(bench.directory, 'functions');
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe.each(HOSTILE)('a zip with %s', (_what, ZipFile, message) => {
  it('is refused for a new function, and nothing of it is kept', async () => {
    await expect(
      bench.client.send(new CreateFunctionCommand({ ...creation('orders'), Code: { ZipFile } })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException', message });
    expect(bench.registry.names()).toEqual([]);
    await bench.parts.packages.collect(() => bench.registry.packages());
    expect(kept()).toEqual([]);
  });

  it('is refused for a function that runs, which stays as it was', async () => {
    const FunctionName = 'orders';
    await bench.client.send(new CreateFunctionCommand(creation(FunctionName)));
    await waitUntilFunctionActiveV2(
      { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 },
      { FunctionName },
    );
    const read = async () => {
      const { $metadata: _metadata, ...answer } = await bench.client.send(
        new GetFunctionConfigurationCommand({ FunctionName }),
      );
      return answer;
    };
    const before = await read();
    await expect(
      bench.client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile })),
    ).rejects.toMatchObject({ message });
    expect(await read()).toEqual(before);
  });

  it('is refused as a layer', async () => {
    await expect(
      bench.client.send(
        new PublishLayerVersionCommand({ LayerName: 'tools', Content: { ZipFile } }),
      ),
    ).rejects.toMatchObject({ message });
    expect(bench.registry.layers()).toEqual([]);
  });
});

describe('requests that are too large', () => {
  it('are refused by the size of the zip, and by their own', async () => {
    const path = '/2015-03-31/functions';
    const zip = Buffer.alloc(52_428_801);
    const body = JSON.stringify({
      ...creation('orders'),
      Code: { ZipFile: zip.toString('base64') },
    });
    const tooLarge = await bench.running.ask(path, { method: 'POST', body });
    expect(tooLarge.status).toBe(413);
    expect(tooLarge.headers['x-amzn-errortype']).toBe('RequestEntityTooLargeException');
    expect(tooLarge.json).toEqual({ message: 'Zipped size must be smaller than 52428800 bytes' });
    const request = await bench.running.ask(path, {
      method: 'POST',
      body: Buffer.alloc(70_167_212, 0x20),
    });
    expect(request.status).toBe(413);
    expect(request.json).toEqual({
      message: 'Request must be smaller than 70167211 bytes for the CreateFunction operation',
    });
    // 120 MB go through it, which a busy machine takes its time for.
  }, 30_000);
});
