/**
 * Our Node.js bootstrap beside Amazon's own client, in the same images, against the same scripted
 * Runtime API: what they post, what they write and how they end. What may differ stands in one table;
 * anything else fails.
 */

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { Builder } from '../../src/builder/builder.js';
import { RUNTIMES } from '../../src/function/runtimes.js';
import { packageRoot } from '../../src/package-root.js';
import { amazonClient, type ReleaseOfAmazonClient } from '../support/amazon-client.js';
import {
  classOf,
  explain,
  levelled,
  observe,
  writeCase,
  type Client,
} from '../support/differential.js';
import { ProcessDriver } from '../support/process-driver.js';
import type { NodeCase } from './bootstrap-cases/cases.js';
import { NODE_DIFFERENCES } from './bootstrap-cases/differences.js';
import { ERRORS } from './bootstrap-cases/errors.js';
import { HANDLERS } from './bootstrap-cases/handlers.js';
import { LOGS } from './bootstrap-cases/logs.js';
import { RESULTS } from './bootstrap-cases/results.js';
import { STREAMS } from './bootstrap-cases/streams.js';
import { STYLES } from './bootstrap-cases/styles.js';

const CASES: readonly NodeCase[] = [
  ...HANDLERS,
  ...STYLES,
  ...ERRORS,
  ...RESULTS,
  ...LOGS,
  ...STREAMS,
];

interface Target {
  readonly runtime: string;
  readonly flags: string;
  readonly release: ReleaseOfAmazonClient;
  /** Amazon's client polls by Node.js's own HTTP rather than by its native part. */
  readonly withoutNative?: boolean;
}

const TARGETS: readonly Target[] = [
  { runtime: 'nodejs20.x', flags: '--no-experimental-require-module', release: '3.3.0' },
  {
    runtime: 'nodejs22.x',
    flags: '--no-experimental-require-module --no-experimental-detect-module',
    release: '3.3.0',
  },
  { runtime: 'nodejs24.x', flags: '', release: '4.0.2' },
  { runtime: 'nodejs24.x', flags: '', release: '4.0.2', withoutNative: true },
];

/** A client is compiled and images are built where there are none yet. */
const MAKING_MS = 1_800_000;
const CASE_MS = 120_000;

const docker = new Docker();
const compared = { cases: 0, differences: 0, needed: new Set<string>() };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-differential-'));
  await chmod(folder, 0o755);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  process.stderr.write(
    `Node.js bootstrap beside Amazon's client: ${compared.cases} cases compared, ` +
      `${compared.differences} with allowed differences of ${compared.needed.size} kinds\n`,
  );
});

describe.each(
  TARGETS.map((target) => ({ ...target, how: target.withoutNative ? ' in JavaScript' : '' })),
)('$runtime beside aws-lambda-ric $release$how', ({ runtime, flags, release, withoutNative }) => {
  let ours: Client;
  let theirs: Client;

  beforeAll(async () => {
    const image = await new Builder(docker).ensureImage(runtime);
    const folders = {
      '/cases': folder,
      '/fixtures': join(packageRoot(), 'test/fixtures/amazon-client'),
      '/amazon': await amazonClient(docker, release),
    };
    const start = () =>
      ProcessDriver.start(docker, image, ['/var/lang/bin/node', '/fixtures/driver.mjs'], folders);
    const entry = release === '3.3.0' ? '/fixtures/start-3.mjs' : '/amazon/index.mjs';
    const environment = environmentOf(runtime);
    ours = { driver: await start(), command: ['/var/runtime/bootstrap'], environment };
    theirs = {
      driver: await start(),
      command: [
        'sh',
        '-c',
        `exec 2>&1; exec /var/lang/bin/node --max-http-header-size=81920 ${flags} ${entry}`,
      ],
      environment: withoutNative
        ? { ...environment, AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1: 'true' }
        : environment,
    };
  }, MAKING_MS);

  afterAll(async () => {
    await Promise.all([ours, theirs].map(({ driver }) => driver.remove()));
  });

  // How it polls shows in events and contexts only.
  const cases = (withoutNative ? RESULTS : CASES).flatMap((spec, index) => {
    const { expects } = spec;
    const here = typeof expects === 'string' ? expects : expects[release === '3.3.0' ? 0 : 1];
    return here === undefined ? [] : [[spec.name, spec, here, index] as const];
  });

  it.each(cases)(
    '%s',
    async (name, spec, expects, index) => {
      const wanted = { ...spec, expects };
      const place = `${runtime}-${withoutNative ? 'js-' : ''}${index}`;
      const inside = `/cases/${place}`;
      await writeCase(join(folder, place), inside, wanted);
      const [mine, amazons] = await Promise.all([
        observe(ours, inside, wanted),
        observe(theirs, inside, wanted),
      ]);
      compared.cases += 1;
      expect(classOf(amazons)).toBe(expects);
      const needed = explain(name, mine, amazons, NODE_DIFFERENCES);
      if (needed === undefined) {
        const rules = NODE_DIFFERENCES.filter(({ cases }) => cases?.test(name) ?? true);
        expect(levelled(mine, rules)).toEqual(levelled(amazons, rules));
      }
      if (needed?.length !== 0) compared.differences += 1;
      for (const rule of needed ?? []) compared.needed.add(rule);
    },
    CASE_MS,
  );
});

it('shows each allowed difference in some case', () => {
  expect([...compared.needed].sort()).toEqual(NODE_DIFFERENCES.map(({ name }) => name).sort());
});

function environmentOf(runtime: string): Record<string, string> {
  const own = RUNTIMES.get(runtime)?.environment ?? {};
  return {
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...own,
    NODE_PATH: '$ROOT/../opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:$ROOT',
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
    AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
  };
}
