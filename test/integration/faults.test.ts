import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { LABEL } from '../../src/engine/labels.js';
import { runOf } from '../support/own-run.js';
import { startProject, until, writeProject, type Project } from '../support/project.js';
import { finished, up } from '../support/running-up.js';

const LIMIT_MS = 60_000;
const docker = new Docker();

const PROBE = `
import http from 'node:http';
let count = 0;
export const handler = async (event) => {
  count += 1;
  if (event.forever) await new Promise(() => setInterval(() => undefined, 1000));
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  if (event.size) return 'x'.repeat(event.size);
  if (event.calls) return Promise.all(event.calls.map(([method, path, body, host]) => new Promise((resolve) => {
    const [name, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
    const request = http.request({ host: name, port, method, path: '/2018-06-01/runtime/' + path, headers: host ? { Host: host } : {} }, (response) => {
      let text = ''; response.on('data', (d) => text += d); response.on('end', () => resolve([response.statusCode, text]));
    });
    request.on('error', (error) => resolve([0, String(error)]));
    request.end(body ?? undefined);
  })));
  return { count };
};
`;

async function containersOf(label: string): Promise<number> {
  return (await docker.listContainers({ all: true, filters: { label: [label] } })).length;
}

describe('faults', () => {
  let project: Project;
  beforeAll(async () => {
    const files = { 'index.mjs': PROBE };
    project = await startProject(
      {
        probe: { files, timeout: 4 },
        ten: { files, timeout: 60, reservedConcurrency: 10 },
        long: { files, timeout: 60 },
      },
      { spares: 0, watch: false },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'a handler that never returns ends at its timeout and the next event is served',
    async () => {
      expect((await project.invoke('probe', { forever: true })).json).toMatchObject({
        errorType: 'Sandbox.Timedout',
      });
      expect((await project.invoke('probe')).json).toEqual({ count: 1 });
    },
    LIMIT_MS,
  );

  it(
    'a runtime killed from outside in the middle of an event is answered for',
    async () => {
      const answer = project.invoke('long', { sleepMs: 50_000 });
      await until(() => project.states('long').includes('invoking'));
      const [environment] = project.orchestrator
        .environments()
        .filter(({ functionName }) => functionName === 'long');
      await docker.getContainer(environment?.containerId ?? '').kill();
      expect((await answer).json).toMatchObject({ errorType: 'Runtime.ExitError' });
      expect((await project.invoke('long')).json).toEqual({ count: 1 });
    },
    LIMIT_MS,
  );

  it(
    'a container removed behind our back is answered for and replaced',
    async () => {
      await project.invoke('long');
      const [environment] = project.orchestrator
        .environments()
        .filter(({ functionName }) => functionName === 'long');
      await docker.getContainer(environment?.containerId ?? '').remove({ force: true });
      await until(
        () => !project.states('long').some((state) => state === 'frozen' || state === 'idle'),
      );
      expect((await project.invoke('long')).json).toEqual({ count: 1 });
    },
    LIMIT_MS,
  );

  it(
    'malformed and out-of-order Runtime API calls are refused in the contract’s words',
    async () => {
      const answer = await project.invoke('probe', {
        calls: [
          ['POST', 'init/error', '{}'],
          ['POST', 'invocation/nobody/response', '{}'],
          ['POST', 'invocation/nobody/error', '{}'],
          ['GET', 'nothing'],
          ['DELETE', 'invocation/next'],
          ['POST', 'invocation//response', 'x'],
        ],
      });
      const answers = answer.json as [number, string][];
      expect(answers.map(([status]) => status)).toEqual([403, 400, 400, 404, 405, 400]);
      expect(answers[0]?.[1]).toBe(
        '{"errorMessage":"State transition from Running to InitError failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}\n',
      );
      expect(answers[1]?.[1]).toBe(
        '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n',
      );
      expect((await project.invoke('probe')).status).toBe(200);
    },
    LIMIT_MS,
  );

  it(
    'payloads at the limit pass both ways, larger ones are refused',
    async () => {
      const limit = 6_291_556;
      const fits = Buffer.from(JSON.stringify({ pad: 'x'.repeat(limit - 10) }));
      expect(fits.length).toBe(limit);
      expect((await project.invoke('long', fits)).status).toBe(200);
      const over = Buffer.from(JSON.stringify({ pad: 'x'.repeat(limit - 9) }));
      const refused = await project.invoke('long', over);
      expect(refused.status).toBe(413);
      expect(refused.headers['x-amzn-errortype']).toBe('RequestTooLargeException');
      const largest = await project.invoke('long', { size: limit - 2 });
      expect(largest.body.length).toBe(limit);
      const tooLarge = await project.invoke('long', { size: limit - 1 });
      expect(tooLarge.status).toBe(200);
      expect(tooLarge.headers['x-amz-function-error']).toBe('Unhandled');
      expect(tooLarge.json).toEqual({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage:
          'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      });
      expect((await project.invoke('long')).status).toBe(200);
    },
    LIMIT_MS,
  );

  it(
    'a client that hangs up leaves its event to run and nothing behind',
    async () => {
      const { hostname, port } = new URL(project.endpoint);
      const socket = createConnection(Number(port), hostname);
      const body = '{"sleepMs":300}';
      socket.write(
        `POST /2015-03-31/functions/long/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await until(
        () => project.states('long').includes('invoking'),
        () => project.orchestrator.environments(),
      );
      const before = servedBy('long');
      socket.destroy();
      await until(
        () => project.states('long').every((state) => state === 'frozen'),
        () => project.orchestrator.environments(),
      );
      expect(servedBy('long')).toBe(before + 1);
      expect((await project.invoke('long')).status).toBe(200);
    },
    LIMIT_MS,
  );

  function servedBy(name: string): number {
    return project.orchestrator
      .environments()
      .filter(({ functionName }) => functionName === name)
      .reduce((sum, { invocations }) => sum + invocations, 0);
  }

  it(
    '1,000 events at once on a concurrency of 10 are served or throttled, none lost',
    async () => {
      const answers = await Promise.all(
        Array.from({ length: 1000 }, () => project.invoke('ten', { sleepMs: 20 })),
      );
      const served = answers.filter(({ status }) => status === 200);
      const throttled = answers.filter(({ status }) => status === 429);
      expect(served.length + throttled.length).toBe(1000);
      expect(served.length).toBeGreaterThanOrEqual(10);
      expect(throttled[0]?.json).toEqual({
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
        Type: 'User',
        message: 'Rate Exceeded.',
      });
      expect(throttled[0]?.headers['x-amzn-errortype']).toBe('TooManyRequestsException');
      expect(project.states('ten').length).toBeLessThanOrEqual(10);
    },
    LIMIT_MS,
  );
});

describe('a process that dies', () => {
  it(
    'kill -9 leaves nothing after seconds, and a new up works on the same state',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
      await writeProject(directory, { probe: { files: { 'index.mjs': PROBE } } });
      const first = await up(directory);
      expect((await first.invoke('probe')).status).toBe(200);
      const runId = await runOf(first.child.pid);
      const label = `${LABEL.run}=${runId}`;
      expect(await containersOf(label)).toBeGreaterThan(0);
      await first.end('SIGKILL');
      await until(async () => (await containersOf(label)) === 0);
      await until(
        async () => (await docker.listNetworks({ filters: { label: [label] } })).length === 0,
      );
      await until(async () => !(await readFile('/proc/mounts', 'utf8')).includes(runId));
      const second = await up(directory);
      expect((await second.invoke('probe')).status).toBe(200);
      await second.end('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
    LIMIT_MS,
  );

  it(
    'a second up on the same state says so, and a busy port names its owner',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
      await writeProject(directory, { probe: { files: { 'index.mjs': PROBE } } });
      const first = await up(directory);
      const second = await finished(['up', directory, '--port', '0']);
      expect(second.code).not.toBe(0);
      expect(second.stderr).toContain(String(first.child.pid));
      const taken = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => taken.once('listening', resolve));
      const { port } = taken.address() as AddressInfo;
      const third = await finished([
        'up',
        directory,
        '--port',
        String(port),
        '--state',
        join(directory, 'other'),
      ]);
      expect(third.code).not.toBe(0);
      expect(third.stderr).toContain(`ort ${port} is`);
      expect(third.stderr).toContain(String(process.pid));
      taken.close();
      await first.end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
    LIMIT_MS,
  );

  it(
    'no engine is an error with a remedy, not a stack trace',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
      await writeProject(directory, { probe: { files: { 'index.mjs': PROBE } } });
      const none = await finished(['up', directory, '--port', '0'], {
        environment: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
      });
      expect(none.code).not.toBe(0);
      expect(none.stderr).toContain('he container engine does not answer');
      expect(none.stderr).toContain('DOCKER_HOST');
      expect(none.stderr).not.toMatch(/\n\s+at /);
      await rm(directory, { recursive: true, force: true });
    },
    LIMIT_MS,
  );
});
