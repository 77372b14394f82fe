import { describe, expect, it } from '@jest/globals';
import { containerSpecBuilder } from '../../../src/environment/container-spec.js';
import { imageLaunchLine, launchProblemOf } from '../../../src/environment/launch-problem.js';
import type { FunctionVersion } from '../../../src/function/function-version.js';

const SETTINGS = {
  runId: 'run',
  region: 'us-east-1',
  credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
  endpoints: { AWS_ENDPOINT_URL: 'http://172.18.0.1:4000' },
  labels: {},
  functionLabel: 'function',
  supervisorPath: '/state/supervisor',
};
const build = containerSpecBuilder(SETTINGS);

const ZIP: FunctionVersion = {
  name: 'orders',
  logicalId: 'Orders',
  runtime: 'nodejs22.x',
  handler: 'index.handler',
  codePath: '/code',
  layerPaths: [],
  memoryMb: 256,
  timeoutSeconds: 3,
  ephemeralStorageMb: 512,
  environment: { MINE: 'yes' },
  architecture: 'x86_64',
  description: '',
  version: '$LATEST',
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:orders',
  key: 'key',
  codeSha256: '',
  codeSize: 0,
  modifiedAtMs: 0,
  taskDirectory: '/state/code/1',
  imageReference: 'orchestrator/nodejs22.x:1',
};

const IMAGE: FunctionVersion = {
  ...ZIP,
  runtime: '',
  handler: '',
  codePath: '',
  taskDirectory: '',
  imageReference: 'sha256:1',
  image: { uri: 'orders:1' },
  resolvedImage: {
    uri: 'orders:1',
    resolvedUri: 'orders@sha256:1',
    entryPoint: ['/run', '--fast'],
    command: ['app.handler', 'two'],
    workingDirectory: '/work',
  },
};

const IDENTITY = {
  environmentId: 'e',
  runtimeApi: 'id.runtime:1',
  hosts: {},
  logMarker: undefined,
  logStreamName: 'stream',
  initializationType: 'on-demand',
} as const;

describe('the container of a function', () => {
  it('of code starts what the runtime’s image starts, where the code is mounted', () => {
    const spec = build(ZIP, IDENTITY);
    expect(spec.command).toBeUndefined();
    expect(spec.workingDirectory).toBe('/var/task');
    expect(spec.mounts.map(({ target }) => target)).toEqual(['/var/task']);
    expect(spec.logPipeTarget).toBe('/run/log-pipe');
  });

  it('finds the socket of the Runtime API where there is one', () => {
    const reached = containerSpecBuilder({ ...SETTINGS, runtimeSocket: '/host/runtime-api' });
    const mount = { source: '/host/runtime-api', target: '/run/runtime-api', readOnly: true };
    const name = '_ORCHESTRATOR_RUNTIME_SOCKET';
    const ours = reached(ZIP, { ...IDENTITY, logMarker: 'token' });
    expect(ours.mounts).toContainEqual(mount);
    expect(ours.environment).toHaveProperty(name, mount.target);
    // What is made ahead must not depend on whose it will be.
    const others = reached(ZIP, IDENTITY);
    expect(others.mounts).toContainEqual(mount);
    expect(others.environment).not.toHaveProperty(name);
  });

  it('of Node.js trusts the certificate there is, others do not know of it', () => {
    const secured = containerSpecBuilder({ ...SETTINGS, authorityPath: '/state/authority.pem' });
    const { mounts, environment } = secured(ZIP, IDENTITY);
    expect(mounts.at(-1)).toEqual({
      source: '/state/authority.pem',
      target: '/var/rapid/authority.pem',
      readOnly: true,
    });
    expect(environment['NODE_EXTRA_CA_CERTS']).toBe('/var/rapid/authority.pem');
    for (const version of [IMAGE, { ...ZIP, runtime: 'python3.13' }]) {
      const other = secured(version, IDENTITY);
      expect(other.mounts.map(({ target }) => target)).not.toContain('/var/rapid/authority.pem');
      expect(other.environment).not.toHaveProperty('NODE_EXTRA_CA_CERTS');
    }
  });

  it('packaged as an image starts what that says, with nothing mounted, as the same user', () => {
    const spec = build(IMAGE, IDENTITY);
    expect(spec.command).toEqual(['/run', '--fast', 'app.handler', 'two']);
    expect(spec.workingDirectory).toBe('/work');
    expect(spec.mounts).toEqual([]);
    expect(spec.logPipeTarget).toBeUndefined();
    expect(spec.user).toBe('993:990');
    expect(spec.memoryBytes).toBe(256 * 2 ** 20);
    expect(spec.openFilesLimit).toBe(1024);
  });

  it('packaged as an image starts its program under the supervisor when it has extensions', () => {
    const spec = build({ ...IMAGE, extensions: ['one'] }, { ...IDENTITY, supervisorToken: 't' });
    expect(spec.command).toEqual([
      '/bin/sh',
      '/var/rapid/supervisor',
      't',
      '1',
      'one',
      '/run',
      '--fast',
      'app.handler',
      'two',
    ]);
    expect(spec.workingDirectory).toBe('/work');
    expect(spec.mounts).toEqual([
      { source: '/state/supervisor', target: '/var/rapid/supervisor', readOnly: true },
    ]);
  });

  it('packaged as an image keeps the variables of the image', () => {
    const { environment } = build(IMAGE, IDENTITY);
    for (const own of ['PATH', 'LD_LIBRARY_PATH', 'LANG', 'TZ', '_HANDLER', 'AWS_EXECUTION_ENV']) {
      expect(environment).not.toHaveProperty(own);
    }
    expect(environment).toMatchObject({
      MINE: 'yes',
      AWS_LAMBDA_RUNTIME_API: 'id.runtime:1',
      LAMBDA_TASK_ROOT: '/var/task',
    });
  });
});

describe('an image whose program is refused', () => {
  const exit = { exitCode: 127, outOfMemory: false };

  it('has one line in the log, and an error that names the program', () => {
    const problem = launchProblemOf(IMAGE, { ...exit, launchError: 'Permission denied' });
    expect(problem).toEqual({
      errorType: 'Runtime.InvalidEntrypoint',
      reason: 'fork/exec /run: permission denied',
    });
    if (problem === undefined) throw new Error('there is none');
    expect(imageLaunchLine(IMAGE, problem)).toEqual([
      'IMAGE\tLaunch error: fork/exec /run: permission denied\tEntrypoint: /run\tCmd: [--fast,app.handler,two]\tWorkingDir: [/work]',
    ]);
    expect(imageLaunchLine(ZIP, problem)).toEqual([]);
  });

  it('is told from one that ran and ended', () => {
    expect(launchProblemOf(IMAGE, exit)).toBeUndefined();
  });

  it('has another line for a configuration that makes no sense', () => {
    expect(
      imageLaunchLine(IMAGE, { errorType: 'Runtime.InvalidTaskConfig', reason: 'it is odd' }),
    ).toEqual(['IMAGE\tInvalid task config: it is odd']);
  });
});
