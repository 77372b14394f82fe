/** The Lambda API answers before the engine does; what needs the engine waits for it. */

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HeldEngine } from '../support/held-engine.js';
import { post } from '../support/project.js';
import { projectFolder, removeFolder, starting, type StartingUp } from '../support/running-up.js';

const LIMIT_MS = 120_000;
const HELLO = 'export const handler = async (event) => ({ hello: event.name });';
const INVOKE = '/2015-03-31/functions/hello/invocations';

let engine: HeldEngine;
let directory: string;
let started: StartingUp[];

beforeEach(async () => {
  engine = await HeldEngine.listen();
  directory = await projectFolder({ hello: { files: { 'index.mjs': HELLO } } });
  started = [];
});

afterEach(async () => {
  for (const { child, closed } of started) {
    child.kill('SIGKILL');
    await closed;
  }
  await engine.close();
  await removeFolder(directory);
});

/** Started on a free port, and listening there. */
async function listening(): Promise<{ up: StartingUp; endpoint: string }> {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const port = new URL(endpoint).port;
  const up = starting(['up', directory, '--port', port], {
    environment: { DOCKER_HOST: engine.host },
  });
  started.push(up);
  while (!(await answers(endpoint))) {
    if (up.child.exitCode !== null) throw new Error(`up ended: ${up.output()}`);
  }
  return { up, endpoint };
}

function list(endpoint: string): Promise<Response> {
  return fetch(`${endpoint}/2015-03-31/functions`, { headers: { connection: 'close' } });
}

/** What was sent before has arrived when this returns. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    return (await list(endpoint)).status === 200;
  } catch {
    // Let the process that is waited for have the processor.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('before the engine has answered', () => {
  it(
    'functions are listed, and an event that comes is answered once it has',
    async () => {
      const { up, endpoint } = await listening();
      expect(await (await list(endpoint)).json()).toMatchObject({
        Functions: [{ FunctionName: 'hello' }],
      });
      const answer = post(`${endpoint}${INVOKE}`, Buffer.from('{"name":"early"}'));
      expect(up.output()).not.toContain('Lambda API');
      engine.open();
      expect(await answer).toMatchObject({ status: 200, json: { hello: 'early' } });
      await up.says('Lambda API');
      up.child.kill('SIGINT');
      expect(await up.closed).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'an event that waits is told why the start failed, and nothing is left',
    async () => {
      const { up, endpoint } = await listening();
      const answer = post(`${endpoint}${INVOKE}`, Buffer.from('{}'));
      const elsewhere = post(`${endpoint}/`, Buffer.from('{}'), {
        'X-Amz-Target': 'AmazonSQS.ListQueues',
        Authorization:
          'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00',
      });
      expect(await answers(endpoint)).toBe(true);
      await engine.close();
      expect(await answer).toMatchObject({ status: 500, json: { Type: 'Service' } });
      expect((await elsewhere).status).toBe(500);
      expect(await up.closed).toBe(3);
      expect(up.output()).toContain('The container engine does not answer');
      expect(existsSync(join(directory, '.orchestrator', 'run.json'))).toBe(false);
    },
    LIMIT_MS,
  );

  it(
    'Ctrl-C answers whoever waits and ends',
    async () => {
      const { up, endpoint } = await listening();
      const answer = post(`${endpoint}${INVOKE}`, Buffer.from('{}'));
      expect(await answers(endpoint)).toBe(true);
      up.child.kill('SIGINT');
      await up.says('Giving up the start');
      engine.open();
      expect((await answer).status).toBe(503);
      expect(await up.closed).toBe(0);
      expect(up.output()).toContain('Nothing is left running');
    },
    LIMIT_MS,
  );

  it(
    'a second one on the same port is told who has it, and takes nothing from the first',
    async () => {
      const { up, endpoint } = await listening();
      const state = join(directory, 'other');
      const port = new URL(endpoint).port;
      const second = starting(['up', directory, '--port', port, '--state', state], {
        environment: { DOCKER_HOST: engine.host },
      });
      expect(await second.closed).toBe(3);
      expect(second.output()).toContain(`ort ${port} is in use by`);
      expect(second.output()).toContain(String(up.child.pid));
      const answer = post(`${endpoint}${INVOKE}`, Buffer.from('{"name":"still"}'));
      engine.open();
      expect((await answer).json).toEqual({ hello: 'still' });
      up.child.kill('SIGINT');
      expect(await up.closed).toBe(0);
    },
    LIMIT_MS,
  );
});
