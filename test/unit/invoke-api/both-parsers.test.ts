/**
 * Invoke is the same whichever parser reads the request. A connection whose first request is for
 * another operation belongs to `node:http` from then on: the same bytes are sent on such a one, and on
 * one of our own framing.
 */

import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import type { Settle } from '../../../src/invocation/invocation.js';
import type { AccessLine } from '../../../src/invoke-api/access.js';
import { failed, succeeded } from '../../support/fake-router.js';
import { ManualClock } from '../../support/manual-clock.js';
import { comparable, RawAnswers } from '../../support/raw-answers.js';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

const ELSEWHERE = 'GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n';
const BOTH = ['ours', 'node'] as const;
type Parser = (typeof BOTH)[number];

/** How many answers `node:http` has written. */
let byNode = 0;
const { writeHead } = ServerResponse.prototype;
beforeAll(() => {
  ServerResponse.prototype.writeHead = function counted(this: ServerResponse, ...given: unknown[]) {
    byNode += 1;
    return writeHead.apply(this, given as Parameters<typeof writeHead>);
  } as typeof writeHead;
});
afterAll(() => {
  ServerResponse.prototype.writeHead = writeHead;
});

let api: RunningInvokeApi;
let lines: AccessLine[];
let settles: Settle[];
let onAsked: () => void;

beforeEach(async () => {
  byNode = 0;
  lines = [];
  settles = [];
  onAsked = () => undefined;
  api = await new RunningInvokeApi({ onAccess: (line) => lines.push(line) }).start();
  addFunctions();
});
afterEach(() => api.api.destroy());

function addFunctions(): void {
  const { router } = api;
  router.add({ name: 'echo' });
  router.add({ name: 'tenants', tenancy: { isolation: 'PER_TENANT' } as never });
  router.add({ name: 'logs' }, (_request, settle) => settle(succeeded('1', 'a line\n')));
  router.add({ name: 'fails' }, (_request, settle) =>
    settle(failed({ errorMessage: 'm' }, 'Error')),
  );
  router.add({ name: 'large' }, (_request, settle) => settle(succeeded('7'.repeat(70_000))));
  router.add({ name: 'throttled' }, (_request, settle) =>
    settle({ kind: 'refused', error: new OrchestratorError('throttled', 'full') }),
  );
  router.add({ name: 'throws' }, () => {
    throw new Error('a bug');
  });
  router.add({ name: 'by-hand' }, (_request, settle) => {
    settles.push(settle);
    onAsked();
  });
}

async function connected(parser: Parser): Promise<{ socket: Socket; answers: RawAnswers }> {
  const socket = api.socket();
  const answers = new RawAnswers(socket);
  if (parser === 'node') {
    socket.write(ELSEWHERE);
    await answers.next();
  }
  return { socket, answers };
}

async function answerOf(parser: Parser, bytes: Buffer): Promise<string> {
  const { socket, answers } = await connected(parser);
  socket.write(bytes);
  const answer = comparable(await answers.next());
  answers.destroy();
  return answer;
}

/** What is the same for both, in a form that is compared quickly. */
function asAsked(asked: { payload: Buffer; traceId: string }): object {
  const trace = asked.traceId.replace(/^Root=1-.{33};Parent=.{16};Sampled=0$/, '');
  return { ...asked, requestId: '', traceId: trace, payload: asked.payload.toString('base64') };
}

interface Case {
  readonly name?: string;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly body?: Buffer | string;
}

function bytesOf({ name = 'echo', query = '', headers = [], body = '{}' }: Case): Buffer {
  const host = headers.some((line) => line.toLowerCase().startsWith('host:'));
  const lines = [
    `POST /2015-03-31/functions/${name}/invocations${query} HTTP/1.1`,
    ...(host ? [] : ['Host: localhost']),
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

const context = Buffer.from('{"custom":{"ü":1}}').toString('base64');
const INVOCATIONS: readonly (readonly [string, Case, number])[] = [
  ['an event', { body: '{"a" :  1}' }, 200],
  ['no event', { body: '' }, 200],
  ['an event of bytes beyond ASCII', { body: '"ü€😀"' }, 200],
  ['an event of 6 MB', { body: `"${'x'.repeat(6_291_556 - 2)}"` }, 200],
  ['a large response', { name: 'large' }, 200],
  ['a failed function', { name: 'fails' }, 200],
  ['the tail of the log', { name: 'logs', headers: ['X-Amz-Log-Type: Tail'] }, 200],
  ['a client context', { headers: [`x-amz-client-context:${context}`] }, 200],
  ['a broken client context', { headers: ['X-Amz-Client-Context: {}'] }, 400],
  [
    'a trace',
    { headers: ['X-Amzn-Trace-Id: \t Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1  '] },
    200,
  ],
  ['a broken trace', { headers: ['X-Amzn-Trace-Id: Root=\xe4'] }, 200],
  ['empty headers', { headers: ['X-Amz-Invocation-Type:', 'X-Amz-Log-Type: '] }, 200],
  ['a qualifier', { query: '?Qualifier=$LATEST' }, 200],
  ['an encoded qualifier', { query: '?x=1&Qualifier=%24LATEST' }, 200],
  ['a qualifier in the name', { name: 'echo:$LATEST' }, 200],
  ['two qualifiers', { name: 'echo:1', query: '?Qualifier=2' }, 400],
  ['an unknown qualifier', { query: '?Qualifier=7' }, 404],
  ['an ARN', { name: 'arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aecho' }, 200],
  ['another region', { name: 'arn:aws:lambda:eu-west-1:123456789012:function:echo' }, 404],
  ['no such function', { name: 'missing' }, 404],
  ['what is no name', { name: 'not%20a%20name' }, 400],
  ['what is no JSON', { body: '{"a":' }, 400],
  ['what is no UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }, 400],
  ['DryRun', { headers: ['X-Amz-Invocation-Type: DryRun'] }, 204],
  ['Event', { headers: ['X-Amz-Invocation-Type: Event'] }, 202],
  [
    'an Event that is too large',
    { headers: ['X-Amz-Invocation-Type: Event'], body: `"${'x'.repeat(2 * 2 ** 20)}"` },
    413,
  ],
  ['kinds that do not exist', { headers: ['X-Amz-Invocation-Type: A', 'X-Amz-Log-Type: B'] }, 400],
  ['a tenant', { name: 'tenants', headers: ['X-Amz-Tenant-Id: blue'] }, 200],
  ['no tenant', { name: 'tenants' }, 400],
  ['a throttle', { name: 'throttled' }, 429],
  ['a bug', { name: 'throws' }, 500],
  ['the end of the connection', { headers: ['Connection: close'] }, 200],
  [
    'a signature',
    {
      headers: [
        'Authorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
      ],
    },
    200,
  ],
];

const ODD: readonly (readonly [string, Case, number])[] = [
  ['a foreign host', { headers: ['Host: evil.test'] }, 403],
  ['a page of another site', { headers: ['Origin: http://evil.test'] }, 403],
  ['a page that hides its origin', { headers: ['Sec-Fetch-Site: cross-site'] }, 403],
  ['a second host', { headers: ['Host: localhost', 'host: evil.test'] }, 400],
  ['another protocol', { headers: ['Connection: upgrade', 'Upgrade: h2c'] }, 200],
  ['trailers', { headers: ['TE: trailers'] }, 200],
  ['a header twice', { headers: ['X-Amz-Log-Type: None', 'X-Amz-Log-Type: None'] }, 400],
  ['too large an event', { body: Buffer.alloc(6_291_557, 0x31) }, 413],
  ['a head of 100 kB', { headers: [`X-A: ${'a'.repeat(100_000)}`] }, 200],
  ['an odd target', { query: '?Qualifier="' }, 400],
];

describe('an invocation', () => {
  it.each(INVOCATIONS)('with %s is answered alike by both', async (_what, request, status) => {
    const bytes = bytesOf(request);
    const ours = await answerOf('ours', bytes);
    expect(byNode).toBe(0);
    const node = await answerOf('node', bytes);
    // That of the first request, and that of this one.
    expect(byNode).toBe(2);
    expect(ours === node).toBe(true);
    expect(ours).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const [first, second] = [...api.router.requests, ...api.accepted].map(asAsked);
    expect(first).toEqual(second);
    const path = bytes.subarray(0, 200).toString('latin1').split(' ')[1]?.split('?')[0];
    const told = lines.filter((line) => line.path !== '/nothing');
    expect(told.map((line) => [line.status, line.path])).toEqual([
      [status, path],
      [status, path],
    ]);
  });

  it.each(ODD)('with %s is left to node:http', async (_what, request, status) => {
    const ours = await answerOf('ours', bytesOf(request));
    expect(byNode).toBe(1);
    expect(ours).toBe(await answerOf('node', bytesOf(request)));
    expect(ours).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('in chunks, or after Expect, is left to node:http', async () => {
    for (const request of [
      'POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n7\r\n0\r\n\r\n',
      'POST /2015-03-31/functions/echo/invocations HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n7',
    ]) {
      const ours = await answerOf('ours', Buffer.from(request));
      expect(ours).toBe(await answerOf('node', Buffer.from(request)));
      expect(ours).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n7$/);
    }
    const { socket, answers } = await connected('ours');
    socket.write(bytesOf({ headers: ['Expect: 100-continue'], body: '7' }));
    expect(await answers.next()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(await answers.next()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n7$/);
    answers.destroy();
  });
});

describe('a connection', () => {
  it('serves one invocation after the other, and then whatever comes', async () => {
    const { socket, answers } = await connected('ours');
    for (const body of ['1', '2']) {
      socket.write(bytesOf({ body }));
      expect(await answers.next()).toMatch(new RegExp(`\r\n\r\n${body}$`));
    }
    expect(byNode).toBe(0);
    socket.write(bytesOf({ body: '3' }) + ELSEWHERE + bytesOf({ body: '4' }).toString());
    expect(await answers.next()).toMatch(/\r\n\r\n3$/);
    expect(await answers.next()).toMatch(/^HTTP\/1\.1 404 /);
    expect(await answers.next()).toMatch(/\r\n\r\n4$/);
    expect(byNode).toBe(2);
    answers.destroy();
  });

  it.each(BOTH)('is answered before an event that nobody wants has come (%s)', async (parser) => {
    const { socket, answers } = await connected(parser);
    const whole = bytesOf({ name: 'missing', body: `"${'x'.repeat(100_000)}"` });
    socket.write(whole.subarray(0, 1000));
    expect(await answers.next()).toMatch(/^HTTP\/1\.1 404 [^]*Connection: keep-alive/);
    socket.write(whole.subarray(1000));
    socket.write(bytesOf({ body: '7' }));
    expect(await answers.next()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n7$/);
    answers.destroy();
  });

  it.each(BOTH)('that ends in the middle of a request is told so (%s)', async (parser) => {
    for (const bytes of [30, 130]) {
      const { socket, answers } = await connected(parser);
      socket.end(bytesOf({ body: '"0123456789"' }).subarray(0, -5).subarray(0, bytes));
      expect(await answers.rest()).toMatch(/^HTTP\/1\.1 400 [^]*not valid HTTP/);
    }
    expect(api.router.requests).toEqual([]);
  });

  it.each(BOTH)('that ends before it is answered has hung up (%s)', async (parser) => {
    const { socket, answers } = await connected(parser);
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    socket.end(bytesOf({ name: 'by-hand' }));
    await asked;
    expect(await answers.rest()).toBe('');
    while (!lines.some(({ path }) => path.includes('by-hand'))) await turn();
    expect(lines.find(({ path }) => path.includes('by-hand'))?.status).toBeUndefined();
    expect(() => settles[0]?.(succeeded('1'))).not.toThrow();
  });

  it.each(BOTH)('ends with the answer that is open when we close (%s)', async (parser) => {
    const { socket, answers } = await connected(parser);
    const half = await connected(parser);
    half.socket.write(bytesOf({}).subarray(0, 60));
    const idle = await connected(parser);
    idle.socket.write(bytesOf({}));
    await idle.answers.next();
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    socket.write(bytesOf({ name: 'by-hand' }));
    await asked;
    const closed = api.api.close();
    expect(await idle.answers.rest()).toBe('');
    half.socket.write(bytesOf({}).subarray(60));
    expect(await half.answers.rest()).toMatch(/^HTTP\/1\.1 503 [^]*Connection: close/);
    settles[0]?.(succeeded('7'));
    expect(comparable(await answers.rest())).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Amz-Executed-Version: $LATEST\r\n' +
        'X-Amzn-Trace-Id: Root=<root>;Sampled=0\r\nx-amzn-Remapped-Content-Length: 0\r\n' +
        'x-amzn-RequestId: <uuid>\r\nContent-Length: 1\r\nDate: <date>\r\nConnection: close\r\n\r\n7',
    );
    await closed;
    expect(api.router.requests).toHaveLength(2);
  });
});

describe('a request that is to be the last', () => {
  const last = bytesOf({ headers: ['Connection: close'], body: '7' });

  it.each(BOTH)('has its answer, and then the connection ends (%s)', async (parser) => {
    const { socket, answers } = await connected(parser);
    socket.write(last);
    expect(await answers.rest()).toMatch(/^HTTP\/1\.1 200 [^]*Connection: close\r\n\r\n7$/);
    expect(byNode).toBe(parser === 'ours' ? 0 : 2);
  });

  it('is left to node:http when something is behind it', async () => {
    const { socket, answers } = await connected('ours');
    socket.write(Buffer.concat([last, bytesOf({ body: '8' })]));
    expect(await answers.rest()).not.toMatch(/\r\n\r\n8$/);
    expect(api.router.requests.map(({ payload }) => payload.toString())).toEqual(['7']);
    expect(byNode).toBe(1);
  });

  it('is the last whatever comes behind it', async () => {
    const { socket, answers } = await connected('ours');
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    socket.write(bytesOf({ name: 'by-hand', headers: ['Connection: close'] }));
    await asked;
    socket.write(bytesOf({ body: '8' }));
    await turn();
    settles[0]?.(succeeded('7'));
    expect(await answers.rest()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n7$/);
    expect(api.router.requests).toHaveLength(1);
    expect(byNode).toBe(0);
  });
});

describe('a connection of our own framing', () => {
  it('is ended when nothing has come on it for long, and not sooner', async () => {
    await api.api.destroy();
    const clock = new ManualClock();
    api = await new RunningInvokeApi({ clock }).start();
    addFunctions();
    const { socket, answers } = await connected('ours');
    socket.write(bytesOf({ body: '7' }));
    await answers.next();
    await clock.advanceAsync(70_000);
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    socket.write(bytesOf({ name: 'by-hand' }));
    await asked;
    // An invocation may take as long as it takes.
    await clock.advanceAsync(900_000);
    settles[0]?.(succeeded('8'));
    expect(await answers.next()).toMatch(/\r\n\r\n8$/);
    await clock.advanceAsync(81_000);
    expect(await answers.rest()).toBe('');
  });

  it.each([
    ['the head', 60],
    ['the event', -2],
  ])('is told when %s does not come in time', async (_what, end) => {
    await api.api.destroy();
    const clock = new ManualClock();
    api = await new RunningInvokeApi({ clock }).start();
    const reached = new Promise<void>((resolve) => {
      api.router.add({ name: 'echo' });
      setImmediate(resolve);
    });
    const { socket, answers } = await connected('ours');
    socket.write(bytesOf({ body: '"0123456789"' }).subarray(0, end));
    await reached;
    const said = answers.rest();
    let over = false;
    void said.then(() => (over = true));
    while (!over) {
      await clock.advanceAsync(5_000);
      await turn();
    }
    expect(await said).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*did not arrive in time/);
    expect(api.router.requests).toEqual([]);
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
