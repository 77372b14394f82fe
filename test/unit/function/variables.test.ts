import { describe, expect, it } from '@jest/globals';
import type { FunctionVersion } from '../../../src/function/function-version.js';
import {
  RESERVED_VARIABLES,
  environmentProblems,
  environmentVariables,
  type VariablesContext,
} from '../../../src/function/variables.js';

const CONTEXT: VariablesContext = {
  runtimeApi: '0123.runtime:9001',
  logStreamName: '2026/11/23/[$LATEST]abc',
  initializationType: 'on-demand',
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: 'ST' },
};

function versionOf(runtime: string, environment: Record<string, string> = {}): FunctionVersion {
  return {
    name: 'orders',
    logicalId: 'Orders',
    runtime,
    handler: 'index.handler',
    codePath: '/code',
    layerPaths: [],
    memoryMb: 256,
    timeoutSeconds: 3,
    ephemeralStorageMb: 512,
    environment,
    architecture: 'x86_64',
    description: '',
    version: '$LATEST',
    functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:orders',
    key: 'key',
    codeSha256: '',
    codeSize: 0,
    modifiedAtMs: 0,
    taskDirectory: '/task',
    imageReference: 'image',
  };
}

/** Present in every environment recorded from AWS. */
const COMMON = {
  AWS_ACCESS_KEY_ID: 'AK',
  AWS_SECRET_ACCESS_KEY: 'SK',
  AWS_SESSION_TOKEN: 'ST',
  AWS_REGION: 'eu-west-1',
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_LAMBDA_FUNCTION_NAME: 'orders',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/orders',
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/23/[$LATEST]abc',
  AWS_LAMBDA_RUNTIME_API: '0123.runtime:9001',
  AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
  AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
  _AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1',
  _AWS_XRAY_DAEMON_PORT: '2000',
  LAMBDA_RUNTIME_DIR: '/var/runtime',
  LAMBDA_TASK_ROOT: '/var/task',
  LANG: 'en_US.UTF-8',
  LD_LIBRARY_PATH:
    '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
  PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
  TZ: ':UTC',
  _HANDLER: 'index.handler',
};

describe('environmentVariables', () => {
  it('gives Node.js exactly the recorded environment', () => {
    expect(environmentVariables(versionOf('nodejs24.x'), CONTEXT)).toEqual({
      ...COMMON,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      NODE_PATH:
        '/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task',
      PWD: '/var/task',
      SHLVL: '0',
    });
  });

  it('gives Python exactly the recorded environment', () => {
    expect(environmentVariables(versionOf('python3.14'), CONTEXT)).toEqual({
      ...COMMON,
      AWS_EXECUTION_ENV: 'AWS_Lambda_python3.14',
      PYTHONPATH: '/var/runtime',
      LC_CTYPE: 'C.UTF-8',
      PWD: '/var/task',
      SHLVL: '0',
    });
  });

  it('gives a custom runtime nothing of the managed ones', () => {
    expect(environmentVariables(versionOf('provided.al2023'), CONTEXT)).toEqual(COMMON);
  });

  it('adds the variables of the function', () => {
    const variables = environmentVariables(versionOf('nodejs22.x', { TABLE: 'orders' }), CONTEXT);
    expect(variables['TABLE']).toBe('orders');
  });

  it('lets a function replace what is not reserved', () => {
    const own = {
      TZ: 'Europe/Berlin',
      NODE_PATH: '/opt/mine',
      LANG: 'C',
      AWS_XRAY_CONTEXT_MISSING: 'IGNORE',
    };
    expect(environmentVariables(versionOf('nodejs22.x', own), CONTEXT)).toMatchObject(own);
  });

  it('never lets a function replace a reserved variable', () => {
    const own = Object.fromEntries(RESERVED_VARIABLES.map((name) => [name, 'mine']));
    const variables = environmentVariables(versionOf('nodejs22.x', own), CONTEXT);
    expect(variables).toEqual(environmentVariables(versionOf('nodejs22.x'), CONTEXT));
  });

  it('drops names AWS would have refused', () => {
    const variables = environmentVariables(
      versionOf('nodejs22.x', { _AWS_XRAY_DAEMON_PORT: '1', 'a-b': '' }),
      CONTEXT,
    );
    expect(variables['_AWS_XRAY_DAEMON_PORT']).toBe('2000');
    expect(variables).not.toHaveProperty('a-b');
  });

  it('leaves out credentials that are not given', () => {
    const { credentials: _credentials, ...without } = CONTEXT;
    const variables = environmentVariables(versionOf('nodejs22.x'), without);
    expect(Object.keys(variables).filter((name) => /KEY|TOKEN/.test(name))).toEqual([]);
  });

  it('passes the log marker through, out of the function’s reach', () => {
    const variables = environmentVariables(
      versionOf('python3.13', { _ORCHESTRATOR_LOG_MARKER: 'forged' }),
      { ...CONTEXT, logMarker: 'secret' },
    );
    expect(variables['_ORCHESTRATOR_LOG_MARKER']).toBe('secret');
  });

  it('points AWS clients at the orchestrator unless the function says otherwise', () => {
    const context = { ...CONTEXT, endpoints: { AWS_ENDPOINT_URL: 'http://172.18.0.1:3001' } };
    expect(environmentVariables(versionOf('nodejs22.x'), context)['AWS_ENDPOINT_URL']).toBe(
      'http://172.18.0.1:3001',
    );
    const own = versionOf('nodejs22.x', { AWS_ENDPOINT_URL: 'http://elsewhere' });
    expect(environmentVariables(own, context)['AWS_ENDPOINT_URL']).toBe('http://elsewhere');
  });

  it('leads addresses of queues to the orchestrator, as some clients go by nothing else', () => {
    const address = 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders';
    const context = { ...CONTEXT, queueEndpoint: 'http://172.18.0.1:4000' };
    const variables = environmentVariables(
      versionOf('nodejs22.x', {
        QUEUE_URL: address,
        CONFIG: JSON.stringify({ queues: [address, `${address}-dead`] }),
        PAGE: 'https://s3.eu-west-1.amazonaws.com/bucket',
      }),
      context,
    );
    const ours = 'http://172.18.0.1:4000/123456789012/orders';
    expect(variables).toMatchObject({
      QUEUE_URL: ours,
      CONFIG: JSON.stringify({ queues: [ours, `${ours}-dead`] }),
      PAGE: 'https://s3.eu-west-1.amazonaws.com/bucket',
    });
    const own = versionOf('nodejs22.x', { QUEUE_URL: address, AWS_ENDPOINT_URL_SQS: 'http://x' });
    expect(environmentVariables(own, context)['QUEUE_URL']).toBe(address);
  });
});

describe('the variables of a function that logs JSON', () => {
  it('are its format and level, and its group', () => {
    const logging = { format: 'JSON', group: '/shared' } as const;
    const variables = environmentVariables({ ...versionOf('python3.13'), logging }, CONTEXT);
    expect(variables).toMatchObject({
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_LAMBDA_LOG_LEVEL: 'INFO',
      AWS_LAMBDA_LOG_GROUP_NAME: '/shared',
    });
  });

  it('are not there for one that logs text', () => {
    const logging = { format: 'Text' } as const;
    const variables = environmentVariables({ ...versionOf('python3.13'), logging }, CONTEXT);
    expect(Object.keys(variables).filter((name) => /LOG_(FORMAT|LEVEL)/.test(name))).toEqual([]);
  });
});

describe('environmentProblems', () => {
  it('finds nothing wrong with ordinary variables', () => {
    expect(environmentProblems({ TABLE: 'orders', TZ: 'UTC' })).toEqual([]);
  });

  it('reports every reserved and every malformed name', () => {
    expect(environmentProblems({ AWS_REGION: 'x', A: 'one letter', 'a-b': '' })).toEqual([
      { kind: 'reserved', name: 'AWS_REGION' },
      { kind: 'name', name: 'A' },
      { kind: 'name', name: 'a-b' },
    ]);
  });

  it('measures the limit on the compact JSON text, in bytes', () => {
    const room = 4096 - Buffer.byteLength('{"KEY":""}');
    expect(environmentProblems({ KEY: 'x'.repeat(room) })).toEqual([]);
    expect(environmentProblems({ KEY: 'x'.repeat(room + 1) })).toEqual([
      { kind: 'size', bytes: 4097 },
    ]);
    expect(environmentProblems({ KEY: 'é'.repeat(room / 2 + 1) })).toEqual([
      { kind: 'size', bytes: 4098 },
    ]);
  });
});
