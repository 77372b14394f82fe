/** Through real sockets: what a server of services gets to see, and what its callers do. */

import { afterEach, expect, test } from '@jest/globals';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { endToEnd, forwardTo } from '../../../src/aws-endpoint/forward.js';
import { OrchestratorError } from '../../../src/errors.js';
import type { AwsServices } from '../../../src/services/aws-services.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

type Seen = { method?: string; url?: string; headers: IncomingMessage['headers']; body: Buffer };

/** A services endpoint that keeps what it is asked. */
async function upstream(
  answer: (seen: Seen) => { status?: number; headers?: Record<string, string>; body?: Buffer },
) {
  const seen: Seen[] = [];
  const server = createServer((incoming, response) => {
    void buffer(incoming).then((body) => {
      const { method, url, headers } = incoming;
      const one = { method, url, headers, body } as Seen;
      seen.push(one);
      const told = answer(one);
      response.writeHead(told.status ?? 200, told.headers);
      response.end(told.body);
    });
  });
  return { seen, endpoint: `http://127.0.0.1:${await listening(server)}` };
}

function door(reach: () => Promise<{ endpoint?: string }>, kind: AwsServices['kind'] = 'endpoint') {
  const forward = forwardTo({
    kind,
    reach: async () => ({ region: 'us-east-1', ...(await reach()) }),
  });
  return listening(createServer((incoming, response) => forward('s3', incoming, response)));
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: readonly Buffer[];
}

function ask(port: number, { method = 'GET', path = '/', headers = {}, body = [] }: Asked) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>(
    (resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        buffer(answer).then(
          (content) =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: content }),
          reject,
        );
      });
      asked.on('error', reject);
      asked.on('continue', () => {
        for (const piece of body) asked.write(piece);
        asked.end();
      });
      if (headers['expect'] !== undefined) asked.flushHeaders();
      else {
        for (const piece of body) asked.write(piece);
        asked.end();
      }
    },
  );
}

test('a request arrives as it was sent, under the host its sender used', async () => {
  const { seen, endpoint } = await upstream(() => ({
    status: 201,
    headers: { etag: '"x"', 'content-type': 'text/plain' },
    body: Buffer.from('made'),
  }));
  const port = await door(() => Promise.resolve({ endpoint }));
  const answer = await ask(port, {
    method: 'PUT',
    path: '/bucket/a%20b?x-id=PutObject',
    headers: { host: 'localhost:3001', authorization: 'AWS4 x', 'content-length': '5' },
    body: [Buffer.from('hello')],
  });
  expect(seen[0]).toMatchObject({ method: 'PUT', url: '/bucket/a%20b?x-id=PutObject' });
  expect(seen[0]?.headers).toMatchObject({
    host: 'localhost:3001',
    authorization: 'AWS4 x',
    'content-length': '5',
  });
  expect(seen[0]?.body.toString()).toBe('hello');
  expect(answer).toMatchObject({ status: 201, body: Buffer.from('made') });
  expect(answer.headers).toMatchObject({ etag: '"x"', 'content-type': 'text/plain' });
});

test('bodies of many megabytes pass in both directions, in chunks where they came in chunks', async () => {
  const big = Buffer.alloc(8 * 2 ** 20, 7);
  const { seen, endpoint } = await upstream(({ body }) => ({ body }));
  const port = await door(() => Promise.resolve({ endpoint }));
  const answer = await ask(port, {
    method: 'PUT',
    headers: { 'transfer-encoding': 'chunked', 'content-encoding': 'aws-chunked' },
    body: [big, big],
  });
  expect(answer.body.length).toBe(2 * big.length);
  expect(seen[0]?.headers).toMatchObject({
    'transfer-encoding': 'chunked',
    'content-encoding': 'aws-chunked',
  });
});

test('whoever waits to be told to go on is told', async () => {
  const { seen, endpoint } = await upstream(() => ({}));
  const port = await door(() => Promise.resolve({ endpoint }));
  const answer = await ask(port, {
    method: 'PUT',
    headers: { expect: '100-continue', 'content-length': '2' },
    body: [Buffer.from('ok')],
  });
  expect(answer.status).toBe(200);
  expect(seen[0]?.body.toString()).toBe('ok');
  expect(seen[0]?.headers['expect']).toBeUndefined();
});

test('the length of what HEAD asks about is kept, and nothing follows it', async () => {
  const { endpoint } = await upstream(() => ({ headers: { 'content-length': '1234' } }));
  const port = await door(() => Promise.resolve({ endpoint }));
  const answer = await ask(port, { method: 'HEAD' });
  expect(answer.headers['content-length']).toBe('1234');
  expect(answer.body.length).toBe(0);
});

test('an endpoint that cannot be reached is named, in the words of the service', async () => {
  const free = createNetServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port: nobody } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const port = await door(() => Promise.resolve({ endpoint: `http://127.0.0.1:${nobody}` }));
  const answer = await ask(port, { method: 'PUT', body: [Buffer.alloc(2 ** 20)] });
  expect(answer.status).toBe(503);
  expect(answer.body.toString()).toContain('<Code>ServiceUnavailable</Code>');
  expect(answer.body.toString()).toContain(`http://127.0.0.1:${nobody} does not answer`);
});

test('services that cannot be had are told with what to do about it', async () => {
  const reason = new OrchestratorError('services-unavailable', 'the services are turned off', {
    remedy: 'Leave it out.',
  });
  const port = await door(() => Promise.reject(reason), 'none');
  const answer = await ask(port, {});
  expect(answer.status).toBe(503);
  expect(answer.body.toString()).toContain('the services are turned off. Leave it out.');
});

test('nothing is forwarded to AWS: it could not be signed', async () => {
  const port = await door(() => Promise.resolve({}), 'aws');
  const answer = await ask(port, {});
  expect(answer.status).toBe(400);
  expect(answer.body.toString()).toContain('ask it directly');
});

test('an answer that breaks off breaks off for the caller too', async () => {
  const server = createServer((_incoming, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half', () => response.destroy());
  });
  const endpoint = `http://127.0.0.1:${await listening(server)}`;
  const port = await door(() => Promise.resolve({ endpoint }));
  await expect(ask(port, {})).rejects.toThrow();
});

test('headers of one connection do not go on to the next', () => {
  const headers = [
    'Host',
    'a',
    'Connection',
    'keep-alive, X-Mine',
    'X-Mine',
    '1',
    'TE',
    'x',
    'A',
    '1',
  ];
  expect(endToEnd([...headers, 'A', '2'])).toEqual(['Host', 'a', 'A', '1', 'A', '2']);
});

test('a header that others name for their connection still says where a body ends', () => {
  const headers = ['Host', 'a', 'Connection', 'Content-Length, Host', 'Content-Length', '3'];
  expect(endToEnd(headers)).toEqual(['Host', 'a', 'Content-Length', '3']);
});

test('the pages of the server in our container are nobody’s, however they are written', async () => {
  const { seen, endpoint } = await upstream(() => ({}));
  const port = await door(() => Promise.resolve({ endpoint }), 'container');
  for (const path of ['/moto-api/reset', '//moto-api/reset', '/%6Doto-api/', '/moto-api?x=1']) {
    expect((await ask(port, { method: 'POST', path })).status).toBe(403);
  }
  expect(seen).toEqual([]);
  expect((await ask(port, { path: '/bucket/moto-api/' })).status).toBe(200);
});

test('an answer that cannot be passed on is a failure of its caller’s only', async () => {
  const server = createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const { port: odd } = server.address() as AddressInfo;
  const port = await door(() => Promise.resolve({ endpoint: `http://127.0.0.1:${odd}` }));
  const answer = await ask(port, {});
  expect(answer.status).toBe(503);
  expect(answer.body.toString()).toContain('cannot be passed on');
});
