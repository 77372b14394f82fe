import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'node:http';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

const LIMIT = 6_291_556;

/** JSON of exactly so many bytes. */
function jsonOf(bytes: number): Buffer {
  return Buffer.from(`"${'a'.repeat(bytes - 2)}"`);
}

let api: RunningInvokeApi;

beforeEach(async () => {
  api = await new RunningInvokeApi().start();
  api.router.add({ name: 'echo' });
});

afterEach(() => api.api.destroy());

describe('the payload', () => {
  it.each([
    ['text', 'not json'],
    ['cut off', '{"a":'],
    ['followed by more', '{} {}'],
    ['a byte order mark', '\ufeff{}'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('is refused when it is %s', async (_what, body) => {
    const answer = await api.invoke('echo', body);
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('InvalidRequestContentException');
    expect(answer.json).toEqual({
      Type: 'User',
      message: expect.stringMatching(
        /^Could not parse request body into json: Could not parse payload into json: ./,
      ),
    });
    expect(api.router.requests).toEqual([]);
  });

  it('may have 6,291,556 bytes and no more', async () => {
    expect((await api.invoke('echo', jsonOf(LIMIT))).body.length).toBe(LIMIT);
    const answer = await api.invoke('echo', jsonOf(LIMIT + 1));
    expect(answer.status).toBe(413);
    expect(answer.headers['x-amzn-errortype']).toBe('RequestTooLargeException');
    expect(answer.json).toEqual({
      Type: 'User',
      message: `Request must be smaller than ${LIMIT} bytes for the InvokeFunction operation`,
    });
    expect(api.router.requests).toHaveLength(1);
  });

  it('is measured also when its length is not announced', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    expect((await api.invoke('echo', jsonOf(LIMIT), { headers })).status).toBe(200);
    expect((await api.invoke('echo', jsonOf(LIMIT + 1), { headers })).status).toBe(413);
  });

  it('of an Event may have 1 MB', async () => {
    const headers = { 'X-Amz-Invocation-Type': 'Event' };
    expect((await api.invoke('echo', jsonOf(1024 * 1024), { headers })).status).toBe(202);
    expect((await api.invoke('echo', jsonOf(1024 * 1024 + 1), { headers })).status).toBe(413);
  });

  it('of two big invocations at once stays apart', async () => {
    const bodies = [Buffer.alloc(LIMIT - 2, 'a'), Buffer.alloc(LIMIT - 2, 'b')].map((filling) =>
      Buffer.concat([Buffer.from('"'), filling, Buffer.from('"')]),
    );
    const answers = await Promise.all(bodies.map((body) => api.invoke('echo', body)));
    expect(answers.map(({ body }, index) => body.equals(bodies[index] ?? Buffer.alloc(0)))).toEqual(
      [true, true],
    );
  });

  it('leaves the connection usable when it was too large', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await api.invoke('echo', jsonOf(LIMIT + 1), { agent })).status).toBe(413);
    expect((await api.invoke('echo', '1', { agent })).json).toBe(1);
    agent.destroy();
  });
});
