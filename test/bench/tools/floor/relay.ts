/**
 * The floor: the long-poll relay a good engineer would write first, on plain node:http. Prints
 * `ready <clientPort> <runtimePort>`. Bench only; nothing of the product is in it.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

const runtimeAddress = process.argv[2] ?? '127.0.0.1';
const idle: ServerResponse[] = [];
const waiting: { id: string; body: Buffer }[] = [];
const inProgress = new Map<string, ServerResponse>();

function read(request: IncomingMessage, done: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => done(Buffer.concat(pieces)));
}

function dispatch(): void {
  while (idle.length > 0 && waiting.length > 0) {
    const poll = idle.pop();
    const event = waiting.shift();
    if (poll === undefined || event === undefined) return;
    poll.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': event.id,
      'Content-Length': event.body.length,
    });
    poll.end(event.body);
  }
}

const clients = createServer((request, response) => {
  read(request, (body) => {
    const id = randomUUID();
    inProgress.set(id, response);
    waiting.push({ id, body });
    dispatch();
  });
});

const runtimes = createServer((request, response) => {
  if (request.method === 'GET') {
    idle.push(response);
    dispatch();
    return;
  }
  read(request, (body) => {
    const id = (request.url ?? '').split('/').at(-1) ?? '';
    const client = inProgress.get(id);
    inProgress.delete(id);
    client?.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    client?.end(body);
    response.writeHead(202, { 'Content-Length': 0 });
    response.end();
  });
});

for (const server of [clients, runtimes]) {
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
}
clients.listen(0, '127.0.0.1', () => {
  runtimes.listen(0, runtimeAddress, () => {
    const port = (server: typeof clients): number => (server.address() as AddressInfo).port;
    process.stdout.write(`ready ${port(clients)} ${port(runtimes)}\n`);
  });
});
