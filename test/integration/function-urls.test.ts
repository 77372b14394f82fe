import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import {
  AddPermissionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  type LambdaClient,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Gate, WAIT_AT_GATE } from '../support/gate.js';
import { startProject, type Project } from '../support/project.js';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

const LIMIT_MS = 60_000;
const run = promisify(execFile);

const STREAMS = `${WAIT_AT_GATE}
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const metadata = { statusCode: 201, headers: { 'content-type': 'text/plain' }, cookies: ['a=1'] };
  stream = awslambda.HttpResponseStream.from(stream, metadata);
  stream.write('one');
  const { gate, fail } = event.queryStringParameters ?? {};
  if (gate) await atGate(gate);
  if (fail) throw new Error(fail);
  stream.end('two');
});
`;

describe('function URLs on the real engine', () => {
  let project: Project;
  let client: LambdaClient;
  let gate: Gate;
  let port: number;
  const urls = new Map<string, string>();

  beforeAll(async () => {
    gate = new Gate();
    port = await gate.listen();
    project = await startProject({
      streams: { files: { 'index.mjs': STREAMS }, timeout: 30, memory: 256 },
      echo: { files: { 'app.py': 'def handler(event, context): return event' }, timeout: 30 },
      declared: {
        files: { 'index.mjs': STREAMS },
        timeout: 30,
        memory: 256,
        url: { mode: 'RESPONSE_STREAM' },
      },
    });
    client = lambdaClient(project.endpoint);
    for (const FunctionName of ['streams', 'echo']) {
      const { FunctionUrl = '' } = await client.send(
        new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }),
      );
      urls.set(FunctionName, FunctionUrl);
    }
    await client.send(
      new UpdateFunctionUrlConfigCommand({
        FunctionName: 'streams',
        InvokeMode: 'RESPONSE_STREAM',
      }),
    );
  }, LIMIT_MS);
  afterEach(() => gate.open());
  afterAll(async () => {
    client.destroy();
    gate.close();
    await project.stop();
  }, LIMIT_MS);

  const allow = (FunctionName: string) =>
    client.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 'url',
        Action: 'lambda:InvokeFunctionUrl',
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
      }),
    );

  /** Not every system's resolver knows that names below localhost are this machine. */
  function get(
    name: string,
    path: string,
    onChunk: (text: string) => void = () => undefined,
  ): Promise<{ status: number; headers: object; body: string; broken: boolean }> {
    const { host, port: at } = new URL(urls.get(name) ?? '');
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: at, path, headers: { host }, agent: false };
      const outgoing = request(options, (response) => {
        let body = '';
        const end = (): void => {
          const { statusCode: status = 0, headers, complete } = response;
          resolve({ status, headers, body, broken: !complete });
        };
        response.on('data', (piece: Buffer) => {
          body += piece.toString();
          onChunk(body);
        });
        response.on('error', end);
        response.on('end', end);
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  it(
    'are closed until their policy opens them, and then give the function the request',
    async () => {
      expect((await get('echo', '/')).status).toBe(403);
      await allow('echo');
      const { status, body } = await get('echo', '/a/b?x=1');
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({
        version: '2.0',
        rawPath: '/a/b',
        queryStringParameters: { x: '1' },
        requestContext: { http: { method: 'GET' } },
      });
    },
    LIMIT_MS,
  );

  it(
    'can be asked as they are told, by a client that knows names below localhost',
    async () => {
      await allow('streams');
      const { stdout } = await run('curl', ['-si', urls.get('streams') ?? '']);
      expect(stdout).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
      expect(stdout).toMatch(/^set-cookie: a=1\r$/im);
      expect(stdout).toMatch(/^content-type: text\/plain\r$/im);
      expect(stdout).toMatch(/\r\n\r\nonetwo$/);
    },
    LIMIT_MS,
  );

  it(
    'may be declared where their function is, and are open then',
    async () => {
      const { FunctionUrl = '', InvokeMode } = await client.send(
        new GetFunctionUrlConfigCommand({ FunctionName: 'declared' }),
      );
      expect(InvokeMode).toBe('RESPONSE_STREAM');
      expect(project.messages).toContain(`declared answers at ${FunctionUrl}`);
      urls.set('declared', FunctionUrl);
      expect(await get('declared', '/')).toMatchObject({ status: 201, body: 'onetwo' });
      await expect(
        client.send(new DeleteFunctionUrlConfigCommand({ FunctionName: 'declared' })),
      ).rejects.toMatchObject({ name: 'ResourceConflictException' });
    },
    LIMIT_MS,
  );

  it(
    'stream: the client has the first chunk before the function has made the last',
    async () => {
      const got = await get('streams', `/?gate=${port}`, (text) => {
        if (text === 'one') void gate.arrival().then(() => gate.open());
      });
      expect(got).toMatchObject({ status: 201, body: 'onetwo', broken: false });
    },
    LIMIT_MS,
  );

  it(
    'break off when the function fails in the middle of its stream',
    async () => {
      const got = await get('streams', `/?fail=no&gate=${port}`, () => {
        void gate.arrival().then(() => gate.open());
      });
      expect(got).toMatchObject({ status: 201, body: 'one', broken: true });
      expect(await get('streams', '/')).toMatchObject({ status: 201, body: 'onetwo' });
    },
    LIMIT_MS,
  );

  it(
    'collect a stream where they are buffered',
    async () => {
      const change = (InvokeMode: 'BUFFERED' | 'RESPONSE_STREAM') =>
        client.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'streams', InvokeMode }));
      await change('BUFFERED');
      const { status, body, headers } = await get('streams', '/');
      expect([status, body]).toEqual([201, 'onetwo']);
      expect(headers).toMatchObject({ 'set-cookie': ['a=1'] });
      expect(await get('streams', '/?fail=no')).toMatchObject({
        status: 502,
        body: 'Internal Server Error',
      });
    },
    LIMIT_MS,
  );
});
