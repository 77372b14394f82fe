import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Connection } from '../../../src/runtime-api/connection.js';
import { errorReply } from '../../../src/runtime-api/replies.js';

/** A socket whose other end reads only when the test says so. */
class Unread extends Duplex {
  readonly #waiting: (() => void)[] = [];
  written = 0;
  reads = false;

  setNoDelay(): void {}
  setKeepAlive(): void {}
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.length;
    if (this.reads) done();
    else this.#waiting.push(done);
  }
  readAll(): void {
    this.reads = true;
    for (const done of this.#waiting.splice(0)) done();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const REQUEST = 'GET /x HTTP/1.1\r\nHost: a.runtime:1\r\n\r\n';

describe('a connection of a runtime', () => {
  it('takes no more requests from one that does not read the answers, and goes on when it does', async () => {
    let served = 0;
    const socket = new Unread();
    const connection = new Connection(socket as unknown as Socket, {
      serve: (_host, _call, answer) => {
        served += 1;
        answer.send(errorReply(404, 'NotFound', 'x'.repeat(100)));
        return undefined;
      },
      handOff: () => undefined,
    });
    const sent = 20_000;
    for (let chunk = 0; chunk < 20; chunk += 1) socket.push(REQUEST.repeat(sent / 20));
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(served).toBeLessThan(1_000);
    expect(socket.writableLength).toBeLessThan(256 * 1024);
    socket.readAll();
    while (served < sent) await turn();
    expect(served).toBe(sent);
    connection.destroy();
  });
});
