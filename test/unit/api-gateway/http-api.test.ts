import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { OrchestratorError } from '../../../src/errors.js';
import { failed, succeeded } from '../../support/fake-router.js';
import { api, HttpBench, route, route2 } from '../../support/http-bench.js';

let bench: HttpBench;
beforeEach(() => {
  bench = new HttpBench();
});
afterEach(() => bench.close());

const http = (parts: Parameters<typeof api>[0] = {}) =>
  api({ kind: 'http', stage: '$default', ...parts });

describe('the event of an HTTP API', () => {
  it('has the fields of payload 2.0', async () => {
    bench.add('fn', {});
    await bench.serve([http({ routes: [route2('POST /a/{id}')], stageVariables: { v: '1' } })]);
    await bench.ask('/a/%C3%BC%20x?q=%20a&q=b', {
      method: 'POST',
      headers: [
        'User-Agent',
        'test',
        'X-Two',
        '1',
        'x-two',
        '2',
        'Cookie',
        'a=1; b=2',
        'Content-Type',
        'application/json',
      ],
      body: '{}',
    });
    const { headers, requestContext, ...rest } = bench.event as unknown as APIGatewayProxyEventV2;
    expect(rest).toEqual({
      version: '2.0',
      routeKey: 'POST /a/{id}',
      rawPath: '/a/ü x',
      rawQueryString: 'q=%20a&q=b',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { q: ' a,b' },
      pathParameters: { id: 'ü x' },
      stageVariables: { v: '1' },
      body: '{}',
      isBase64Encoded: false,
    });
    expect(headers).toEqual({
      host: new URL(bench.port.url ?? '').host,
      'user-agent': 'test',
      'x-two': '1,2',
      'content-type': 'application/json',
      'content-length': '2',
      connection: 'close',
      'x-amzn-trace-id': expect.stringMatching(/^Root=/),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': new URL(bench.port.url ?? '').port,
      'x-forwarded-proto': 'http',
    });
    expect(requestContext).toEqual({
      accountId: '123456789012',
      apiId: 'abcdefghij',
      domainName: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'abcdefghij',
      http: {
        method: 'POST',
        path: '/a/ü x',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'test',
      },
      requestId: expect.stringMatching(/^[\w+/]{15}=$/),
      routeKey: 'POST /a/{id}',
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: Date.UTC(2026, 0, 1),
    });
  });

  it('leaves out what there is not, and has the stage in its path', async () => {
    bench.add('fn', {});
    await bench.serve([http({ stage: 'prod', routes: [route2('$default')] })]);
    await bench.ask('/prod/x');
    expect(bench.event).toMatchObject({
      rawPath: '/prod/x',
      rawQueryString: '',
      routeKey: '$default',
    });
    for (const name of [
      'cookies',
      'queryStringParameters',
      'pathParameters',
      'stageVariables',
      'body',
    ]) {
      expect(bench.event).not.toHaveProperty(name);
    }
  });

  it('has bodies in base64 unless their type is one of text', async () => {
    bench.add('fn', {});
    await bench.serve([http({ routes: [route2('POST /')] })]);
    await bench.ask('/', {
      method: 'POST',
      body: 'a=1',
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
    });
    expect(bench.event).toMatchObject({ body: 'YT0x', isBase64Encoded: true });
  });

  it('may be of payload 1.0, with a version, headers in lower case and the path decoded', async () => {
    bench.add('fn', { statusCode: 200, cookies: [], more: 1 });
    await bench.serve([http({ stage: 'v1', routes: [route('GET /a/{id}')] })]);
    const reply = await bench.ask('/v1/a/x%20y', { headers: ['X-Case', 'A'] });
    expect(bench.event).toMatchObject({
      version: '1.0',
      resource: '/a/{id}',
      path: '/a/x y',
      pathParameters: { id: 'x y' },
      headers: { 'x-case': 'A' },
      requestContext: { path: '/v1/a/x y', resourcePath: '/a/{id}' },
    });
    expect(reply.status).toBe(200);
  });
});

describe('the answer of an HTTP API', () => {
  async function answer(output: unknown, parts: Parameters<typeof api>[0] = {}) {
    bench.add('fn', output);
    await bench.serve([http({ routes: [route2('GET /')], ...parts })]);
    return bench.ask('/');
  }

  it.each([
    [{ hello: 'world' }, '{"hello":"world"}'],
    [['hello', 3, true], '["hello",3,true]'],
    ['hello', 'hello'],
    [3, '3'],
    [true, 'true'],
  ])('is the output %j itself when it has no statusCode', async (output, body) => {
    const reply = await answer(output);
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([
      200,
      'application/json',
      body,
    ]);
  });

  it('is what the function says, with a header for each cookie', async () => {
    const reply = await answer({
      statusCode: 202,
      headers: { 'X-A': 'b', 'Content-Type': 'image/png' },
      cookies: ['a=1', 'b=2; Path=/'],
      body: 'AAEC',
      isBase64Encoded: true,
    });
    expect([reply.status, ...reply.body]).toEqual([202, 0, 1, 2]);
    expect(reply.headers).toMatchObject({
      'x-a': 'b',
      'content-type': 'image/png',
      'set-cookie': ['a=1', 'b=2; Path=/'],
      'apigw-requestid': expect.stringMatching(/=$/),
    });
  });

  it('is 500 for a function that fails or whose answer is none', async () => {
    const expected = [500, { message: 'Internal Server Error' }];
    const fails = (_: unknown, settle: (outcome: unknown) => void) => settle(failed({}, 'Error'));
    const notJson = (_: unknown, settle: (outcome: unknown) => void) => settle(succeeded('<html>'));
    for (const output of [fails, notJson, { statusCode: 'x' }, { statusCode: 200, headers: 5 }]) {
      const reply = await answer(output);
      expect([reply.status, reply.json]).toEqual(expected);
    }
  });

  it('is 503 for a function that is throttled or takes too long', async () => {
    const expected = [503, { message: 'Service Unavailable' }];
    const error = new OrchestratorError('throttled', 'too many');
    const throttled = await answer((_: unknown, settle: (outcome: unknown) => void) =>
      settle({ kind: 'refused', error }),
    );
    expect([throttled.status, throttled.json]).toEqual(expected);
    const started = new Promise<void>((resolve) => bench.add('fn', () => resolve()));
    await bench.serve([http({ routes: [route2('GET /', { timeoutMs: 1000 })] })]);
    const asked = bench.ask('/');
    await started;
    bench.clock.advance(1000);
    const late = await asked;
    expect([late.status, late.json]).toEqual(expected);
  });

  it('is 404 where there is no route, 413 for bodies beyond 10 MB', async () => {
    await answer({});
    const missing = await bench.ask('/other');
    expect([missing.status, missing.json]).toEqual([404, { message: 'Not Found' }]);
    await bench.serve([http({ routes: [route2('POST /')] })]);
    const large = await bench.ask('/', { method: 'POST', body: Buffer.alloc(11 * 2 ** 20) });
    expect([large.status, large.json]).toEqual([413, { message: 'Request Entity Too Large' }]);
  });
});

describe('CORS of an HTTP API', () => {
  const cors = {
    allowOrigins: ['https://a.example', 'http://*'],
    allowHeaders: ['x-one', 'content-type'],
    allowMethods: ['GET', 'POST'],
    exposeHeaders: ['x-made'],
    allowCredentials: true,
    maxAgeSeconds: 60,
  };
  const preflight = (origin: string, path = '/a') =>
    bench.ask(path, {
      method: 'OPTIONS',
      headers: ['Origin', origin, 'Access-Control-Request-Method', 'GET'],
    });

  it('answers what browsers ask, without a function and on any path', async () => {
    bench.add('fn', {});
    await bench.serve([http({ routes: [route2('GET /a')], cors })]);
    const reply = await preflight('https://a.example', '/not-a-route');
    expect(reply.status).toBe(204);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'x-one,content-type',
      'access-control-max-age': '60',
    });
    expect((await preflight('http://localhost:5173')).headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:5173',
    });
    expect((await preflight('https://b.example')).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
    expect(bench.router.requests).toEqual([]);
  });

  it('replaces what functions say of it', async () => {
    bench.add('fn', {
      statusCode: 200,
      headers: { 'Access-Control-Allow-Origin': 'https://evil.example' },
    });
    await bench.serve([http({ routes: [route2('GET /a')], cors })]);
    const reply = await bench.ask('/a', { headers: ['Origin', 'https://a.example'] });
    expect(reply.headers['access-control-allow-origin']).toBe('https://a.example');
    expect(reply.headers['access-control-expose-headers']).toBe('x-made');
    expect((await bench.ask('/a')).headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('several APIs on one port', () => {
  it('lie beside each other; of two routes that are the same the first is met, and that is told', async () => {
    bench.add('fn', {});
    bench.add('other', { statusCode: 201 });
    const integration = {
      kind: 'function',
      target: { functionName: 'other' },
      payloadFormat: '2.0',
    } as const;
    const second = http({
      id: 'bbbbbbbbbb',
      name: 'Second',
      routes: [route2('GET /a', { integration }), route2('GET /b', { integration })],
    });
    await bench.serve([http({ routes: [route2('GET /a'), route2('ANY /{proxy+}')] }), second]);
    expect((await bench.ask('/a')).status).toBe(200);
    expect((await bench.ask('/b')).status).toBe(201);
    expect((await bench.ask('/c')).status).toBe(200);
    const own = `bbbbbbbbbb.execute-api.localhost:${new URL(bench.port.url ?? '').port}`;
    expect((await bench.ask('/a', { headers: ['Host', own] })).status).toBe(201);
    expect(bench.messages).toEqual([expect.stringContaining(`GET /a is in Api and in Second`)]);
    expect(bench.messages[0]).toContain(`http://${own}/`);
  });

  it('are opened, changed and taken away by the configuration', async () => {
    bench.add('fn', {});
    await bench.serve([]);
    expect(bench.port.url).toBeUndefined();
    expect(bench.source.addresses()).toEqual([]);
    await bench.serve([http({ routes: [route2('GET /a')] })]);
    expect((await bench.ask('/a')).status).toBe(200);
    expect(bench.source.addresses()).toEqual([
      { source: 'HTTP API', address: `GET    ${bench.port.url}/a`, about: 'fn' },
    ]);
    expect(bench.source.status()).toEqual([
      { kind: 'HTTP API', id: 'Api', from: 'GET /a', to: 'fn', state: 'Enabled' },
    ]);
    await bench.serve([http({ routes: [route2('GET /b')] })]);
    expect((await bench.ask('/a')).status).toBe(404);
    expect((await bench.ask('/b')).status).toBe(200);
    await bench.serve([]);
    expect((await bench.ask('/b')).status).toBe(404);
  });
});
