/** Our Python bootstrap in the image of each version that can be made here: one table for all. */

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { Builder } from '../../src/builder/builder.js';
import { RUNTIMES } from '../../src/function/runtimes.js';
import { packageRoot } from '../../src/package-root.js';
import { classOf, observe, writeCase, type Client } from '../support/differential.js';
import { ProcessDriver } from '../support/process-driver.js';
import { PYTHON } from './bootstrap-cases/python.js';

const MAKING_MS = 1_800_000;
const CASE_MS = 120_000;

const docker = new Docker();
const runtimes = [...RUNTIMES.values()].filter(
  ({ family, debian }) => family === 'python' && debian !== undefined,
);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-python-'));
  await chmod(folder, 0o755);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(runtimes)('the bootstrap of $id', ({ id, version, interpreter, environment }) => {
  let client: Client;

  beforeAll(async () => {
    const image = await new Builder(docker).ensureImage(id);
    const driver = await ProcessDriver.start(docker, image, [interpreter, '/fixtures/driver.py'], {
      '/cases': folder,
      '/fixtures': join(packageRoot(), 'test/fixtures/amazon-client'),
    });
    client = {
      driver,
      command: ['/var/runtime/bootstrap'],
      environment: {
        PATH: '/var/lang/bin:/usr/local/bin:/usr/bin:/bin',
        LANG: 'en_US.UTF-8',
        TZ: ':UTC',
        ...environment,
        AWS_LAMBDA_FUNCTION_NAME: 'f',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
        AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      },
    };
  }, MAKING_MS);

  afterAll(() => client.driver.remove());

  it.each(PYTHON.map((spec, index) => [spec.name, spec, index] as const))(
    '%s',
    async (_name, spec, index) => {
      const inside = `/cases/${id}-${index}`;
      await writeCase(join(folder, `${id}-${index}`), inside, spec);
      const seen = await observe(client, inside, spec);
      expect(classOf(seen)).toBe(spec.expects);
      const { body, output } = spec;
      const wanted = typeof body === 'function' ? body(Number(version.split('.')[1])) : body;
      const post = seen.posts.at(-1) ?? '';
      const posted = Buffer.from(post.slice(post.indexOf('\n\n') + 2), 'latin1').toString();
      if (typeof wanted === 'string') {
        expect(posted).toBe(wanted.replaceAll('$ROOT', `${inside}/task`));
      } else if (wanted !== undefined) expect(posted).toMatch(wanted);
      if (output !== undefined) expect(seen.output).toMatch(output);
      const cause = /^lambda-runtime-function-xray-error-cause: (.*)$/m.exec(post)?.[1];
      if (spec.expects.endsWith('error')) {
        expect(JSON.parse(cause ?? '')).toMatchObject({
          working_directory: `${inside}/task`,
          exceptions: [{ type: expect.any(String), stack: expect.any(Array) }],
        });
      } else expect(cause).toBeUndefined();
    },
    CASE_MS,
  );
});
