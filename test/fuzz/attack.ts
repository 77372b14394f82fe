/**
 * Hostile byte streams at HTTP level, and how one is sent. Requests begin well-formed, so that they
 * get past the first check; any part may then be odd, the bytes damaged, and the whole cut anywhere.
 */

import { connect, type Socket } from 'node:net';
import fc from 'fast-check';

export interface Attack {
  /** With placeholders for what only turns out when it is sent. */
  readonly text: string;
  /** Where the bytes are cut, modulo their number; each piece is written in a turn of its own. */
  readonly cuts: readonly number[];
  /** What the sender does after the last piece. */
  readonly ending: 'half-close' | 'reset' | 'read';
}

export interface Target {
  readonly methods: readonly string[];
  /** Paths that mean something, to be damaged. */
  readonly paths: readonly string[];
  /** Header names that mean something, with values that do. */
  readonly headers: readonly (readonly [name: string, values: readonly string[]])[];
  readonly bodies: readonly string[];
}

/** A server that has not let go of a connection after this has hung; machines may be busy. */
const HANG_MS = 30_000;
/** Who waits to read what may never come waits for this many turns. */
const READING_TURNS = 20;

const ODD_BODIES = [
  '',
  '{',
  'null',
  '"\ud800"',
  '[[[[[[[[[[[[[[[[',
  '\0\0\0',
  '{"a":1}{"b":2}',
  '{"__proto__":{"polluted":true}}',
  '{"events":["INVOKE",{"x":1}],"types":[],"constructor":null}',
  `"${'x'.repeat(70_000)}"`,
];
const ODD_HEADERS = [
  'Content-Length: -1',
  'Content-Length: 9999999999999999999999',
  'Content-Length: 3, 3',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: gzip',
  'Trailer: Lambda-Runtime-Function-Error-Type',
  'Expect: 100-continue',
  'Expect: the-moon',
  'Upgrade: h2c',
  'Connection: upgrade, close',
  'Connection: close',
  'Host: second.runtime:1',
  ' folded: yes',
  'no colon',
  'Nul: a\0b',
  'Content-Type: application/vnd.aws.lambda.error.cause+json',
  'Lambda-Runtime-Function-Response-Mode: streaming',
  'Lambda-Runtime-Function-Response-Mode: STREAMING',
  `Long: ${'y'.repeat(20_000)}`,
];

/** `hosts` are what a `Host` header may hold, the attacker's own included. */
export function attacks(target: Target, hosts: readonly string[]): fc.Arbitrary<Attack> {
  const usually = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });
  const oneOf = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

  const path = usually(
    oneOf(target.paths),
    fc.oneof(
      fc.webPath(),
      fc.tuple(oneOf(target.paths), fc.string({ maxLength: 20 })).map(([a, b]) => a + b),
      oneOf(['*', 'http://elsewhere/', '//', '/../..', '/%00', '/%', `/${'a'.repeat(9_000)}`]),
    ),
  );
  const meaningful = fc
    .constantFrom(...target.headers)
    .chain(([name, values]) =>
      usually(oneOf(values), fc.string({ maxLength: 40 })).map((value) => `${name}: ${value}`),
    );
  const framing = fc.constantFrom('length', 'length', 'length', 'chunked', 'wrong', 'both', 'none');
  const request = fc
    .record({
      method: usually(oneOf(target.methods), oneOf(['get', 'PATCH', 'CONNECT', 'P OST', ''])),
      path,
      version: usually(fc.constant('HTTP/1.1'), oneOf(['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 '])),
      host: oneOf(hosts),
      headers: fc.array(usually(meaningful, oneOf(ODD_HEADERS)), { maxLength: 4 }),
      body: usually(oneOf(target.bodies), oneOf(ODD_BODIES)),
      framing,
    })
    .map(written);
  const stream = fc.array(request, { minLength: 1, maxLength: 3 }).map((all) => Buffer.concat(all));
  const damaged = usually(
    stream,
    fc
      .tuple(stream, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat())
      .map(([bytes, flips, length]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of flips) copy[at % copy.length] = value;
        return copy.subarray(0, 1 + (length % copy.length));
      }),
  );
  return fc
    .record({
      bytes: damaged,
      cuts: fc.array(fc.nat(), { maxLength: 4 }),
      ending: fc.constantFrom('half-close' as const, 'reset' as const, 'read' as const),
    })
    .map(({ bytes, cuts, ending }) => ({ text: bytes.toString('latin1'), cuts, ending }));
}

interface Written {
  readonly method: string;
  readonly path: string;
  readonly version: string;
  readonly host: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly framing: string;
}

function written({ method, path, version, host, headers, body, framing }: Written): Buffer {
  const content = Buffer.from(body);
  const lines = [`${method} ${path} ${version}`, `Host: ${host}`, ...headers];
  const chunked = `${content.length.toString(16)}\r\n${content.toString('latin1')}\r\n0\r\n\r\n`;
  let tail = content.toString('latin1');
  if (framing === 'length' || framing === 'both') lines.push(`Content-Length: ${content.length}`);
  if (framing === 'wrong') lines.push(`Content-Length: ${content.length + 7}`);
  if (framing === 'chunked' || framing === 'both') {
    lines.push('Transfer-Encoding: chunked');
    tail = chunked;
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${tail}`, 'latin1');
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((at) => at % bytes.length))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const at of [...places, bytes.length]) {
    if (at > from) pieces.push(bytes.subarray(from, at));
    from = at;
  }
  return pieces;
}

/** Where to, and what the placeholders in the text stand for by now. */
export interface Aim {
  readonly port: number;
  readonly values: Readonly<Record<string, string>>;
}

/** Sends it; resolves with all that came back once the connection is over. Rejects on a hang. */
export function send(attack: Attack, { port, values }: Aim): Promise<Buffer> {
  const text = Object.entries(values).reduce(
    (filled, [placeholder, value]) => filled.replaceAll(placeholder, value),
    attack.text,
  );
  const pieces = cut(Buffer.from(text, 'latin1'), attack.cuts);
  return new Promise((resolve, reject) => {
    const answer: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const hang = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the server holds on to a connection that was sent\n${shown(attack)}`));
    }, HANG_MS);
    socket.on('data', (chunk: Buffer) => {
      answer.push(chunk);
      if (attack.ending === 'read') socket.destroy();
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(hang);
      resolve(Buffer.concat(answer));
    });
    void write(pieces, attack.ending, socket);
  });
}

async function write(
  pieces: readonly Buffer[],
  ending: Attack['ending'],
  socket: Socket,
): Promise<void> {
  for (const piece of pieces) {
    if (!socket.writable) return;
    socket.write(piece);
    await turn();
  }
  if (ending === 'half-close') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
  if (ending !== 'read') return;
  for (let turns = 0; turns < READING_TURNS; turns += 1) await turn();
  socket.destroy();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function shown({ text, ending }: Attack): string {
  return `${JSON.stringify(text)} then ${ending}`;
}
