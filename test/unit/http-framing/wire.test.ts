import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Wire } from '../../../src/http-framing/wire.js';

/** Two real ends: what the kernel keeps in between is part of what is tested. */
let server: Server;
let ours: Socket;
let other: Socket;

beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  other = connect((server.address() as AddressInfo).port, '127.0.0.1');
  [ours] = (await accepted) as [Socket];
  ours.on('error', () => undefined);
  other.on('error', () => undefined);
});

afterEach(async () => {
  ours.destroy();
  other.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** What is written directly, and what is too large for that. */
const SIZES = [1000, 15_999, 64 * 1024];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

function wired(onBytes: (text: string, wire: Wire) => void = () => undefined): {
  wire: Wire;
  drains: () => number;
} {
  let drains = 0;
  const wire: Wire = new Wire(
    ours,
    (bytes) => onBytes(bytes.toString('latin1'), wire),
    () => (drains += 1),
  );
  return { wire, drains: () => drains };
}

describe('a wire', () => {
  it('hands on what comes, and writes what is to go, in order', async () => {
    let come = '';
    const { wire, drains } = wired((text) => {
      come += text;
      wire.write(`<${text}>`);
      wire.writeAll(['[', Buffer.from(text), ']'], () => undefined);
    });
    let back = '';
    other.on('data', (bytes: Buffer) => (back += bytes.toString('latin1')));
    for (const text of ['one', 'two', 'three']) {
      other.write(text);
      await until(() => back.endsWith(`[${text}]`));
    }
    expect(come).toBe('onetwothree');
    expect(back).toBe('<one>[one]<two>[two]<three>[three]');
    expect([wire.isWriting, wire.needsDrain, drains()]).toEqual([false, false, 0]);
  });

  it('hands on what had come before it, and the end', async () => {
    other.end('early');
    await once(ours, 'readable');
    let come = '';
    wired((text) => (come += text));
    await Promise.all([once(ours, 'end'), until(() => come === 'early')]);
  });

  it.each(SIZES)(
    'says that the other side does not keep up, and when it does again (%i)',
    async (size) => {
      const { wire, drains } = wired();
      other.pause();
      const piece = 'x'.repeat(size);
      let written = 0;
      while (!wire.needsDrain) {
        wire.write(piece);
        written += 1;
      }
      wire.write('the end');
      expect([wire.isWriting, drains()]).toEqual([true, 0]);
      let bytes = 0;
      let last = '';
      other.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        last = chunk.toString('latin1').slice(-7);
      });
      other.resume();
      await until(() => bytes === written * piece.length + 'the end'.length);
      expect(last).toBe('the end');
      await until(() => drains() > 0 && !wire.isWriting);
      expect(wire.needsDrain).toBe(false);
    },
  );

  it.each(SIZES)('ends behind what waits for the kernel (%i)', async (size) => {
    const { wire } = wired();
    other.pause();
    let written = 0;
    while (!wire.needsDrain) {
      wire.write('x'.repeat(size));
      written += size;
    }
    ours.destroySoon();
    let bytes = 0;
    other.on('data', (chunk: Buffer) => (bytes += chunk.length));
    other.resume();
    await once(other, 'end');
    expect(bytes).toBe(written);
  });

  it('hands on nothing while it is paused, and all of it later', async () => {
    let come = '';
    const { wire } = wired((text) => {
      come += text;
      if (come.length === 1) wire.pause();
    });
    other.write('1');
    await until(() => come === '1');
    const sent = 'y'.repeat(4 * 1024 * 1024);
    other.write(sent);
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(come).toBe('1');
    // The rest waits in the kernel or at the other end, not here.
    expect(ours.bytesRead).toBeLessThan(sent.length);
    wire.resume();
    await until(() => come.length === 1 + sent.length);
    expect(come).toBe(`1${sent}`);
  });

  it('keeps what it holds though another reads into the same memory', async () => {
    let come = '';
    const { wire } = wired((text) => {
      come += text;
    });
    wire.pause();
    const accepted = once(server, 'connection');
    const second = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [further] = (await accepted) as [Socket];
    let others = '';
    new Wire(
      further,
      (bytes) => (others += bytes.toString('latin1')),
      () => undefined,
    );
    other.write('held');
    // It has been read once the system reports nothing more to read behind it.
    while (ours.bytesRead < 'held'.length) await turn();
    second.write('another');
    await until(() => others === 'another');
    wire.resume();
    await until(() => come === 'held');
    second.destroy();
    further.destroy();
  });

  it('gives the socket back with what it held, and reads no more', async () => {
    let come = '';
    const { wire } = wired((text) => {
      come += text;
      wire.pause();
    });
    other.write('first');
    await until(() => come === 'first');
    const held = wire.release();
    let later = held.map((bytes) => bytes.toString('latin1')).join('');
    ours.on('data', (bytes: Buffer) => (later += bytes.toString('latin1')));
    other.end(' second');
    await once(ours, 'end');
    expect([come, later]).toEqual(['first', ' second']);
  });

  it('closes when the other side is gone, without an error nobody awaits', async () => {
    const { wire } = wired();
    const closed = once(ours, 'close');
    other.resetAndDestroy();
    await once(other, 'close');
    for (let turns = 0; turns < 5 && !ours.destroyed; turns += 1) {
      wire.write('x');
      await turn();
    }
    await closed;
    wire.write('nobody is there');
    expect(ours.destroyed).toBe(true);
  });
});
