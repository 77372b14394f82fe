import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocketAuthorizerDefinition } from '../../../src/stack/web-socket.js';
import { WebSocketBench } from '../../support/web-socket-bench.js';

const OK = { statusCode: 200 };
const KB = 1024;

let bench: WebSocketBench;
beforeEach(() => {
  bench = new WebSocketBench();
});
afterEach(() => bench.close());

describe('a handshake', () => {
  it('asks the function of $connect, and is told of by none when there is none', async () => {
    bench.functions.set('$connect', () => OK);
    await bench.serve();
    const client = bench.connect('/prod?room=lobby', { headers: { 'x-user': 'alice' } });
    await client.opened;
    expect(await bench.sent('$connect')).toMatchObject({
      headers: { 'x-user': 'alice' },
      queryStringParameters: { room: 'lobby' },
      requestContext: { eventType: 'CONNECT', stage: 'prod', apiId: 'chat123456' },
    });
    await bench.serve({ routes: [] });
    await bench.connect().opened;
  });

  it.each([
    [{ statusCode: 401, body: 'who?' }, 401, 'who?'],
    [{ statusCode: 302 }, 302, ''],
    [null, 502, '{"message":"Internal server error"}'],
    [{ body: 'no status' }, 502, '{"message":"Internal server error"}'],
  ])('is refused where the function returns %j', async (output, status, body) => {
    bench.functions.set('$connect', () => output);
    await bench.serve();
    expect(await bench.connect().refused).toMatchObject({ status, body });
    expect(bench.events).toHaveLength(1);
  });

  it('is refused where the function fails', async () => {
    bench.functions.set('$connect', () => {
      throw new Error('no');
    });
    await bench.serve();
    expect((await bench.connect().refused).status).toBe(502);
  });

  it('is refused elsewhere', async () => {
    await bench.serve();
    expect((await bench.connect('/other').refused).status).toBe(403);
  });

  it('echoes the protocol the function chose, and only then', async () => {
    bench.functions.set('$connect', ({ headers }: { headers: Record<string, string> }) => ({
      statusCode: 200,
      headers: headers['x-choose'] === undefined ? {} : { 'Sec-WebSocket-Protocol': 'chat.v2' },
    }));
    await bench.serve();
    const chosen = bench.connect('/prod', { headers: { 'x-choose': '1' } }, ['chat.v1', 'chat.v2']);
    await chosen.opened;
    expect(chosen.socket.protocol).toBe('chat.v2');
    // A client that offered some and got none gives up by itself.
    const none = bench.connect('/prod', {}, ['chat.v1']);
    expect((await none.closed).code).toBe(1006);
  });
});

describe('an authorizer', () => {
  const policy = (effect: string) => (event: { methodArn: string }) => ({
    principalId: 'alice',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: event.methodArn }],
    },
    context: { level: 7 },
  });
  const serve = (authorizer: WebSocketAuthorizerDefinition): Promise<void> =>
    bench.serve({
      routes: ['$connect', '$default'].map((routeKey) => ({
        path: '',
        routeKey,
        target: { functionName: routeKey },
        timeoutMs: 1000,
        respond: false,
        ...(routeKey === '$connect' ? { authorizer } : {}),
      })),
    });
  const lambda = {
    kind: 'lambda' as const,
    target: { functionName: 'authorizer' },
    identitySources: ['route.request.querystring.token'],
  };
  beforeEach(() => {
    bench.functions.set('$connect', () => OK);
    bench.functions.set('$default', () => OK);
  });

  it('lets a connection be made, and its context reaches every event', async () => {
    bench.functions.set('authorizer', policy('Allow'));
    await serve(lambda);
    const client = bench.connect('/prod?token=t');
    await client.opened;
    client.send('hello');
    const authorizer = { principalId: 'alice', level: '7', integrationLatency: expect.any(Number) };
    expect((await bench.sent('$connect')).requestContext.authorizer).toEqual(authorizer);
    expect((await bench.sent('$default')).requestContext.authorizer).toEqual(authorizer);
    expect(await bench.sent('authorizer')).toMatchObject({
      methodArn: 'arn:aws:execute-api:eu-west-1:000000000000:chat123456/prod/$connect',
    });
  });

  it.each([
    ['/prod', policy('Allow'), 401],
    ['/prod?token=t', policy('Deny'), 403],
    ['/prod?token=t', () => 'nonsense', 500],
    [
      '/prod?token=t',
      () => {
        throw new Error('Unauthorized');
      },
      401,
    ],
  ])('refuses %s', async (path, played, status) => {
    bench.functions.set('authorizer', played);
    await serve(lambda);
    expect((await bench.connect(path).refused).status).toBe(status);
    expect(bench.events.filter(({ name }) => name === '$connect')).toEqual([]);
  });

  it('of IAM wants a signature', async () => {
    await serve({ kind: 'iam' });
    expect((await bench.connect().refused).status).toBe(403);
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIA/20260105/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=0';
    await bench.connect('/prod', { headers: { authorization } }).opened;
  });
});

describe('messages', () => {
  it('take the route that the expression gives, and return over it where it is two-way', async () => {
    bench.functions.set('ask', ({ body }: { body: string }) => ({
      ...OK,
      body: `you said ${body}`,
    }));
    bench.functions.set('tell', () => ({ ...OK, body: 'unheard' }));
    bench.functions.set('$default', () => OK);
    await bench.serve();
    const client = bench.connect();
    await client.opened;
    client.send({ action: 'tell' });
    client.send('no JSON');
    await bench.sent('tell');
    expect(await bench.sent('$default')).toMatchObject({
      body: 'no JSON',
      requestContext: { routeKey: '$default', messageDirection: 'IN' },
    });
    client.send({ action: 'ask' });
    expect(await client.message()).toBe('you said {"action":"ask"}');
    expect(client.received).toHaveLength(1);
    expect(bench.lines.at(-1)).toMatch(
      /^WEBSOCKET RequestId: [0-9a-f-]{36} ask succeeded [\d.]+ ms$/,
    );
  });

  it('that nothing takes, and that a function fails at, are answered as on AWS', async () => {
    bench.functions.set('break', () => {
      throw new Error('secret');
    });
    await bench.serve();
    const client = bench.connect();
    await client.opened;
    client.send({ action: 'nowhere' });
    expect(JSON.parse(await client.message(0))).toEqual({
      message: 'Forbidden',
      connectionId: expect.stringMatching(/=$/),
      requestId: expect.stringMatching(/=$/),
    });
    client.send({ action: 'break' });
    expect(JSON.parse(await client.message(1))).toMatchObject({ message: 'Internal server error' });
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('are answered in time, whatever the function does', async () => {
    bench.functions.set('slow', () => new Promise(() => undefined));
    const target = { functionName: 'slow' };
    await bench.serve({
      routes: [{ path: '', routeKey: 'slow', target, timeoutMs: 50, respond: true }],
    });
    const client = bench.connect();
    await client.opened;
    client.send({ action: 'slow' });
    expect(JSON.parse(await client.message())).toMatchObject({
      message: 'Endpoint request timed out',
    });
    expect(bench.lines).toHaveLength(1);
  });

  it.each([
    ['a binary frame', (socket: WebSocket) => socket.send(Buffer.from('x')), 1003],
    [
      'a frame of more than 32 KB',
      (socket: WebSocket) => socket.send('x'.repeat(32 * KB + 1)),
      1009,
    ],
    [
      'a message of more than 128 KB',
      (socket: WebSocket) => {
        for (let part = 0; part < 5; part += 1)
          socket.send('x'.repeat(32 * KB), { fin: part === 4 });
      },
      1009,
    ],
  ])('end the connection with %s', async (_what, send, code) => {
    bench.functions.set('$default', () => OK);
    bench.functions.set('$disconnect', () => OK);
    await bench.serve();
    const client = bench.connect();
    await client.opened;
    send(client.socket);
    expect((await client.closed).code).toBe(code);
    expect((await bench.sent('$disconnect')).requestContext.disconnectStatusCode).toBe(code);
    expect(bench.events.filter(({ name }) => name === '$default')).toEqual([]);
  });

  it('of 128 KB in frames of 32 KB are taken', async () => {
    bench.functions.set('$default', () => OK);
    await bench.serve();
    const client = bench.connect();
    await client.opened;
    for (let part = 0; part < 4; part += 1) {
      client.socket.send('x'.repeat(32 * KB), { fin: part === 3 });
    }
    expect((await bench.sent('$default')).body).toHaveLength(128 * KB);
  });
});

describe('an end', () => {
  beforeEach(async () => {
    bench.functions.set('$default', () => OK);
    bench.functions.set('$disconnect', () => OK);
    await bench.serve();
  });

  it.each([
    [4001, 'enough', 4001, 'enough'],
    [1000, '', 1000, 'Connection Closed Normally'],
    [undefined, undefined, 1005, 'Client-side close frame status not set'],
  ])('that the client brings about is told: %s %s', async (code, reason, told, why) => {
    const client = bench.connect();
    await client.opened;
    client.socket.close(code, reason);
    expect((await bench.sent('$disconnect')).requestContext).toMatchObject({
      eventType: 'DISCONNECT',
      disconnectStatusCode: told,
      disconnectReason: why,
    });
  });

  it('comes after ten quiet minutes of queue time, and after two hours in any case', async () => {
    const [quiet, busy] = [bench.connect(), bench.connect()];
    await Promise.all([quiet.opened, busy.opened]);
    const busyId = await (async () => {
      busy.send('hello');
      return (await bench.sent('$default')).requestContext.connectionId as string;
    })();
    bench.queueClock.advance(9 * 60_000);
    busy.send('again');
    await bench.sent('$default', 2);
    bench.queueClock.advance(60_000);
    expect((await quiet.closed).code).toBe(1001);
    for (let turn = 3; turn < 15; turn += 1) {
      busy.send('again');
      await bench.sent('$default', turn);
      bench.queueClock.advance(9 * 60_000);
    }
    busy.send('again');
    await bench.sent('$default', 15);
    bench.queueClock.advance(9 * 60_000);
    expect((await busy.closed).code).toBe(1001);
    expect((await bench.sent('$disconnect', 2)).requestContext).toMatchObject({
      connectionId: busyId,
      disconnectReason: 'Going away',
    });
    expect(bench.queueClock.pending).toBe(0);
  });

  it('comes to all when the API goes, or the orchestrator', async () => {
    const client = bench.connect();
    await client.opened;
    await bench.apis.apply({ webSocketApis: [] });
    expect((await client.closed).code).toBe(1001);
    await bench.serve();
    const last = bench.connect();
    await last.opened;
    await bench.apis.drain();
    expect((await last.closed).code).toBe(1001);
    expect(await bench.sent('$disconnect')).toMatchObject({
      requestContext: { disconnectStatusCode: 1001 },
    });
  });
});

describe('@connections, by the SDK', () => {
  const connected = async () => {
    bench.functions.set('$default', () => OK);
    bench.functions.set('$disconnect', () => OK);
    await bench.serve();
    const client = bench.connect('/prod', { headers: { 'user-agent': 'tests' } });
    await client.opened;
    client.send('hello');
    const { requestContext } = await bench.sent('$default');
    return { client, ConnectionId: requestContext.connectionId as string };
  };

  it('sends, tells of a connection and ends it', async () => {
    const { client, ConnectionId } = await connected();
    const sdk = bench.management();
    await sdk.send(new PostToConnectionCommand({ ConnectionId, Data: 'hi' }));
    expect(await client.message()).toBe('hi');
    const told = await sdk.send(new GetConnectionCommand({ ConnectionId }));
    expect(told).toMatchObject({
      ConnectedAt: expect.any(Date),
      LastActiveAt: expect.any(Date),
      Identity: { SourceIp: '127.0.0.1', UserAgent: 'tests' },
    });
    await sdk.send(new DeleteConnectionCommand({ ConnectionId }));
    expect(await client.closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    expect((await bench.sent('$disconnect')).requestContext.disconnectStatusCode).toBe(1000);
    await expect(
      sdk.send(new PostToConnectionCommand({ ConnectionId, Data: 'late' })),
    ).rejects.toMatchObject({ name: 'GoneException', $metadata: { httpStatusCode: 410 } });
  });

  it('sends text as text, other bytes as they are, and large ones in frames', async () => {
    const { client, ConnectionId } = await connected();
    const sdk = bench.management();
    const bytes = Buffer.from([0xff, 0xfe, 0]);
    await sdk.send(new PostToConnectionCommand({ ConnectionId, Data: bytes }));
    const large = 'ü'.repeat(64 * KB);
    await sdk.send(new PostToConnectionCommand({ ConnectionId, Data: large }));
    expect(await client.message(1)).toBe(large);
    expect(client.received.map(({ isBinary }) => isBinary)).toEqual([true, false]);
  });

  it('refuses what AWS refuses', async () => {
    const { ConnectionId } = await connected();
    const sdk = bench.management();
    const post = (id: string, Data: string) =>
      sdk.send(new PostToConnectionCommand({ ConnectionId: id, Data }));
    await expect(post(ConnectionId, 'x'.repeat(128 * KB + 1))).rejects.toMatchObject({
      name: 'PayloadTooLargeException',
    });
    await expect(post('nonsense', 'x')).rejects.toMatchObject({
      name: 'BadRequestException',
      message: 'Invalid connectionId: nonsense',
    });
    await expect(post('AAAAAAAAAAAAAAA=', 'x')).rejects.toMatchObject({ name: 'GoneException' });
    const other = bench.management({ endpoint: `${bench.url.replace('ws', 'http')}/dev` });
    await expect(other.send(new GetConnectionCommand({ ConnectionId }))).rejects.toMatchObject({
      name: 'GoneException',
    });
    const path = `${bench.url.replace('ws', 'http')}/prod/@connections/${ConnectionId}`;
    expect((await fetch(path, { method: 'POST', body: 'x' })).status).toBe(403);
  });
});
