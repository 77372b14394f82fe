import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readJson, sendJson } from '../../../src/aws-endpoint/json-protocol.js';

const MOST_BYTES = 1_000;

let server: Server;
let address: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    void readJson(request, response, MOST_BYTES).then((found) =>
      sendJson(response, 200, { contentType: 'application/x-amz-json-1.1', body: { found } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function found(body: string): Promise<unknown> {
  const response = await fetch(address, { method: 'POST', body });
  expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(response.headers.get('x-amzn-requestid')).toMatch(/^[\da-f-]{36}$/);
  return ((await response.json()) as { found: unknown }).found;
}

describe('A request of a JSON protocol', () => {
  it.each([
    ['holds a structure', '{"Name":"orders"}', { Name: 'orders' }],
    ['without a body holds an empty one', '', {}],
    ['with a list holds none', '[1]', 'no structure'],
    ['with null holds none', 'null', 'no structure'],
    ['may be no JSON', '{"Name":', 'no JSON'],
  ])('%s', async (_what, body, expected) => {
    expect(await found(body)).toEqual(expected);
  });

  it('that is too large is read to its end, so that its client hears the answer', async () => {
    expect(await found(JSON.stringify({ text: 'x'.repeat(8 * 1024 * 1024) }))).toBe('too large');
  });
});
