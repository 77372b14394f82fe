/**
 * As little as a relay on Node.js can do: whole messages on raw sockets, of each only what finds
 * its end and its reader. Nothing is checked, recorded, limited or timed, and it has one runtime: no
 * floor to be held to, but what is left above it is ours to save. Prints `ready <port>`; the
 * runtime's socket is the path it is given.
 */

import { createServer, type AddressInfo, type Socket } from 'node:net';

const socketPath = process.argv[2] ?? '';
let runtime: Socket | undefined;
let client: Socket | undefined;

/** Where the body begins, and whether all of it is here. */
function bodyOf(chunk: Buffer, from: number): { start: number; end: number } | undefined {
  const head = chunk.indexOf('\r\n\r\n', from);
  if (head < 0) return undefined;
  const length = Number(
    /content-length: (\d+)/i.exec(chunk.toString('latin1', from, head))?.[1] ?? 0,
  );
  const end = head + 4 + length;
  return end > chunk.length ? undefined : { start: head + 4, end };
}

const clients = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const body = bodyOf(chunk, 0);
    if (body === undefined) throw new Error('an event came in pieces');
    client = socket;
    const bytes = chunk.toString('latin1', body.start, body.end);
    runtime?.write(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: 1\r\n` +
        `Content-Length: ${bytes.length}\r\n\r\n${bytes}`,
      'latin1',
    );
  });
});

const runtimes = createServer((socket) => {
  runtime = socket;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const body = bodyOf(chunk, 0);
    // The first poll comes alone; later ones behind an answer.
    if (body === undefined || body.start === body.end) return;
    const bytes = chunk.toString('latin1', body.start, body.end);
    client?.write(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`,
      'latin1',
    );
  });
});

runtimes.listen(socketPath, () => {
  clients.listen(0, '127.0.0.1', () => {
    process.stdout.write(`ready ${(clients.address() as AddressInfo).port}\n`);
  });
});
