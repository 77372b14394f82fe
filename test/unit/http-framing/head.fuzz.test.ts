import { createServer, type IncomingMessage } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readHead } from '../../../src/http-framing/head.js';
import { Random } from '../../simulation/random.js';

const STREAMS = 4_000;
const LIMIT_MS = 120_000;

/** What the complete parser makes of a head: its facts, or undefined when it refuses. */
let reference: (
  bytes: Buffer,
) => Promise<{ method: string; path: string; host: string; length: string } | undefined>;
let close: () => Promise<void>;

beforeAll(async () => {
  const seen = new Map<number, IncomingMessage>();
  const server = createServer((request, response) => {
    seen.set(request.socket.remotePort ?? 0, request);
    response.end();
    request.resume();
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  reference = (bytes) =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      let local = 0;
      socket.on('connect', () => {
        local = socket.localPort ?? 0;
        socket.write(bytes);
      });
      const settle = (): void => {
        const request = seen.get(local);
        seen.delete(local);
        socket.destroy();
        resolve(
          request === undefined
            ? undefined
            : {
                method: request.method ?? '',
                path: request.url ?? '',
                host: request.headers.host ?? '',
                length: request.headers['content-length'] ?? '0',
              },
        );
      };
      socket.on('data', settle);
      socket.on('close', settle);
      socket.on('error', () => undefined);
    });
  close = () => new Promise((resolve) => server.close(() => resolve()));
});
afterAll(() => close());

function head(random: Random): string {
  const odd = <T>(usual: T, ...others: T[]): T =>
    random.chance(0.15) ? random.pick(others) : usual;
  const eol = odd('\r\n', '\n', '\r', '\r\n ', '\r\n\t');
  const lines = [
    `${odd('POST', 'GET', 'get', 'PUT', 'P OST')}${odd(' ', '  ', '\t')}${odd('/a', '*', 'http://x/', '/a b', '/ä', '')} ${odd('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ')}`,
    `${odd('Host', 'host', 'HOST', 'Host ', ' Host', 'Ho st')}${odd(': ', ':', ' : ', ':\t')}${odd('x.runtime:1', '', 'y', 'x\0y', 'x,y')}`,
  ];
  const length = odd('3', '03', '+3', '-3', '0x3', '3 ', '3,3', '3 3', '', '99999999999999999999');
  if (random.chance(0.8))
    lines.push(`${odd('Content-Length', 'content-length', 'Content-Length ')}: ${length}`);
  if (random.chance(0.1)) lines.push(`Content-Length: ${random.pick(['3', '4'])}`);
  if (random.chance(0.15))
    lines.push(
      `Transfer-Encoding: ${random.pick(['chunked', 'identity', 'gzip, chunked', 'Chunked', 'xchunked'])}`,
    );
  if (random.chance(0.1))
    lines.push(`Connection: ${random.pick(['close', 'keep-alive', 'upgrade'])}`);
  if (random.chance(0.1))
    lines.push(
      random.pick(['Expect: 100-continue', 'X: \u0001', 'X', ': y', 'X: a\nY: b', 'Upgrade: x']),
    );
  if (random.chance(0.02)) lines.push(`X: ${'y'.repeat(17_000)}`);
  return lines.join(eol) + odd('\r\n\r\n', '\n\n', '\r\n\n', '\r\r');
}

it(
  'never reads a request otherwise than the complete parser does',
  async () => {
    let both = 0;
    for (let seed = 1; seed <= STREAMS; seed += 1) {
      const bytes = Buffer.from(head(new Random(seed)), 'latin1');
      const ours = readHead(bytes);
      if (ours === undefined || ours === 'unusual') continue;
      const theirs = await reference(Buffer.concat([bytes, Buffer.from('abc')]));
      both += 1;
      expect({ seed, ours: theirs }).toEqual({
        seed,
        ours: {
          method: ours.method,
          path: ours.path,
          host: ours.host,
          length: ours.headers['content-length'] ?? '0',
        },
      });
      expect(ours.contentLength).toBe(Number(theirs?.length));
    }
    expect(both).toBeGreaterThan(100);
  },
  LIMIT_MS,
);
