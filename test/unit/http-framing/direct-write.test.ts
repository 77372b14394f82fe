import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  directHandle,
  learnFrom,
  writeDirectly,
  type DirectHandle,
} from '../../../src/http-framing/direct-write.js';

let directory: string;
let server: Server;
let ours: Socket;
let other: Socket;

async function open(kind: 'TCP' | 'path'): Promise<DirectHandle> {
  const path = join(directory, 'socket');
  server = createServer({ pauseOnConnect: true });
  if (kind === 'TCP') server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const address = server.address();
  other = typeof address === 'string' ? connect(path) : connect(address?.port ?? 0, '127.0.0.1');
  [ours] = (await accepted) as [Socket];
  ours.on('error', () => undefined);
  other.on('error', () => undefined);
  const handle = directHandle(ours);
  if (handle === undefined) throw new Error('a socket has nothing that writes directly');
  return handle;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'direct-'));
});

afterEach(async () => {
  ours.destroy();
  other.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

/** What has come to the other side once `bytes` have. */
async function come(bytes: number): Promise<string> {
  let text = '';
  for await (const piece of other) {
    text += (piece as Buffer).toString('latin1');
    if (text.length >= bytes) return text;
  }
  return text;
}

function unexpected(): never {
  throw new Error('told of a write that went at once');
}

describe.each(['TCP', 'path'] as const)('a direct write (%s)', (kind) => {
  it('is learnt from a write of the socket itself, and gives its bytes to the kernel', async () => {
    const handle = await open(kind);
    const written = new Promise<void>((resolve) => {
      learnFrom(handle, () => ours._write('learnt ', 'latin1', () => resolve()));
    });
    expect(Object.hasOwn(handle, 'writeLatin1String')).toBe(false);
    await written;
    expect(writeDirectly(handle, 'and \xe9\xff', unexpected)).toBe('at-once');
    expect(await come(13)).toBe('learnt and \xe9\xff');
  });

  it('comes later where the kernel takes no more, in order, and is told of then', async () => {
    const handle = await open(kind);
    let sent = '';
    let how = 'at-once';
    let told = 0;
    const write = (text: string): void => {
      sent += text;
      how = writeDirectly(handle, text, (failed) => (told += failed ? -1 : 1)) ?? 'unable';
    };
    for (let count = 0; how === 'at-once'; count += 1)
      write(`${count},`.repeat(2500).slice(0, 9999));
    expect([how, told]).toEqual(['later', 0]);
    // Another waits behind it, though the first is not yet told of.
    write('the end');
    expect([how, told]).toEqual(['later', 0]);
    expect(await come(sent.length)).toBe(sent);
    while (told < 2) await new Promise(setImmediate);
    expect(told).toBe(2);
  });

  it('is told of as failed when the socket goes before the kernel has it', async () => {
    const handle = await open(kind);
    const told: boolean[] = [];
    let how = 'at-once';
    while (how === 'at-once') {
      how = writeDirectly(handle, 'x'.repeat(9999), (failed) => told.push(failed)) ?? 'unable';
    }
    expect(how).toBe('later');
    ours.destroy();
    while (told.length === 0) await new Promise(setImmediate);
    expect(told).toEqual([true]);
  });

  it('fails where nobody is there any more', async () => {
    const handle = await open(kind);
    if (kind === 'TCP') other.resetAndDestroy();
    else other.destroy();
    let how: string | undefined = 'at-once';
    while (how === 'at-once') {
      how = writeDirectly(handle, 'x', unexpected);
      await new Promise(setImmediate);
    }
    expect(how).toBe('failed');
  });

  it('is not for what is long', async () => {
    const handle = await open(kind);
    expect(writeDirectly(handle, 'x'.repeat(20_000), unexpected)).toBeUndefined();
  });
});
