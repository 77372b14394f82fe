import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import {
  Connection,
  type ConnectionEnd,
  type ConnectionParts,
} from '../../../src/api-gateway/web-socket/connection.js';
import { ManualClock } from '../../support/manual-clock.js';

interface FakeSocket extends EventEmitter {
  OPEN: number;
  readyState: number;
  bufferedAmount: number;
}

it('lets a client go that does not read, rather than keep all it is sent', () => {
  const emitter = new EventEmitter();
  const socket: FakeSocket = Object.assign(emitter, {
    OPEN: 1,
    readyState: 1,
    bufferedAmount: 0,
    send: (data: Buffer): void => void (socket.bufferedAmount += data.length),
    terminate: (): void => {
      socket.readyState = 3;
      emitter.emit('close', 1006, Buffer.alloc(0));
    },
  });
  const clock = new ManualClock();
  let end: ConnectionEnd | undefined;
  const connection = new Connection({
    socket: socket as unknown as WebSocket,
    stream: new EventEmitter() as Duplex,
    facts: { connectionId: 'one' } as ConnectionParts['facts'],
    clock,
    queueClock: clock,
    message: () => undefined,
    ended: (_connection, how) => (end = how),
  });
  const message = Buffer.alloc(128 * 1024);
  for (let count = 0; count < 1000; count += 1) connection.send(message, true);
  expect(end).toMatchObject({ code: 1001 });
  expect(connection.isOpen).toBe(false);
  expect(socket.bufferedAmount).toBeLessThan(40 * 2 ** 20);
});
