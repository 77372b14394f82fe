import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { ControlBench, ROLE } from '../../support/control-bench.js';

const FunctionName = 'packed';
const ImageUri = 'team/packed:latest';

describe('a function whose code is an image', () => {
  let bench: ControlBench;
  beforeEach(async () => {
    bench = await new ControlBench().start();
    bench.images.set(ImageUri, 'sha256:1111');
    await bench.client.send(
      new CreateFunctionCommand({
        FunctionName,
        PackageType: 'Image',
        Role: ROLE,
        Code: { ImageUri },
      }),
    );
    await waitUntilFunctionActiveV2(waiting(), { FunctionName });
  });
  afterEach(() => bench.close());

  const waiting = () => ({ client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 });

  async function code(Qualifier?: string): Promise<unknown> {
    const { Code, Configuration } = await bench.client.send(
      new GetFunctionCommand({ FunctionName, Qualifier }),
    );
    return [Configuration?.CodeSha256, Code?.ImageUri, Code?.ResolvedImageUri];
  }

  it('runs what its name means when its code is updated, though the name is the same', async () => {
    bench.images.set(ImageUri, 'sha256:2222');
    expect(await code()).toEqual(['1111', ImageUri, 'team/packed@sha256:1111']);
    await bench.client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri }));
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
    expect(await code()).toEqual(['2222', ImageUri, 'team/packed@sha256:2222']);
  });

  it('has versions that keep their image and its name, over a restart too', async () => {
    await bench.client.send(new PublishVersionCommand({ FunctionName }));
    bench.images.set(ImageUri, 'sha256:2222');
    await bench.client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri }));
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
    const kept = ['1111', ImageUri, 'team/packed@sha256:1111'];
    expect(await code('1')).toEqual(kept);
    const { images } = bench;
    bench = await bench.restart();
    for (const [name, id] of images) bench.images.set(name, id);
    expect(await code('1')).toEqual(kept);
  });
});
