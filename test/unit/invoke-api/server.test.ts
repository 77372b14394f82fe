import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import type { Settle } from '../../../src/invocation/invocation.js';
import type { AccessLine } from '../../../src/invoke-api/access.js';
import { InvokeApi } from '../../../src/invoke-api/server.js';
import { systemClock } from '../../../src/async/clock.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeRouter, succeeded } from '../../support/fake-router.js';
import { readToEnd, RunningInvokeApi } from '../../support/running-invoke-api.js';

const INVOKE = '/2015-03-31/functions/echo/invocations';

/** A function that is answered by hand, and when it was first asked. */
function addByHand(router: FakeRouter): { settles: Settle[]; asked: Promise<void> } {
  const settles: Settle[] = [];
  const asked = new Promise<void>((resolve) => {
    router.add({ name: 'by-hand' }, (_request, settle) => {
      settles.push(settle);
      resolve();
    });
  });
  return { settles, asked };
}

let api: RunningInvokeApi;
let lines: AccessLine[];
let onLine: (line: AccessLine) => void;

beforeEach(async () => {
  lines = [];
  onLine = () => undefined;
  api = await new RunningInvokeApi({
    onAccess: (line) => {
      lines.push(line);
      onLine(line);
    },
  }).start();
  api.router.add({ name: 'echo' });
});

afterEach(() => api.api.destroy());

describe('the last answer before the end', () => {
  const CALL =
    'POST /2015-03-31/functions/by-hand/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}';
  const large = succeeded(`"${'x'.repeat(6_000_000)}"`);

  it('arrives whole, though it is too large for one write', async () => {
    const { settles, asked } = addByHand(api.router);
    const socket = api.socket();
    socket.write(CALL);
    await asked;
    settles[0]?.(large);
    const flushed = api.api.flushed(60_000);
    let bytes = 0;
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await flushed;
    await api.api.destroy();
    await ended;
    expect(bytes).toBeGreaterThan(6_000_000);
  });

  it('is not waited for longer than that', async () => {
    const clock = new ManualClock();
    const running = await new RunningInvokeApi({ clock }).start();
    const { settles, asked } = addByHand(running.router);
    const socket = running.socket();
    socket.pause();
    socket.write(CALL);
    await asked;
    settles[0]?.(large);
    const flushed = running.api.flushed(5_000);
    await clock.advanceAsync(5_000);
    await flushed;
    await running.api.destroy();
    socket.destroy();
  });
});

describe('a client that hangs up', () => {
  it('does not end its invocation, and its answer goes nowhere', async () => {
    const { settles, asked } = addByHand(api.router);
    const socket = api.socket();
    socket.write(
      'POST /2015-03-31/functions/by-hand/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}',
    );
    await asked;
    const hungUp = new Promise<AccessLine>((resolve) => (onLine = resolve));
    socket.destroy();
    expect(await hungUp).toMatchObject({ status: undefined });
    expect(() => settles[0]?.(succeeded('"nobody listens"'))).not.toThrow();
    expect((await api.invoke('echo', '1')).json).toBe(1);
  });

  it('before its event is complete has asked for nothing', async () => {
    const socket = api.socket();
    socket.write(`POST ${INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"a"`);
    const hungUp = new Promise<AccessLine>((resolve) => (onLine = resolve));
    socket.once('connect', () => setImmediate(() => socket.destroySoon()));
    await hungUp;
    expect(api.router.requests).toEqual([]);
    expect((await api.invoke('echo', '1')).json).toBe(1);
  });
});

describe('malformed requests', () => {
  it.each([
    ['nonsense', 'HELLO\r\n\r\n'],
    ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks hidden by a space', 'Transfer-Encoding : chunked\r\nContent-Length: 2\r\n'],
    ['an encoding after chunked', 'Transfer-Encoding: chunked, identity\r\n'],
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n'],
    ['a signed length', 'Content-Length: +2\r\n'],
    ['a folded header', 'X-A: 1\r\n\tHost: other\r\nContent-Length: 2 \r\n b\r\n'],
  ])('are refused when they hold %s', async (_what, headers) => {
    const head = headers.startsWith('HELLO')
      ? headers
      : `POST ${INVOKE} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n{}`;
    const answer = await api.raw(head);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('Connection: close');
    expect(answer).toContain('Content-Type: application/json');
    expect(api.router.requests).toEqual([]);
  });

  it('are refused without a Host, with two, and with another name in their target', async () => {
    const close = 'Connection: close\r\nContent-Length: 2\r\n\r\n{}';
    expect(await api.raw(`POST ${INVOKE} HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await api.raw(`POST ${INVOKE} HTTP/1.0\r\n${close}`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(
      await api.raw(`POST ${INVOKE} HTTP/1.1\r\nHost: localhost\r\nhost: evil.test\r\n${close}`),
    ).toMatch(/^HTTP\/1\.1 400 [^]*More than one Host/);
    expect(
      await api.raw(`POST http://evil.test${INVOKE} HTTP/1.1\r\nHost: localhost\r\n${close}`),
    ).toMatch(/^HTTP\/1\.1 400 [^]*must be a path/);
    expect(api.router.requests).toEqual([]);
  });

  it('are refused when their headers are over 1 MB', async () => {
    const answer = await api.raw(
      `GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${'a'.repeat(1024 * 1024)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('are cut off when they announce a body that nobody would read', async () => {
    const answer = await api.raw(
      `POST ${INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close/);
  });

  it('answer two requests sent at once in their order', async () => {
    const one = (body: string, more = ''): string =>
      `POST ${INVOKE} HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: 1\r\n\r\n${body}`;
    const answer = await api.raw(one('1') + one('2', 'Connection: close\r\n'));
    const bodies = answer.split('\r\n\r\n').slice(1);
    expect(bodies.map((body) => body[0])).toEqual(['1', '2']);
  });
});

describe('slow requests', () => {
  const slow = { headersMs: 1_000, requestMs: 1_500, checkMs: 50 };

  it.each([
    ['headers', 'POST / HTTP/1.1\r\nHost: localhost\r\n'],
    ['body', `POST ${INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{`],
  ])('are ended when their %s do not come', async (_what, text) => {
    const running = await new RunningInvokeApi({ deadlines: slow }).start();
    running.router.add({ name: 'echo' });
    expect(await running.raw(text)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(running.router.requests).toEqual([]);
    await running.api.destroy();
  });

  it('are no slow invocations', async () => {
    const running = await new RunningInvokeApi({ deadlines: slow }).start();
    const { settles, asked } = addByHand(running.router);
    const answer = running.invoke('by-hand');
    await asked;
    // Another connection is ended for its slowness meanwhile.
    await running.raw('GET / HTTP/1.1\r\n');
    settles[0]?.(succeeded('"slow"'));
    expect((await answer).json).toBe('slow');
    await running.api.destroy();
  });
});

describe('a port that is taken', () => {
  it('names its owner and the flag that chooses another', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const failure = await new RunningInvokeApi({ port }).start().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(`port ${port} is in use by `),
      remedy: expect.stringContaining('--port'),
      details: { port },
    });
    if (process.platform === 'linux') {
      expect(failure).toMatchObject({ details: { pid: process.pid } });
    }
    other.close();
  });

  it('is told from an address that is not ours', async () => {
    await expect(
      new RunningInvokeApi({ host: '203.0.113.9', authToken: 'secret' }).start(),
    ).rejects.toMatchObject({
      code: 'config-invalid',
      remedy: expect.stringContaining('--host'),
    });
  });
});

describe('what is mounted beside the Lambda API', () => {
  const mounted = async (): Promise<RunningInvokeApi> => {
    const running = new RunningInvokeApi();
    running.router.add({ name: 'echo' });
    running.api.mount('/_orchestrator/', (request, response) => {
      if (request.url === '/_orchestrator/throws') throw new Error('a bug');
      response.end(`mounted ${request.method} ${request.url}`);
    });
    return running.start();
  };

  it('is served below its prefix, behind the same checks', async () => {
    const running = await mounted();
    const answer = await running.ask('/_orchestrator/status?x=1', { method: 'POST' });
    expect(answer.body.toString()).toBe('mounted POST /_orchestrator/status?x=1');
    const headers = { Host: 'evil.test' };
    expect((await running.ask('/_orchestrator/status', { headers })).status).toBe(403);
    expect((await running.ask('/_orchestrator')).status).toBe(404);
    expect((await running.invoke('echo')).status).toBe(200);
    await running.api.destroy();
  });

  it('is answered for when it throws', async () => {
    const running = await mounted();
    const answer = await running.ask('/_orchestrator/throws');
    expect([answer.status, answer.json]).toEqual([500, { Type: 'Service', Message: 'a bug' }]);
    await running.api.destroy();
  });
});

describe('closing', () => {
  it('lets what is open finish, ends idle connections and takes nothing new', async () => {
    const { settles, asked } = addByHand(api.router);
    const agent = new Agent({ keepAlive: true });
    await api.invoke('echo', '1', { agent });
    const answer = api.invoke('by-hand', '{}', { agent });
    await asked;
    const closed = api.api.close();
    await expect(api.invoke('echo')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    settles[0]?.(succeeded('"done"'));
    const { json, headers } = await answer;
    expect(json).toBe('done');
    expect(headers.connection).toBe('close');
    await closed;
    agent.destroy();
  });

  it('refuses a request that comes on an open connection', async () => {
    const { settles, asked } = addByHand(api.router);
    const post = (name: string): string =>
      `POST /2015-03-31/functions/${name}/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}`;
    // Half a request, on a connection that was accepted before the other one.
    const half = api.socket();
    const refused = readToEnd(half);
    half.write(post('echo').slice(0, 20));
    await new Promise<void>((resolve) => half.once('ready', resolve));
    const open = api.socket();
    const answered = readToEnd(open);
    open.write(post('by-hand'));
    await asked;
    const closed = api.api.close();
    half.write(post('echo').slice(20));
    expect(await refused).toMatch(/^HTTP\/1\.1 503 [^]*Connection: close/);
    settles[0]?.(succeeded('"done"'));
    expect(await answered).toMatch(/^HTTP\/1\.1 200 [^]*"done"$/);
    await closed;
    expect(api.router.requests).toHaveLength(1);
  });

  it('is the same twice, and harmless before listening', async () => {
    const closed = api.api.close();
    expect(api.api.close()).toBe(closed);
    await Promise.all([closed, api.api.destroy()]);
    const never = new InvokeApi({
      router: new FakeRouter(),
      host: '127.0.0.1',
      port: 0,
      region: 'us-east-1',
      accountId: '123456789012',
      clock: systemClock,
      events: { accept: () => Promise.resolve() },
    });
    await never.close();
    await never.destroy();
  });

  it('by force ends what is open, and a late outcome goes nowhere', async () => {
    const { settles, asked } = addByHand(api.router);
    const answer = api.invoke('by-hand').catch((error: NodeJS.ErrnoException) => error.code);
    await asked;
    await api.api.destroy();
    expect(await answer).toBe('ECONNRESET');
    expect(() => settles[0]?.(succeeded('1'))).not.toThrow();
  });
});

describe('the access log', () => {
  it('has one line for each request', async () => {
    const answer = await api.invoke('echo', '{}');
    await api.ask('/nothing?secret=1');
    expect(lines).toEqual([
      {
        method: 'POST',
        path: INVOKE,
        status: 200,
        requestId: answer.headers['x-amzn-requestid'],
        durationMs: expect.any(Number),
      },
      expect.objectContaining({ method: 'GET', path: '/nothing', status: 404 }),
    ]);
  });
});
