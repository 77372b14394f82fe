import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Channel, type ChannelListener, type Delivery } from '../../../src/environment/channel.js';
import type { Posted } from '../../../src/environment/post.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';

const LIMIT_BYTES = 6_291_556;
const DELIVERY: Delivery = {
  requestId: 'id-1',
  invocationId: 'delivery-1',
  deadlineMs: 1234.4,
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
  traceId: 'Root=1-2-3',
  clientContext: '{"custom":{"größe":"x\u0001"}}',
  contentType: 'application/json',
  payload: Buffer.from('{"event":true}'),
};

/** What a channel tells, in order; each can be waited for. */
class Told implements ChannelListener {
  readonly events: string[] = [];
  readonly posted: (Posted | 'too-large')[] = [];
  #waiting: (() => void)[] = [];

  runtimePolled = (): void => this.#tell('polled');
  pollLost = (): void => this.#tell('lost');
  responded = (posted: Posted | 'too-large'): void => {
    this.posted.push(posted);
    this.#tell('responded');
  };
  initFailed = (): void => this.#tell('init-failed');
  snapshotReady = (): void => this.#tell('snapshot-ready');
  restoreFailed = (): void => this.#tell('restore-failed');
  responding = (): never => {
    throw new Error('nothing is streamed here');
  };

  async until(count: number): Promise<void> {
    while (this.events.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
  #tell(event: string): void {
    this.events.push(event);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

describe('the Runtime API', () => {
  let api: RuntimeApi;
  let told: Told;
  let channel: Channel;
  let host: string;
  let port: number;

  beforeEach(async () => {
    api = new RuntimeApi();
    port = await api.listen('127.0.0.1', '127.0.0.1');
    told = new Told();
    channel = new Channel(told);
    channel.reset();
    host = api.open(channel, 'a'.repeat(32)).runtimeApi;
  });
  afterEach(() => api.destroy());

  it('answers on a socket too, and not once it has ended', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-socket-'));
    try {
      await api.listenIn(folder);
      const { runtimeApi } = api.open(channel, 'b'.repeat(32));
      const path = api.socketPath ?? '';
      const ask = (asked: string): Promise<string> =>
        new Promise((resolve, reject) => {
          const socket = connect(path, () =>
            socket.write(`GET /2018-06-01/runtime/nowhere HTTP/1.1\r\nHost: ${asked}\r\n\r\n`),
          );
          socket.on('error', reject);
          socket.once('data', (bytes: Buffer) => {
            socket.destroy();
            resolve(bytes.toString().slice(0, 12));
          });
        });
      expect(await ask(runtimeApi)).toBe('HTTP/1.1 404');
      expect(await ask('stranger.runtime:1')).toBe('HTTP/1.1 403');
      await api.destroy();
      await expect(ask(runtimeApi)).rejects.toThrow('ENOENT');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has no socket where there can be none', async () => {
    await api.listenIn('/nowhere');
    expect(api.socketPath).toBeUndefined();
  });

  interface Answer {
    status: number;
    headers: Record<string, unknown>;
    body: string;
  }

  function call(
    method: string,
    path: string,
    body?: Buffer | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path: `/2018-06-01/runtime/${path}`,
          agent: false,
          headers: {
            Host: host,
            ...(body === undefined || 'Transfer-Encoding' in headers
              ? {}
              : { 'Content-Length': Buffer.byteLength(body) }),
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => (text += piece));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** A raw connection: what is written, and what has come back. */
  function open(): { socket: Socket; received: (count: number) => Promise<string> } {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const waiting: (() => void)[] = [];
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (const resolve of waiting.splice(0)) resolve();
    });
    return {
      socket,
      received: async (count) => {
        while ((text.match(/HTTP\/1\.1 /g) ?? []).length < count || !/[}\n]$/.test(text)) {
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        return text;
      },
    };
  }

  const get = (): string =>
    `GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const postText = (path: string, body: string): string =>
    `POST /2018-06-01/runtime/${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  async function deliver(): Promise<Answer> {
    const next = call('GET', 'invocation/next');
    await told.until(1);
    channel.deliver(DELIVERY);
    return next;
  }

  it('answers next with the event’s bytes and headers', async () => {
    const { status, headers, body } = await deliver();
    expect(status).toBe(200);
    expect(body).toBe('{"event":true}');
    expect(headers).toMatchObject({
      'lambda-runtime-aws-request-id': 'id-1',
      'lambda-runtime-deadline-ms': '1234',
      'lambda-runtime-invoked-function-arn': DELIVERY.invokedFunctionArn,
      'lambda-runtime-trace-id': 'Root=1-2-3',
      'lambda-runtime-invocation-id': 'delivery-1',
      'content-type': 'application/json',
    });
    expect(JSON.parse(String(headers['lambda-runtime-client-context']))).toEqual({
      custom: { größe: 'x ' },
    });
  });

  it('accepts a response once, with 202 and the documented body', async () => {
    await deliver();
    const accepted = await call('POST', 'invocation/id-1/response', '"done"', {
      'Content-Type': 'application/json',
    });
    expect([accepted.status, accepted.body]).toEqual([202, '{"status":"OK"}\n']);
    expect(told.posted[0]).toMatchObject({ kind: 'response', contentType: 'application/json' });
    const again = await call('POST', 'invocation/id-1/response', '"done"');
    expect([again.status, again.body]).toEqual([
      400,
      '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n',
    ]);
  });

  it('takes the cause out of an error for the invoker', async () => {
    await deliver();
    await call(
      'POST',
      'invocation/id-1/error',
      '{"errorType":"E","errorMessage":"m","errorCause":{}}',
      {
        'Content-Type': 'application/vnd.aws.lambda.error.cause+json',
        'Lambda-Runtime-Function-Error-Type': 'Runtime.Odd',
      },
    );
    const [posted] = told.posted;
    expect(posted).toMatchObject({ kind: 'error', errorTypeHeader: 'Runtime.Odd' });
    expect(String((posted as Posted).payload)).toBe('{"errorType":"E","errorMessage":"m"}');
  });

  it('refuses what is out of order with 403, unknown routes with 404, wrong methods with 405', async () => {
    await deliver();
    const refused = await call('POST', 'init/error', '{}');
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.body)).toEqual({
      errorType: 'InvalidStateTransition',
      errorMessage:
        'State transition from Running to InitError failed for runtime. Error: State transition is not allowed',
    });
    expect((await call('GET', 'restore/next')).status).toBe(404);
    expect((await call('POST', 'invocation/next', '')).status).toBe(405);
    expect((await call('GET', 'init/error')).status).toBe(405);
  });

  it('takes a post with no echo of the delivery, and refuses one with a wrong echo', async () => {
    await deliver();
    const echo = (id: string) =>
      call('POST', 'invocation/id-1/response', '1', { 'Lambda-Runtime-Invocation-Id': id });
    const refused = await echo('delivery-0');
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      400,
      { errorType: 'InvalidInvocationId', errorMessage: 'Invalid invocation ID' },
    ]);
    expect(told.posted).toEqual([]);
    expect((await echo('delivery-1')).status).toBe(202);
  });

  it('says first that an id is unknown, whatever else is wrong with a response', async () => {
    await deliver();
    const refused = await call('POST', 'invocation/nobody/response', '1', {
      'Lambda-Runtime-Function-Response-Mode': 'nonsense',
    });
    expect(JSON.parse(refused.body)).toMatchObject({ errorType: 'InvalidRequestID' });
    expect(told.posted).toEqual([]);
  });

  it('refuses an unknown response mode and fails the invocation with its type', async () => {
    await deliver();
    const refused = await call('POST', 'invocation/id-1/response', 'x', {
      'Lambda-Runtime-Function-Response-Mode': 'Streaming',
    });
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      400,
      { errorType: 'InvalidFunctionResponseMode', errorMessage: 'Invalid function response mode' },
    ]);
    expect(told.posted[0]).toMatchObject({ errorTypeHeader: 'Runtime.InvalidResponseModeHeader' });
  });

  it('refuses every route to whoever has no environment’s name', async () => {
    for (const name of ['localhost', `${'b'.repeat(32)}.runtime:${port}`, `x${host}`, '']) {
      for (const [method, path] of [
        ['GET', 'invocation/next'],
        ['POST', 'invocation/id-1/response'],
        ['POST', 'init/error'],
        ['GET', 'none'],
      ] as const) {
        const answer = await call(method, path, method === 'POST' ? '{}' : undefined, {
          Host: name,
        });
        expect([name, path, answer.status]).toEqual([
          name,
          path,
          name === '' ? answer.status : 403,
        ]);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    }
    expect(told.events).toEqual([]);
  });

  it('closes the door of an environment that is gone', async () => {
    api.close('a'.repeat(32));
    expect((await call('GET', 'invocation/next')).status).toBe(403);
  });

  it.each([
    ['announced', {}],
    ['chunked', { 'Transfer-Encoding': 'chunked' }],
  ])('takes the largest response and answers 413 to one byte more (%s)', async (_kind, headers) => {
    await deliver();
    const fits = await call(
      'POST',
      'invocation/id-1/response',
      Buffer.alloc(LIMIT_BYTES, 120),
      headers,
    );
    expect(fits.status).toBe(202);
    const next = call('GET', 'invocation/next');
    await told.until(3);
    channel.deliver(DELIVERY);
    await next;
    const over = await call(
      'POST',
      'invocation/id-1/response',
      Buffer.alloc(LIMIT_BYTES + 1, 120),
      headers,
    );
    expect([over.status, JSON.parse(over.body)]).toEqual([
      413,
      {
        errorType: 'RequestEntityTooLarge',
        errorMessage: `Exceeded maximum allowed payload size (${LIMIT_BYTES} bytes).`,
      },
    ]);
    expect(told.posted[1]).toBe('too-large');
  });

  it('serves pipelined requests in order, the answers of both in one message', async () => {
    const { socket, received } = open();
    socket.write(get());
    await told.until(1);
    channel.deliver(DELIVERY);
    await received(1);
    socket.write(postText('invocation/id-1/response', '"r"') + get());
    await told.until(3);
    channel.deliver({ ...DELIVERY, requestId: 'id-2' });
    const text = await received(3);
    expect(text.indexOf('202 Accepted')).toBeLessThan(text.indexOf('id-2'));
    socket.destroy();
  });

  it('reads requests cut at every place', async () => {
    const { socket, received } = open();
    for (const byte of get()) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await told.until(1);
    channel.deliver(DELIVERY);
    await received(1);
    for (const byte of postText('invocation/id-1/response', '"done"')) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await received(2)).toContain('202 Accepted');
    socket.destroy();
  });

  it('hands what is unusual to the complete parser, also behind usual requests', async () => {
    const { socket, received } = open();
    socket.write(get());
    await told.until(1);
    channel.deliver(DELIVERY);
    await received(1);
    socket.write(
      `POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    socket.write('3\r\n"r"\r\n0\r\n\r\n');
    expect(await received(2)).toContain('202 Accepted');
    expect(String((told.posted[0] as Posted).payload)).toBe('"r"');
    socket.destroy();
  });

  it('tells when the runtime that polls is gone', async () => {
    const { socket } = open();
    socket.write(get());
    await told.until(1);
    socket.destroy();
    await told.until(2);
    expect(told.events).toEqual(['polled', 'lost']);
  });

  it('ends connections that speak no HTTP', async () => {
    const { socket } = open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('\x16\x03\x01 nonsense\r\n\r\n');
    await closed;
    expect(told.events).toEqual([]);
  });
});
