import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Connection, type Door } from '../../../src/http-framing/connection.js';
import type { Exchange } from '../../../src/http-framing/exchange.js';
import { giveUp } from '../../../src/http-framing/used-up.js';

/**
 * A socket whose other end reads only when the test says so, and sends as long as somebody takes it;
 * the rest waits, as it would in the kernel.
 */
class Other extends Duplex {
  readonly #waiting: (() => void)[] = [];
  readonly #sent: (Buffer | null)[] = [];
  #taken = true;
  readonly writes: string[] = [];
  reads = true;

  get isTaken(): boolean {
    return this.#taken;
  }
  send(bytes: string | Buffer | null): void {
    this.#sent.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    this.#arrive();
  }
  #arrive(): void {
    while (this.#taken && this.#sent.length > 0) {
      const bytes = this.#sent.shift();
      this.#taken = this.push(bytes);
      // As a socket does when the other side has ended.
      if (bytes === null) this.read(0);
    }
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }
  override _read(): void {
    this.#taken = true;
    this.#arrive();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk.toString('latin1'));
    if (this.reads) done();
    else this.#waiting.push(done);
  }
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', done);
  }
  readAll(): void {
    this.reads = true;
    for (const done of this.#waiting.splice(0)) done();
  }
}

/** A door that keeps what it is asked. */
class Asked implements Door {
  holdsAnswers = false;
  clock = 0;
  takes: (exchange: Exchange) => boolean = () => true;
  readonly begun: Exchange[] = [];
  readonly bodies: string[] = [];
  readonly lost: Exchange[] = [];
  handedOff: string | undefined;
  truncations = 0;
  closes = 0;

  begin(exchange: Exchange): boolean {
    if (!this.takes(exchange)) return false;
    this.begun.push(exchange);
    exchange.onBody = (body) => this.onBody(exchange, body);
    exchange.onLost = () => this.lost.push(exchange);
    return true;
  }
  onBody(_exchange: Exchange, body: Buffer): void {
    this.bodies.push(body.toString('latin1'));
  }
  handOff(_connection: Connection, _socket: Socket, unread: Buffer): void {
    this.handedOff = unread.toString('latin1');
  }
  truncated(socket: Socket): void {
    this.truncations += 1;
    socket.destroy();
  }
  closed(): void {
    this.closes += 1;
  }
  now(): number {
    return this.clock;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

function opened(door = new Asked()): { door: Asked; other: Other; connection: Connection } {
  const other = new Other();
  return { door, other, connection: new Connection(other as unknown as Socket, door) };
}

describe('a connection', () => {
  it('gives requests in order, one at a time, and the answers in the same order', async () => {
    const { door, other } = opened();
    other.send(post('/1', 'one') + get('/2') + post('/3', 'three'));
    await turn();
    expect(door.bodies).toEqual(['one']);
    door.begun[0]?.send('first ');
    door.begun[1]?.send('second ');
    door.begun[2]?.send('third ');
    await turn();
    expect(door.bodies).toEqual(['one', '', 'three']);
    expect(other.writes.join('')).toBe('first second third ');
  });

  it('writes small bodies and large ones as they are, in their order', async () => {
    const { door, other } = opened();
    other.send(get('/1') + get('/2') + get('/3'));
    await turn();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const large = Buffer.alloc(100_000, bytes);
    door.begun[0]?.send('small ', bytes);
    door.begun[1]?.send('large ', large);
    door.begun[2]?.send('last');
    await turn();
    const wanted = `small ${bytes.toString('latin1')}large ${large.toString('latin1')}last`;
    expect(other.writes.join('')).toBe(wanted);
  });

  it('knows a head that comes again, whatever comes between', async () => {
    const { door, other } = opened();
    for (const round of [1, 2, 3]) {
      other.send(post(`/answer/${round}`, 'same') + get('/poll'));
      await turn();
      door.begun.at(-1)?.send('x');
      await turn();
      door.begun.at(-1)?.send('x');
      await turn();
    }
    const polls = door.begun.filter(({ head }) => head.path === '/poll');
    expect(polls.map(({ repeats }) => repeats)).toEqual([false, true, true]);
    expect(polls[2]?.head).toBe(polls[0]?.head);
    const paths = door.begun.filter(({ repeats }) => !repeats).map(({ head }) => head.path);
    expect(paths).toEqual(['/answer/1', '/poll', '/answer/2', '/answer/3']);
    expect(door.bodies).toEqual(['same', '', 'same', '', 'same', '']);
  });

  it('reads heads whose lines come in another order, or with other names, for what they are', async () => {
    const { door, other } = opened();
    const heads = [
      ['Host: a', 'X-One: 1', 'X-Two: 2'],
      ['Host: a', 'X-Two: 3', 'X-One: 4'],
      ['HOST: a', 'X-One:5', 'x-two:  6 '],
      ['Host: a', 'X-One-More: 7', 'X-Two: 8'],
    ].map((lines, at) => `GET /${at} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    for (const [sent, head] of heads.entries()) {
      other.send(head);
      await turn();
      door.begun[sent]?.send('x');
    }
    expect(door.begun.map(({ head }) => head.headers.toRecord())).toEqual([
      { host: 'a', 'x-one': '1', 'x-two': '2' },
      { host: 'a', 'x-two': '3', 'x-one': '4' },
      { host: 'a', 'x-one': '5', 'x-two': '6' },
      { host: 'a', 'x-one-more': '7', 'x-two': '8' },
    ]);
  });

  it('takes no head for one that only begins like it', async () => {
    const { door, other } = opened();
    const short = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
    const longer = 'GET /1 HTTP/1.1\r\nHost: a\r\nX-More: b\r\n\r\n';
    other.send(longer + short + short + longer);
    for (let sent = 0; sent < 4; sent += 1) {
      await turn();
      door.begun[sent]?.send('x');
    }
    await turn();
    expect(door.begun.map(({ head }) => head.headers.get('x-more'))).toEqual([
      'b',
      undefined,
      undefined,
      'b',
    ]);
  });

  it('reads a request that comes byte by byte', async () => {
    const { door, other } = opened();
    for (const byte of post('/1', 'one') + get('/2')) {
      other.send(byte);
      await turn();
    }
    door.begun[0]?.send('x');
    await turn();
    expect(door.begun.map(({ head }) => head.path)).toEqual(['/1', '/2']);
    expect(door.bodies).toEqual(['one', '']);
  });

  it('hands off what is unusual with all that follows, after the answers before it', async () => {
    const { door, other } = opened();
    const chunked = 'POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    other.send(get('/1') + chunked);
    await turn();
    expect(door.handedOff).toBeUndefined();
    other.send(get('/3'));
    await turn();
    door.begun[0]?.send('first');
    await turn();
    expect(other.writes).toEqual(['first']);
    expect(door.handedOff).toBe(chunked + get('/3'));
    expect(other.listenerCount('data') + other.listenerCount('error')).toBe(0);
  });

  it('hands off what the door does not want before a byte of it was used', async () => {
    const { door, other } = opened();
    door.takes = ({ head }) => head.path !== '/2';
    other.send(get('/1') + post('/2', 'body'));
    await turn();
    door.begun[0]?.send('first');
    expect(door.handedOff).toBe(post('/2', 'body'));
  });

  it.each([
    ['another protocol', 'PRI * HTTP/2.0\r\n'],
    ['TLS', '\x16\x03\x01'],
    ['a line that ends with half an end', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a method of others', 'PATCH /'],
    ['a head that grows too large', `GET / HTTP/1.1\r\nX: ${'x'.repeat(17_000)}`],
  ])('does not wait for the end of %s', async (_what, beginning) => {
    const { door, other } = opened();
    for (const half of [beginning.slice(0, 1), beginning.slice(1)]) {
      other.send(Buffer.from(half, 'latin1'));
      await turn();
    }
    expect(door.handedOff).not.toBe('');
    expect(beginning.startsWith(door.handedOff ?? 'never')).toBe(true);
  });

  it('answers before the body has come, and drops the body', async () => {
    const { door, other, connection } = opened();
    const whole = post('/1', 'x'.repeat(1000));
    other.send(whole.slice(0, -900));
    await turn();
    door.begun[0]?.send('refused');
    expect(other.writes).toEqual(['refused']);
    expect(connection.waiting).toBe('body');
    other.send(whole.slice(-900) + get('/2'));
    await turn();
    expect(door.bodies).toEqual(['']);
    expect(door.begun.map(({ head }) => head.path)).toEqual(['/1', '/2']);
  });

  it('ends with an answer that is the last, and reads nothing behind it', async () => {
    const { door, other } = opened();
    other.send(get('/1') + get('/2'));
    await turn();
    door.begun[0]?.send('last', undefined, true);
    await turn();
    expect(other.destroyed).toBe(true);
    expect(other.writes).toEqual(['last']);
    expect(door.begun).toHaveLength(1);
  });

  it('sends what stands behind an open request at once, or with its answer where the door says so', async () => {
    for (const holdsAnswers of [false, true]) {
      const { door, other } = opened();
      door.holdsAnswers = holdsAnswers;
      door.onBody = (exchange) => {
        if (exchange.head.path === '/post') exchange.send('accepted ');
      };
      other.send(post('/post', 'x') + get('/poll'));
      await turn();
      expect(other.writes).toEqual(holdsAnswers ? [] : ['accepted ']);
      door.begun[1]?.send('event');
      await turn();
      expect(other.writes).toEqual(holdsAnswers ? ['accepted event'] : ['accepted ', 'event']);
    }
  });

  it('tells the door of a request whose sender has gone, and sends its answer nowhere', async () => {
    const { door, other } = opened();
    other.send(get('/1'));
    await turn();
    expect(door.begun[0]?.lost).toBe(false);
    other.destroy();
    await turn();
    expect(door.lost).toEqual(door.begun);
    expect(door.begun[0]?.lost).toBe(true);
    door.begun[0]?.send('late');
    expect([other.writes, door.closes]).toEqual([[], 1]);
  });

  it('tells half a request from none when the other side ends', async () => {
    for (const [sent, truncations] of [
      ['', 0],
      [get('/1'), 0],
      [get('/1').slice(0, 9), 1],
      [post('/1', 'body').slice(0, -1), 1],
    ] as const) {
      const { door, other } = opened();
      if (sent !== '') other.send(sent);
      await turn();
      other.send(null);
      await turn();
      await turn();
      expect([sent, door.truncations]).toEqual([sent, truncations]);
    }
  });

  it('says what it waits for, and since when', async () => {
    const { door, other, connection } = opened();
    const is = (waiting: string, since: number): void =>
      expect([connection.waiting, connection.since]).toEqual([waiting, since]);
    is('request', 0);
    const whole = post('/1', 'body');
    for (const [clock, part, waiting, since] of [
      [10, whole.slice(0, 5), 'head', 10],
      [20, whole.slice(5, -2), 'body', 10],
      [30, whole.slice(-2), 'answer', 10],
    ] as const) {
      door.clock = clock;
      other.send(part);
      await turn();
      is(waiting, since);
    }
    door.clock = 40;
    door.begun[0]?.send('x');
    is('request', 40);
  });

  it('takes no more requests from one that does not read the answers, and goes on when it does', async () => {
    const { door, other, connection } = opened();
    let served = 0;
    door.onBody = (exchange) => {
      served += 1;
      exchange.send('x'.repeat(200));
    };
    other.reads = false;
    const sent = 20_000;
    for (let chunk = 0; chunk < 20; chunk += 1) other.send(get('/x').repeat(sent / 20));
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(served).toBeLessThan(1_000);
    expect(other.writableLength).toBeLessThan(256 * 1024);
    other.readAll();
    while (served < sent) await turn();
    expect(served).toBe(sent);
    connection.destroy();
  });

  it('keeps the body it writes until it is out, though nobody else needs it', async () => {
    const { door, other } = opened();
    other.reads = false;
    other.send(get('/1'));
    await turn();
    const body = Buffer.alloc(2 ** 20, 'x');
    door.begun[0]?.send('head ', body);
    giveUp(body);
    await turn();
    expect(body).toHaveLength(2 ** 20);
    other.readAll();
    await turn();
    expect(body).toHaveLength(0);
    expect(other.writes.join('')).toBe(`head ${'x'.repeat(2 ** 20)}`);
  });

  it('makes one wait who sends far ahead of the answer', async () => {
    const { door, other } = opened();
    other.send(get('/1'));
    await turn();
    for (let at = 0; at < 200; at += 1) other.send(Buffer.alloc(64 * 1024, 0x41));
    await turn();
    expect(other.isTaken).toBe(false);
    door.begun[0]?.send('x');
    expect(door.handedOff?.length).toBeGreaterThan(6 * 2 ** 20);
  });

  it('reads what was sent far ahead byte by byte, once its turn comes', async () => {
    const { door, other } = opened();
    other.send(get('/1'));
    await turn();
    const ahead = Array.from({ length: 500 }, (_, at) => post(`/${at}`, `body ${at}`)).join('');
    for (const byte of ahead) other.send(byte);
    await turn();
    expect(door.begun).toHaveLength(1);
    door.onBody = (exchange, body) => {
      door.bodies.push(body.toString('latin1'));
      exchange.send('x');
    };
    door.begun[0]?.send('x');
    await turn();
    expect(door.bodies.slice(1)).toEqual(Array.from({ length: 500 }, (_, at) => `body ${at}`));
  });
});
