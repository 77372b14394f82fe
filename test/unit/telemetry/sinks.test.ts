import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Sink } from '../../../src/telemetry/delivery.js';
import { openSink } from '../../../src/telemetry/sinks.js';

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(server);
  return (server.address() as AddressInfo).port;
}

const NEVER = new AbortController().signal;

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}

async function httpListener(status: () => number): Promise<{ seen: Seen[]; sink: Sink }> {
  const seen: Seen[] = [];
  const port = await listen(
    createHttpServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        seen.push({ request, body });
        response.writeHead(status()).end('noted');
      });
    }),
  );
  const sink = openSink(
    {
      protocol: 'HTTP',
      method: 'POST',
      host: `sandbox.localdomain:${port}`,
      port,
      path: '/events?x=1',
    },
    () => '127.0.0.1',
  );
  opened.push(sink);
  return { seen, sink };
}

describe('a listener by HTTP', () => {
  it('gets JSON arrays under its own name, over one connection', async () => {
    const { seen, sink } = await httpListener(() => 200);
    await sink.send(['{"a":1}', '{"b":"ü"}'], NEVER);
    await sink.send(['{"c":3}'], NEVER);
    expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      [{ a: 1 }, { b: 'ü' }],
      [{ c: 3 }],
    ]);
    const { method, url, headers } = seen[0]!.request;
    expect([method, url]).toEqual(['POST', '/events?x=1']);
    expect(headers.host).toMatch(/^sandbox\.localdomain:\d+$/);
    expect(headers['content-type']).toBe('application/json');
    expect(seen[0]!.request.socket).toBe(seen[1]!.request.socket);
  });

  it('has not taken what it answers with an error', async () => {
    const { sink } = await httpListener(() => 500);
    await expect(sink.send(['{}'], NEVER)).rejects.toThrow('the listener answered 500');
  });

  it('is let go of when the patience with it ends', async () => {
    const sockets: Socket[] = [];
    const port = await listen(createServer((socket) => void sockets.push(socket)));
    const sink = openSink(
      { protocol: 'HTTP', method: 'POST', host: 'sandbox', port, path: '/' },
      () => '127.0.0.1',
    );
    opened.push(sink);
    const patience = new AbortController();
    const sent = sink.send(['{}'], patience.signal);
    patience.abort();
    await expect(sent).rejects.toThrow();
    for (const socket of sockets) socket.destroy();
  });
});

describe('a listener by TCP', () => {
  it('gets one line for each event, and is found again after its connection has ended', async () => {
    let text = '';
    const sockets: Socket[] = [];
    let more = (): void => undefined;
    const port = await listen(
      createServer((socket) => {
        sockets.push(socket);
        socket.on('data', (piece: Buffer) => {
          text += piece.toString();
          more();
        });
      }),
    );
    const until = (part: string): Promise<void> =>
      new Promise((resolve) => {
        more = () => (text.includes(part) ? resolve() : undefined);
        more();
      });
    const sink = openSink({ protocol: 'TCP', port }, () => '127.0.0.1');
    opened.push(sink);
    await sink.send(['{"a":1}', '{"b":2}'], NEVER);
    await until('2}\n');
    expect(text).toBe('{"a":1}\n{"b":2}\n');
    expect(sockets).toHaveLength(1);
    await new Promise<void>((resolve) => {
      sockets[0]!.on('close', resolve);
      sockets[0]!.destroy();
    });
    // What is written before the end has been seen here is lost with the connection.
    while (!text.includes('3}\n')) {
      await sink.send(['{"c":3}'], NEVER).catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sockets).toHaveLength(2);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a listener that cannot be reached', () => {
  it.each([
    ['has no address yet', undefined],
    ['is not there', '127.0.0.1'],
  ])('because it %s fails the batch', async (_, address) => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    for (const destination of [
      { protocol: 'TCP', port } as const,
      { protocol: 'HTTP', method: 'POST', host: 'sandbox', port, path: '/' } as const,
    ]) {
      const sink = openSink(destination, () => address);
      opened.push(sink);
      await expect(sink.send(['{}'], NEVER)).rejects.toThrow();
    }
  });
});
