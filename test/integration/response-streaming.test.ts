import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import {
  InvokeWithResponseStreamCommand,
  type LambdaClient,
  type InvokeWithResponseStreamResponseEvent,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { codeFolder } from '../support/custom-runtime.js';
import { Gate, WAIT_AT_GATE } from '../support/gate.js';
import { startProject, type Project } from '../support/project.js';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

const LIMIT_MS = 60_000;
/** The base of a runtime may have to be made first. */
const BUILD_TIMEOUT_MS = 300_000;

const STREAMS = `${WAIT_AT_GATE}
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.http) stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  else stream.setContentType('text/plain');
  if (event.failFirst) throw new TypeError(event.failFirst);
  if (event.log) console.log(event.log);
  stream.write('one');
  if (event.gate) await atGate(event.gate);
  if (event.fail) throw new RangeError(event.fail);
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.hang) await new Promise(() => setInterval(() => undefined, 1000));
  for (let left = event.megabytes ?? 0; left > 0; left -= 1) {
    if (!stream.write(Buffer.alloc(2 ** 20, 46))) await new Promise((go) => stream.once('drain', go));
  }
  stream.end('two');
  await new Promise((done) => stream.once('finish', done));
  if (event.after) await atGate(event.after);
});
`;

/** Streams two chunks without any library, and an error behind them when the event says so. */
const BASH_STREAMS = `#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
headers="$(mktemp)"
while true; do
  event="$(curl -sS -D "$headers" "http://$api/2018-06-01/runtime/invocation/next")"
  id="$(sed -n 's/^lambda-runtime-aws-request-id: *\\([^[:space:]]*\\).*/\\1/pI' "$headers")"
  exec 3<>"/dev/tcp/\${api%:*}/\${api##*:}"
  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\nContent-Type: text/x-bash\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\nTrailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n\\r\\n3\\r\\none\\r\\n' "$id" "$api" >&3
  gate="$(sed -n 's/.*"gate":\\([0-9]*\\).*/\\1/p' <<< "$event")"
  [ -n "$gate" ] && curl -sS "http://\${api%:*}:$gate"
  printf '3\\r\\ntwo\\r\\n0\\r\\n' >&3
  if [[ "$event" == *fail* ]]; then
    printf 'Lambda-Runtime-Function-Error-Type: Function.Bash\\r\\nLambda-Runtime-Function-Error-Body: %s\\r\\n' "$(printf '{"errorType":"Function.Bash","errorMessage":"no"}' | base64 -w 0)" >&3
  fi
  printf '\\r\\n' >&3
  cat <&3 >/dev/null
  exec 3>&-
done
`;

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

interface Whole {
  readonly text: string;
  readonly complete: Readonly<Record<string, string>> | undefined;
}

describe('response streaming on the real engine', () => {
  let project: Project;
  let client: LambdaClient;
  let gate: Gate;
  let port: number;
  let bash: string;

  beforeAll(async () => {
    gate = new Gate();
    port = await gate.listen();
    bash = await codeFolder({ bootstrap: BASH_STREAMS });
    const files = { 'index.mjs': STREAMS };
    project = await startProject(
      {
        streams: { files, timeout: 30, memory: 256 },
        streams24: { files, timeout: 30, memory: 256, runtime: 'nodejs24.x' },
        short: { files, timeout: 4, memory: 256 },
        python: { files: { 'app.py': 'def handler(event, context): return event' }, timeout: 30 },
        bash: { files: {}, runtime: 'provided.al2023', code: bash, timeout: 30 },
      },
      { spares: 0 },
    );
    client = lambdaClient(project.endpoint);
  }, BUILD_TIMEOUT_MS);
  afterEach(() => gate.open());
  afterAll(async () => {
    client.destroy();
    gate.close();
    await project.stop();
    await rm(bash, { recursive: true, force: true });
  }, LIMIT_MS);

  async function open(name: string, event: object, tail = false) {
    const answer = await client.send(
      new InvokeWithResponseStreamCommand({
        FunctionName: name,
        Payload: Buffer.from(JSON.stringify(event)),
        ...(tail ? { LogType: 'Tail' } : {}),
      }),
    );
    if (answer.EventStream === undefined) throw new Error('no event stream');
    return answer.EventStream[Symbol.asyncIterator]();
  }

  async function rest(
    events: AsyncIterator<InvokeWithResponseStreamResponseEvent>,
  ): Promise<Whole> {
    const pieces: Uint8Array[] = [];
    let complete: Whole['complete'];
    for (let next = await events.next(); next.done !== true; next = await events.next()) {
      const { PayloadChunk, InvokeComplete } = next.value;
      if (PayloadChunk?.Payload !== undefined) pieces.push(PayloadChunk.Payload);
      if (InvokeComplete !== undefined) complete = { ...InvokeComplete } as Record<string, string>;
    }
    return { text: Buffer.concat(pieces).toString(), complete };
  }

  const whole = async (name: string, event: object, tail = false): Promise<Whole> =>
    rest(await open(name, event, tail));

  const test = (what: string, run: () => Promise<void>): void => it(what, run, LIMIT_MS);

  it.each(['streams', 'streams24', 'bash'])(
    'gives the client of %s its first chunk while the function waits for that to have come',
    async (name) => {
      const events = await open(name, { gate: port });
      const { value } = (await events.next()) as { value: InvokeWithResponseStreamResponseEvent };
      expect(Buffer.from(value.PayloadChunk?.Payload ?? []).toString()).toBe('one');
      await gate.arrival();
      gate.open();
      expect(await rest(events)).toEqual({ text: 'two', complete: {} });
    },
    LIMIT_MS,
  );

  it.each([
    ['streams', 'RangeError', 'half way'],
    ['streams24', 'RangeError', 'half way'],
    ['bash', 'Function.Bash', 'no'],
  ])(
    'ends the stream of %s with its error, and serves on',
    async (name, errorType, errorMessage) => {
      const { text, complete } = await whole(name, { fail: 'half way' }, true);
      expect(text).toMatch(/^one/);
      expect(complete?.['ErrorCode']).toBe('Unhandled');
      expect(JSON.parse(complete?.['ErrorDetails'] ?? '')).toMatchObject({
        errorType,
        errorMessage,
      });
      const log = Buffer.from(complete?.['LogResult'] ?? '', 'base64').toString();
      expect(log).toContain(`Status: error\tError Type: ${errorType}`);
      expect(await whole(name, {})).toEqual({ text: 'onetwo', complete: {} });
    },
    LIMIT_MS,
  );

  test('tells an error before the first chunk', async () => {
    const { text, complete } = await whole('streams', { failFirst: 'at once' });
    expect(text).toBe('');
    expect(complete?.['ErrorCode']).toBe('Unhandled');
    expect(JSON.parse(complete?.['ErrorDetails'] ?? '')).toMatchObject({ errorMessage: 'at once' });
  });

  test('ends the stream when the time is over; the next event meets new processes', async () => {
    const { text, complete } = await whole('short', { hang: true });
    expect(text).toBe('one');
    expect(complete?.['ErrorCode']).toBe('Unhandled');
    expect(JSON.parse(complete?.['ErrorDetails'] ?? '')).toMatchObject({
      errorType: 'Sandbox.Timedout',
    });
    expect(await whole('short', {})).toEqual({ text: 'onetwo', complete: {} });
  });

  test('ends the stream when the runtime exits; the next event meets new processes', async () => {
    const { text, complete } = await whole('streams', { exit: 7 });
    expect(text).toBe('one');
    expect(JSON.parse(complete?.['ErrorDetails'] ?? '')).toMatchObject({
      errorType: 'Runtime.TruncatedResponse',
    });
    expect(await whole('streams', {})).toEqual({ text: 'onetwo', complete: {} });
  });

  test('has the tail of the log in the last event', async () => {
    const { complete } = await whole('streams', { log: 'a line of the log' }, true);
    const log = Buffer.from(complete?.['LogResult'] ?? '', 'base64').toString();
    expect(log).toMatch(
      /START RequestId: (\S+) [^]*a line of the log[^]*END RequestId: \1\nREPORT/,
    );
  });

  test('gives the result of a function that does not stream', async () => {
    expect(await whole('python', { n: 1 })).toEqual({ text: '{"n": 1}', complete: {} });
  });

  test('collects the stream for a client that invokes without one', async () => {
    const answer = await project.invoke('streams', {});
    expect([answer.status, answer.body.toString()]).toEqual([200, 'onetwo']);
    const failed = await project.invoke('streams', { fail: 'half way' });
    expect(failed.headers['x-amz-function-error']).toBe('Unhandled');
    expect(failed.json).toMatchObject({ errorType: 'RangeError', errorMessage: 'half way' });
    const large = await project.invoke('streams', { megabytes: 7 });
    expect(large.json).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
    expect((await project.invoke('streams', {})).body.toString()).toBe('onetwo');
  });

  test('carries more than a buffered response may hold', async () => {
    const { text, complete } = await whole('streams', { megabytes: 8 });
    expect([text.length, complete]).toEqual([8 * 2 ** 20 + 6, {}]);
  });

  test('lets the function run to its end when the client is gone', async () => {
    const child = spawn('curl', [
      '-sN',
      '--data',
      JSON.stringify({ gate: port, after: port }),
      url(),
    ]);
    await gate.arrival();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    gate.open();
    await gate.arrival();
    gate.open();
    await project.free('streams');
  });

  test('is an event stream on the wire, with the prelude of an HTTP response in it', async () => {
    const child = spawn('curl', ['-siN', '--data', '{"http":true}', url()]);
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    await new Promise((resolve) => child.once('close', resolve));
    const answer = Buffer.concat(pieces);
    const end = answer.indexOf('\r\n\r\n') + 4;
    const head = answer.toString('latin1', 0, end);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/^Content-Type: application\/vnd\.amazon\.eventstream\r$/im);
    expect(head).toMatch(
      /^x-amzn-Remapped-Content-Type: application\/vnd\.awslambda\.http-integration-response\r$/im,
    );
    const frames = framesOf(answer.subarray(end));
    const bodies = frames.map(({ headers, body }) => [
      headers[':message-type']?.value,
      headers[':event-type']?.value,
      headers[':content-type']?.value,
      Buffer.from(body).toString(),
    ]);
    const chunks = bodies.slice(0, -1);
    expect(chunks.map(([, , , body]) => body).join('')).toBe(
      `{"statusCode":201}${'\0'.repeat(8)}onetwo`,
    );
    expect(new Set(chunks.map((chunk) => chunk.slice(0, 3).join(' ')))).toEqual(
      new Set(['event PayloadChunk application/octet-stream']),
    );
    expect(bodies.at(-1)).toEqual(['event', 'InvokeComplete', 'application/json', '{}']);
  });

  const url = (): string =>
    `${project.endpoint}/2021-11-15/functions/streams/response-streaming-invocations`;

  function framesOf(bytes: Buffer) {
    const frames = [];
    for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
      frames.push(codec.decode(bytes.subarray(at, at + bytes.readUInt32BE(at))));
    }
    return frames;
  }
});
