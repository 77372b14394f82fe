/** What a function's configuration and layers change about how its runtime starts (contract 3.1, 3.5). */

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PublishVersionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;
const START_MS = 300_000;

/** The first layer; what the second has in the same place counts. */
const LOWER = {
  wrap: '#!/bin/sh\nexport WRAPPED_ARGUMENTS="$#"\nexport WRAPPED_PROGRAM="${1##*/}"\nexec "$@"\n',
  'bin/tool': '#!/bin/sh\necho "tool of the lower layer"\n',
  'pre.cjs': 'globalThis.preloaded = "before everything";\n',
  'own/extra.py': 'WHERE = "extra path"\n',
  'nodejs/node_modules/shared/index.js': 'module.exports = "for all versions";\n',
  'nodejs/node22/node_modules/shared/index.js': 'module.exports = "for 22";\n',
  'nodejs/node_modules/plain/index.js': 'module.exports = "plain";\n',
  'python/shared.py': 'WHERE = "python"\n',
  'python/plain.py': 'WHERE = "plain"\n',
  'python/app.py': 'raise RuntimeError("the function has one")\n',
  'python/lib/python3.13/site-packages/shared.py': 'WHERE = "site-packages"\n',
};
const UPPER = { 'bin/tool': '#!/bin/sh\necho "tool of the upper layer"\n' };

const NODE = `
const { execFileSync } = require('node:child_process');
exports.handler = async () => ({
  wrapped: [process.env.WRAPPED_ARGUMENTS, process.env.WRAPPED_PROGRAM],
  preloaded: globalThis.preloaded,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  hour: new Date(0).getHours(),
  shared: require('shared'),
  plain: require('plain'),
  tool: execFileSync('tool').toString().trim(),
  libraries: process.env.LD_LIBRARY_PATH.split(':').includes('/opt/lib'),
});
`;

const MODULE = `
import plain from 'plain';
import shared from 'shared';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
export const handler = async () => {
  const client = new S3Client();
  return { plain, shared, region: await client.config.region(), both: typeof DynamoDBDocumentClient };
};
`;

const SDK = `
import boto3
client = boto3.client("dynamodb")
def handler(event, context):
    return client.meta.region_name
`;

const PYTHON = `
import os, subprocess, sys, time, warnings
import extra, plain, shared

def handler(event, context):
    try:
        warnings.warn("careful")
        warned = "went on"
    except UserWarning as warning:
        warned = str(warning)
    return {
        "wrapped": os.environ.get("WRAPPED_PROGRAM"),
        "shared": shared.WHERE,
        "plain": plain.WHERE,
        "extra": extra.WHERE,
        "warned": warned,
        "hour": time.localtime(0).tm_hour,
        "tool": subprocess.check_output("tool").decode().strip(),
        "order": [sys.path.index(path) for path in
            ("/var/task", "/opt/python/lib/python3.13/site-packages", "/opt/python", "/var/runtime")],
    }
`;

const HOOKS = `
from snapshot_restore_py import register_before_snapshot, register_after_restore

order = ["init"]

@register_before_snapshot
def before():
    print("hook before the snapshot")
    order.append("before")

@register_after_restore
def after():
    print("hook after the restore")
    order.append("after")

def handler(event, context):
    return order
`;

const FAILING_HOOK = `
import snapshot_restore_py

@snapshot_restore_py.register_after_restore
def after():
    raise ValueError("no connection")

def handler(event, context):
    return "never"
`;
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

let layers: string;
let project: Project;

async function writeLayer(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    const path = join(layers, name, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    if (text.startsWith('#!')) await chmod(path, 0o755);
  }
  return join(layers, name);
}

beforeAll(async () => {
  layers = await mkdtemp(join(tmpdir(), 'orchestrator-layers-'));
  const both = [await writeLayer('lower', LOWER), await writeLayer('upper', UPPER)];
  const missing = { AWS_LAMBDA_EXEC_WRAPPER: '/opt/not-there' };
  project = await startProject({
    node: {
      files: { 'index.js': NODE },
      layers: both,
      timeout: 10,
      environment: {
        AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap',
        NODE_OPTIONS: '--require /opt/pre.cjs',
        TZ: 'Asia/Tokyo',
      },
    },
    python: {
      files: { 'app.py': PYTHON },
      layers: both,
      timeout: 10,
      environment: {
        AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap',
        PYTHONPATH: '/opt/own',
        PYTHONWARNINGS: 'error',
        TZ: 'Asia/Tokyo',
      },
    },
    modules: { files: { 'index.mjs': MODULE }, layers: both, timeout: 10, memory: 512 },
    modules20: {
      files: { 'index.mjs': MODULE },
      layers: both,
      timeout: 10,
      memory: 512,
      runtime: 'nodejs20.x',
    },
    sdk: { files: { 'app.py': SDK }, timeout: 10, memory: 512 },
    lostNode: { files: { 'index.js': NODE }, environment: missing, timeout: 10 },
    lostPython: { files: { 'app.py': PYTHON }, environment: missing, timeout: 10 },
    hooked: { files: { 'app.py': HOOKS }, snapStart: 'PublishedVersions', timeout: 10 },
    broken: { files: { 'app.py': FAILING_HOOK }, snapStart: 'PublishedVersions', timeout: 10 },
  });
}, START_MS);

afterAll(async () => {
  await project.stop();
  await rm(layers, { recursive: true, force: true });
}, LIMIT_MS);

describe('a function with a wrapper, options of its interpreter and layers', () => {
  it(
    'starts as they say in Node.js',
    async () => {
      expect((await project.invoke('node')).json).toEqual({
        wrapped: ['5', 'node'],
        preloaded: 'before everything',
        zone: 'Asia/Tokyo',
        hour: 9,
        shared: 'for 22',
        plain: 'plain',
        tool: 'tool of the upper layer',
        libraries: true,
      });
    },
    LIMIT_MS,
  );

  it(
    'starts as they say in Python',
    async () => {
      expect((await project.invoke('python')).json).toEqual({
        wrapped: 'python3',
        shared: 'site-packages',
        plain: 'plain',
        extra: 'extra path',
        warned: 'careful',
        hour: 9,
        tool: 'tool of the upper layer',
        order: [0, 1, 2, 3],
      });
    },
    LIMIT_MS,
  );

  it.each([
    ['modules', 'for 22'],
    ['modules20', 'for all versions'],
  ])(
    'imports packages of its layers and the AWS SDK of its runtime into ES modules: %s',
    async (name, shared) => {
      expect((await project.invoke(name)).json).toEqual({
        plain: 'plain',
        shared,
        region: 'us-east-1',
        both: 'function',
      });
    },
    LIMIT_MS,
  );

  it(
    'finds the AWS SDK of its runtime in Python',
    async () => {
      expect((await project.invoke('sdk')).json).toBe('us-east-1');
    },
    LIMIT_MS,
  );

  it.each(['lostNode', 'lostPython'])(
    'fails with exit status 127 when its wrapper is missing: %s',
    async (name) => {
      const { headers, json } = await project.invoke(name);
      expect(headers['x-amz-function-error']).toBe('Unhandled');
      expect(json).toEqual({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(
          /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 127$/,
        ),
      });
    },
    LIMIT_MS,
  );
});

describe('a Python function with SnapStart', () => {
  async function publish(name: string): Promise<string> {
    const client = lambdaClient(project.endpoint);
    const { Version = '' } = await client.send(new PublishVersionCommand({ FunctionName: name }));
    client.destroy();
    return Version;
  }

  it(
    'runs its hooks around the snapshot of a published version, and none of $LATEST',
    async () => {
      expect((await project.invoke('hooked')).json).toEqual(['init']);
      const version = await publish('hooked');
      const { json, tail } = await project.invoke(`hooked:${version}`, {}, { tail: true });
      expect(json).toEqual(['init', 'before', 'after']);
      expect(tail).toMatch(/REPORT .*\tRestore Duration: \d+\.\d\d ms\t/);
      // What hooks print belongs to no invocation.
      expect(tail).not.toContain('hook');
    },
    LIMIT_MS,
  );

  it(
    'is refused when a hook after the restore fails',
    async () => {
      const version = await publish('broken');
      const { status, json } = await project.invoke(`broken:${version}`);
      expect(status).toBe(400);
      expect(json).toMatchObject({ Type: 'User' });
    },
    LIMIT_MS,
  );
});
