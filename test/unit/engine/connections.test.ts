import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect, it } from '@jest/globals';
import { freshConnections } from '../../../src/engine/docker/connect.js';

it('costs nothing to describe, however many calls are under way', async () => {
  const server = createServer((_request, response) => void response.flushHeaders());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = freshConnections(false);
  try {
    const request = get({ host: '127.0.0.1', port, agent });
    request.on('error', () => undefined);
    await once(request, 'response');
    const described = inspect({ agent }, { showHidden: true, depth: null });
    expect(described).toBe('{ agent: connections to the engine }');
  } finally {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  }
});
