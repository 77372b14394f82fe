/**
 * How often a large payload is copied between the two doors. Counted are the bytes that pass through
 * whatever of `Buffer` makes copies or texts, in this process; both clients use none of it.
 */

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Channel, type ChannelListener } from '../../../src/environment/channel.js';
import type { Posted } from '../../../src/environment/post.js';
import type { Settle } from '../../../src/invocation/invocation.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

const BYTES = 5 * 2 ** 20;
/** Heads, and pieces that hold the beginning of a body. */
const BESIDE_BYTES = 512 * 1024;
const JSON_TYPE = { contentType: 'application/json' };

let copied = 0;
const { concat } = Buffer;
const { copy, toString, write } = Buffer.prototype;

beforeEach(() => {
  copied = 0;
  Buffer.concat = (...given) => {
    const made = concat(...given);
    copied += made.length;
    return made;
  };
  Buffer.prototype.copy = function counted(this: Buffer, ...given: Parameters<typeof copy>) {
    const bytes = copy.apply(this, given);
    copied += bytes;
    return bytes;
  };
  Buffer.prototype.toString = function counted(
    this: Buffer,
    ...given: Parameters<typeof toString>
  ) {
    const text = toString.apply(this, given);
    copied += text.length;
    return text;
  };
  Buffer.prototype.write = function counted(this: Buffer, ...given: unknown[]) {
    const bytes = write.apply(this, given as Parameters<typeof write>);
    copied += bytes;
    return bytes;
  } as typeof write;
});
afterEach(() => {
  Buffer.concat = concat;
  Object.assign(Buffer.prototype, { copy, toString, write });
});

/** Resolves when so many bytes have come. */
function received(socket: Socket, bytes: number): Promise<void> {
  let missing = bytes;
  return new Promise((resolve, reject) => {
    socket.on('data', (piece: Buffer) => {
      missing -= piece.length;
      if (missing <= 0) resolve();
    });
    socket.on('close', () => reject(new Error(`${missing} bytes have not come`)));
  });
}

it('of 5 MB is put together once on its way in, and once on its way out', async () => {
  const payload = Buffer.alloc(BYTES, 0x20);
  payload.write('{"a":');
  payload[BYTES - 2] = 0x31;
  payload[BYTES - 1] = 0x7d;

  let settle: Settle | undefined;
  const channel = new Channel({
    runtimePolled: () => undefined,
    pollLost: () => undefined,
    responded: (posted: Posted) =>
      settle?.({ kind: 'succeeded', ...JSON_TYPE, executedVersion: '1', payload: posted.payload }),
  } as unknown as ChannelListener);
  channel.reset();
  const runtimeApi = new RuntimeApi();
  const port = await runtimeApi.listen('127.0.0.1', '127.0.0.1');
  const host = runtimeApi.open(channel, 'a'.repeat(32)).runtimeApi;
  const invokeApi = await new RunningInvokeApi().start();
  invokeApi.router.add({ name: 'large' }, (request, settled) => {
    settle = settled;
    channel.deliver({ ...request, invocationId: 'one', deadlineMs: 0 });
  });

  const runtime = connect(port, '127.0.0.1');
  const path = '/2018-06-01/runtime/invocation';
  runtime.write(`GET ${path}/next HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const event = received(runtime, BYTES);
  const client = invokeApi.socket();
  const answer = received(client, BYTES);
  copied = 0;
  client.write(
    `POST /2015-03-31/functions/large/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BYTES}\r\n\r\n`,
  );
  client.write(payload);
  await event;
  expect(copied).toBeGreaterThanOrEqual(BYTES);
  expect(copied).toBeLessThan(BYTES + BESIDE_BYTES);

  copied = 0;
  const requestId = invokeApi.router.requests[0]?.requestId;
  runtime.write(
    `POST ${path}/${requestId}/response HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${BYTES}\r\n\r\n`,
  );
  runtime.write(payload);
  await answer;
  expect(copied).toBeGreaterThanOrEqual(BYTES);
  expect(copied).toBeLessThan(BYTES + BESIDE_BYTES);

  client.destroy();
  runtime.destroy();
  await Promise.all([invokeApi.api.destroy(), runtimeApi.destroy()]);
});
