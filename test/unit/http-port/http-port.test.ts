import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpPort, type HttpSite } from '../../../src/http-port/http-port.js';
import { ManualClock } from '../../support/manual-clock.js';

interface Answer {
  readonly status: number;
  readonly body: string;
}

function site(name: string, parts: Partial<HttpSite> = {}): HttpSite {
  return {
    owns: () => true,
    serve: (_request, response) => void response.end(name),
    ...parts,
  };
}

describe('the port of HTTP event sources', () => {
  const ports: HttpPort[] = [];
  afterEach(() => Promise.all(ports.splice(0).map((port) => port.close())));

  async function opened(
    sites: readonly HttpSite[],
    options: Partial<ConstructorParameters<typeof HttpPort>[0]> = {},
  ): Promise<{
    port: HttpPort;
    get(path: string, headers?: Record<string, string>): Promise<Answer>;
  }> {
    const port = new HttpPort({ host: '127.0.0.1', port: 0, ...options });
    ports.push(port);
    for (const one of sites) port.mount(one);
    const url = await port.open();
    const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const outgoing = request(`${url}${path}`, { headers, agent: false }, (response) => {
          let body = '';
          response.on('data', (piece: Buffer) => (body += piece.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        });
        outgoing.on('error', reject);
        outgoing.end();
      });
    return { port, get };
  }
  it('asks those that take what is left last, in whatever order they came', async () => {
    const own = site('sockets', { owns: ({ url }) => url?.startsWith('/ws') === true });
    const { get: ask } = await opened([site('apis', { takesTheRest: true }), own]);
    expect(await ask('/ws')).toEqual({ status: 200, body: 'sockets' });
    expect(await ask('/orders')).toEqual({ status: 200, body: 'apis' });
  });

  it('says what nobody serves', async () => {
    const { get: ask } = await opened([]);
    expect((await ask('/')).status).toBe(404);
  });

  it('refuses names that are not ours, which a page could have pointed at us', async () => {
    const { get: ask } = await opened([
      site('apis', { ownsHost: (name) => name === 'api.example.com' }),
    ]);
    expect((await ask('/', { host: 'evil.example' })).status).toBe(403);
    expect((await ask('/', { host: 'evil.localhost.example' })).status).toBe(403);
    for (const host of ['localhost', '127.0.0.1:3000', 'abc.execute-api.localhost:3000']) {
      expect(await ask('/', { host })).toEqual({ status: 200, body: 'apis' });
    }
    expect((await ask('/', { host: 'api.example.com' })).status).toBe(200);
  });

  it('lets pages of other sites ask: their reading is for CORS to allow', async () => {
    const { get: ask } = await opened([site('apis')]);
    expect((await ask('/', { origin: 'http://localhost:5173' })).status).toBe(200);
  });

  it('opens once, and says who has the port otherwise', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port: number } = taken.address() as AddressInfo;
    const port = new HttpPort({ host: '127.0.0.1', port: number });
    await expect(port.open()).rejects.toMatchObject({
      code: 'port-in-use',
      remedy: expect.stringContaining('--http-port'),
    });
    await new Promise((resolve) => taken.close(resolve));
    ports.push(port);
    expect(await port.open()).toBe(await port.open());
    expect(port.url).toBe(`http://127.0.0.1:${number}`);
  });

  it('lets what it has begun finish, and refuses what comes on open connections', async () => {
    let answer: ServerResponse | undefined;
    let arrived = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (arrived = resolve));
    const slow = site('slow', {
      serve: (_request: IncomingMessage, response) => {
        answer = response;
        arrived();
      },
    });
    const { port, get: ask } = await opened([slow]);
    const answered = ask('/');
    await waiting;
    const drained = port.drain();
    answer?.end('done');
    expect(await answered).toEqual({ status: 200, body: 'done' });
    await drained;
    await expect(ask('/')).rejects.toThrow('ECONNREFUSED');
  });

  it('does not wait for clients that send half a request or leave their answer', async () => {
    const clock = new ManualClock();
    let arrived = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      let count = 0;
      arrived = () => (count += 1) === 2 && resolve();
    });
    const apis = site('apis', {
      serve: ({ method }, response) => {
        if (method === 'GET') response.end(Buffer.alloc(64 * 2 ** 20));
        arrived();
      },
    });
    const { port } = await opened([apis], { clock });
    const { port: number } = new URL(port.url ?? '');
    const half = connect(Number(number), '127.0.0.1');
    half.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf');
    const deaf = connect(Number(number), '127.0.0.1').pause();
    deaf.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    for (const client of [half, deaf]) client.on('error', () => undefined);
    await both;
    const drained = port.drain();
    await clock.advanceAsync(10_000);
    await drained;
    half.destroy();
    deaf.destroy();
  });

  it('does not open once it is to end', async () => {
    const port = new HttpPort({ host: '127.0.0.1', port: 0 });
    await port.drain();
    await expect(port.open()).rejects.toThrow('stopping');
    const late = new HttpPort({ host: '127.0.0.1', port: 0 });
    const opening = late.open();
    await late.close();
    const url = await opening;
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('survives clients that offer another protocol and then break the connection', async () => {
    let answer: ServerResponse | undefined;
    let arrived = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (arrived = resolve));
    const slow = site('slow', {
      upgrade: () => undefined,
      serve: (_request, response) => {
        answer = response;
        arrived();
      },
    });
    const { port } = await opened([slow]);
    const client = connect(Number(new URL(port.url ?? '').port), '127.0.0.1');
    client.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    await waiting;
    client.resetAndDestroy();
    const closed = new Promise((resolve) => answer?.once('close', resolve));
    answer?.end(Buffer.alloc(2 ** 20));
    await closed;
    await port.drain();
  });

  it('closes what it has refused though the client sends on and stays', async () => {
    const { port } = await opened([site('sockets', { upgrade: () => undefined })]);
    const client = connect({
      port: Number(new URL(port.url ?? '').port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    client.on('error', () => undefined);
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.write(
      'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    let text = '';
    client.on('data', (piece: Buffer) => {
      text += piece.toString();
      // Whoever still holds the other end takes this; who has closed it answers with a reset.
      const more = setInterval(() => client.write('more'), 5);
      client.once('close', () => clearInterval(more));
    });
    await closed;
    expect(text).toContain('403 Forbidden');
  });

  it('serves a request that offers another protocol than WebSocket as if it did not', async () => {
    const { get: ask } = await opened([site('apis', { upgrade: () => undefined })]);
    const answer = await ask('/', { connection: 'Upgrade', upgrade: 'h2c' });
    expect(answer).toEqual({ status: 200, body: 'apis' });
  });

  it('asks callers for the token of the run only from beyond loopback', async () => {
    const { get: ask } = await opened([site('apis')], { authToken: 'secret' });
    expect((await ask('/')).status).toBe(200);
  });
});
