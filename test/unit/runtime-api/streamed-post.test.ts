import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/async/clock.js';
import { Channel } from '../../../src/environment/channel.js';
import type { Posted } from '../../../src/environment/post.js';
import { StreamedResponse } from '../../../src/environment/streamed-response.js';
import type { ResponseSink } from '../../../src/invocation/response-sink.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';

const PATH = '/2018-06-01/runtime/invocation/id-1/response';

/** What reaches a caller; each step can be waited for. */
class Seen implements ResponseSink {
  text = '';
  bytes = 0;
  posted: Posted | 'too-large' | undefined;
  /** While set, whoever writes has to wait. */
  full = false;
  drained: (() => void) | undefined;
  #waiting: (() => void)[] = [];

  begin(): void {}
  write(chunk: Buffer, ready: () => void): boolean {
    this.bytes += chunk.length;
    if (this.bytes < 1000) this.text += chunk.toString();
    if (this.full) this.drained = ready;
    this.wake();
    return !this.full;
  }
  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

describe('a response that the runtime streams', () => {
  let api: RuntimeApi;
  let channel: Channel;
  let seen: Seen;
  let host: string;
  let port: number;

  beforeEach(async () => {
    api = new RuntimeApi();
    port = await api.listen('127.0.0.1', '127.0.0.1');
    seen = new Seen();
    channel = new Channel({
      runtimePolled: () => undefined,
      pollLost: () => undefined,
      initFailed: () => undefined,
      snapshotReady: () => undefined,
      restoreFailed: () => undefined,
      responding: (contentType, ended) =>
        new StreamedResponse({
          clock: systemClock,
          bytesPerSecond: 2 ** 40,
          requestId: 'id-1',
          contentType,
          sink: seen,
          ended,
        }),
      responded: (posted) => {
        seen.posted = posted;
        seen.wake();
      },
    });
    channel.reset();
    host = api.open(channel, 'a'.repeat(32)).runtimeApi;
    channel.next({ lost: false, deliver: () => undefined });
    channel.deliver({
      requestId: 'id-1',
      invocationId: 'delivery-1',
      deadlineMs: 1,
      invokedFunctionArn: 'arn',
      traceId: '',
      contentType: 'application/json',
      payload: Buffer.from('{}'),
    });
  });
  afterEach(() => api.destroy());

  function post(headers: Record<string, string> = {}): ClientRequest {
    return request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: PATH,
      agent: false,
      headers: {
        Host: host,
        'Content-Type': 'text/plain',
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        ...headers,
      },
    });
  }

  /** The answer as a whole. */
  function answered(outgoing: ClientRequest): Promise<{ status: number; body: unknown }> {
    return new Promise((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (response: IncomingMessage) => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }),
        );
      });
    });
  }

  it('is passed on before it is complete', async () => {
    const outgoing = post();
    const answer = answered(outgoing);
    outgoing.write('one ');
    await seen.until(() => seen.text === 'one ');
    expect(seen.posted).toBeUndefined();
    outgoing.write('two ');
    await seen.until(() => seen.text === 'one two ');
    outgoing.end('three');
    expect(await answer).toEqual({ status: 202, body: { status: 'OK' } });
    expect(seen.text).toBe('one two three');
    expect(seen.posted).toMatchObject({ kind: 'response', contentType: 'text/plain' });
  });

  it('may have an announced length', async () => {
    const outgoing = post({ 'Content-Length': '6' });
    const answer = answered(outgoing);
    outgoing.write('one');
    await seen.until(() => seen.text === 'one');
    expect(seen.posted).toBeUndefined();
    outgoing.end('two');
    expect((await answer).status).toBe(202);
  });

  it('ends with the error its trailers tell, however long that is', async () => {
    const payload = JSON.stringify({ errorType: 'E', errorMessage: 'm'.repeat(100_000) });
    const outgoing = post({
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    });
    const answer = answered(outgoing);
    outgoing.write('half');
    outgoing.addTrailers({
      'Lambda-Runtime-Function-Error-Type': 'Runtime.Odd',
      'Lambda-Runtime-Function-Error-Body': Buffer.from(payload).toString('base64'),
    });
    outgoing.end();
    expect((await answer).status).toBe(202);
    expect(seen.posted).toMatchObject({ kind: 'error', errorTypeHeader: 'Runtime.Odd' });
    expect(String((seen.posted as Posted).payload)).toBe(payload);
  });

  it('is held up in the runtime by a caller that does not read', async () => {
    seen.full = true;
    const outgoing = post();
    const answer = answered(outgoing);
    const piece = Buffer.alloc(64 * 1024);
    // More than all buffers of the system between the two hold.
    const total = 32 * 2 ** 20;
    let sent = 0;
    const send = (): void => {
      while (sent < total) {
        sent += piece.length;
        if (!outgoing.write(piece)) {
          outgoing.once('drain', send);
          return;
        }
      }
      outgoing.end();
    };
    send();
    await seen.until(() => seen.drained !== undefined);
    const seenAtFirst = seen.bytes;
    // A round trip on another connection: had more been read, it would have come by now.
    await answered(post({ 'Lambda-Runtime-Invocation-Id': 'other' }).end());
    expect(seen.bytes).toBe(seenAtFirst);
    expect(sent).toBeLessThan(total);
    seen.full = false;
    seen.drained?.();
    expect((await answer).status).toBe(202);
    expect(seen.bytes).toBe(total);
  });

  it('is refused like a whole one when it is for nobody', async () => {
    const outgoing = post({ 'Lambda-Runtime-Invocation-Id': 'other' });
    const answer = answered(outgoing);
    outgoing.end('x');
    expect(await answer).toMatchObject({ status: 400, body: { errorType: 'InvalidInvocationId' } });
    const stranger = post({ Host: 'nobody:1' });
    const refused = answered(stranger);
    stranger.end('x');
    expect((await refused).status).toBe(403);
    expect(seen.posted).toBeUndefined();
  });

  it('leaves no way to respond otherwise until it is complete', async () => {
    const outgoing = post();
    const answer = answered(outgoing);
    outgoing.write('one');
    await seen.until(() => seen.text === 'one');
    const second = post();
    const refused = answered(second);
    second.end('x');
    expect(await refused).toEqual({
      status: 403,
      body: {
        errorType: 'InvalidStateTransition',
        errorMessage:
          'State transition from InvocationResponse to InvocationResponse failed for runtime. Error: State transition is not allowed',
      },
    });
    outgoing.end();
    expect((await answer).status).toBe(202);
  });

  it('is truncated when its connection breaks', async () => {
    const outgoing = post();
    outgoing.on('error', () => undefined);
    outgoing.write('one');
    await seen.until(() => seen.text === 'one');
    outgoing.destroy();
    await seen.until(() => seen.posted !== undefined);
    expect(seen.posted).toMatchObject({ errorTypeHeader: 'Runtime.TruncatedResponse' });
  });

  it('ends although its connection goes while its last piece waits for the caller', async () => {
    seen.full = true;
    const socket = connect({ port, host: '127.0.0.1' });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.end(
      `POST ${PATH} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n` +
        'Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n',
    );
    await closed;
    seen.full = false;
    seen.drained?.();
    await seen.until(() => seen.posted !== undefined);
    expect(seen.posted).toMatchObject({ errorTypeHeader: 'Runtime.TruncatedResponse' });
  });

  it('is told to be truncated when no more of it will come', async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('end', () => socket.end());
    socket.end(
      `POST ${PATH} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n` +
        'Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n3\r\none\r\n',
    );
    await closed;
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toContain('"errorType":"TruncatedHTTPRequest"');
    expect(seen.text).toBe('one');
    expect(seen.posted).toMatchObject({ errorTypeHeader: 'Runtime.TruncatedResponse' });
  });
});
