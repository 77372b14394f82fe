import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Channel } from '../../../src/environment/channel.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';

const CONNECTIONS = 20;

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Opens a connection and polls on it. */
function poll(port: number, host: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return socket;
}

describe('runtimes that wait for their next event', () => {
  it('take a socket each, and no timer or anything else', async () => {
    const api = new RuntimeApi();
    const port = await api.listen('127.0.0.1', '127.0.0.1');
    const before = resources();
    const sockets: Socket[] = [];
    await new Promise<void>((resolve) => {
      let polled = 0;
      const listener = {
        runtimePolled: () => void ((polled += 1) === CONNECTIONS && resolve()),
        pollLost: () => undefined,
        responding: () => {
          throw new Error('nobody responds');
        },
        responded: () => undefined,
        initFailed: () => undefined,
        snapshotReady: () => undefined,
        restoreFailed: () => undefined,
      };
      for (let made = 0; made < CONNECTIONS; made += 1) {
        const { runtimeApi } = api.open(new Channel(listener), `e${made}`);
        sockets.push(poll(port, runtimeApi));
      }
    });
    const added = new Map(
      [...resources()].map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)]),
    );
    for (const socket of sockets) socket.destroy();
    await api.destroy();
    // Both ends are in this process. What runs the tests has timers of its own, and sockets that may
    // have gone meanwhile.
    expect(added.get('TCPSocketWrap')).toBeGreaterThan(CONNECTIONS);
    expect(added.get('TCPSocketWrap')).toBeLessThanOrEqual(2 * CONNECTIONS);
    for (const [kind, more] of added) {
      if (kind !== 'TCPSocketWrap') expect(more).toBeLessThan(CONNECTIONS / 2);
    }
  });
});
