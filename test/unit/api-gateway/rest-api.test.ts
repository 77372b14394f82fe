import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { OrchestratorError } from '../../../src/errors.js';
import { failed, succeeded } from '../../support/fake-router.js';
import { api, HttpBench, route } from '../../support/http-bench.js';

let bench: HttpBench;
beforeEach(() => {
  bench = new HttpBench();
});
afterEach(() => bench.close());

const OK = { statusCode: 200 };

describe('the event of a REST API', () => {
  it('has headers and parameters whatever they are called', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('GET /')] })]);
    const headers = ['__proto__', '1', 'constructor', '2'];
    const { status } = await bench.ask('/?constructor=a&__proto__=b', { headers });
    expect(status).toBe(200);
    const { multiValueQueryStringParameters: query, multiValueHeaders } =
      bench.event as unknown as APIGatewayProxyEvent;
    expect(JSON.stringify(query)).toBe('{"constructor":["a"],"__proto__":["b"]}');
    expect(JSON.stringify(multiValueHeaders)).toContain('"__proto__":["1"],"constructor":["2"]');
  });

  it('has the fields of payload 1.0, headers and queries one by one and all together', async () => {
    bench.add('fn', OK);
    await bench.serve([
      api({
        routes: [route('POST /orders/{id}', { operationName: 'order' })],
        stageVariables: { a: 'b' },
      }),
    ]);
    await bench.ask('/orders/a%20b?q=a&q=b+c&empty=', {
      method: 'POST',
      headers: ['User-Agent', 'test', 'tEsT', '1', 'TEST', '2', 'Content-Type', 'application/json'],
      body: '{"ü":1}',
    });
    const event = bench.event as unknown as APIGatewayProxyEvent;
    const { requestContext, headers, multiValueHeaders, ...rest } = event;
    expect(rest).toEqual({
      resource: '/orders/{id}',
      path: '/orders/a%20b',
      httpMethod: 'POST',
      queryStringParameters: { q: 'b c', empty: '' },
      multiValueQueryStringParameters: { q: ['a', 'b c'], empty: [''] },
      pathParameters: { id: 'a%20b' },
      stageVariables: { a: 'b' },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
    expect(headers).toMatchObject({ tEsT: '2', 'Content-Type': 'application/json' });
    expect(multiValueHeaders).toMatchObject({ tEsT: ['1', '2'], 'User-Agent': ['test'] });
    expect(Object.keys(headers)).not.toContain('Content-Length');
    expect(headers).toMatchObject({
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': new URL(bench.port.url ?? '').port,
      'X-Forwarded-Proto': 'http',
      'X-Amzn-Trace-Id': expect.stringMatching(/^Root=1-/),
    });
    expect(requestContext).toEqual({
      accountId: '123456789012',
      apiId: 'abcdefghij',
      deploymentId: expect.stringMatching(/^[a-z0-9]{6}$/),
      domainName: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'abcdefghij',
      extendedRequestId: expect.stringMatching(/^[\w+/]{15}=$/),
      httpMethod: 'POST',
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: '127.0.0.1',
        user: null,
        userAgent: 'test',
        userArn: null,
      },
      operationName: 'order',
      path: '/dev/orders/a%20b',
      protocol: 'HTTP/1.1',
      requestId: bench.router.requests[0]?.requestId,
      requestTime: '01/Jan/2026:00:00:00 +0000',
      requestTimeEpoch: Date.UTC(2026, 0, 1),
      resourceId: expect.stringMatching(/^[a-z0-9]{6}$/),
      resourcePath: '/orders/{id}',
      stage: 'dev',
    });
  });

  it('has null where there is nothing', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('GET /')] })]);
    await bench.ask('/');
    expect(bench.event).toMatchObject({
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: null,
      stageVariables: null,
      body: null,
      isBase64Encoded: false,
    });
  });

  it('has bodies of binary media types in base64, others as text', async () => {
    bench.add('fn', OK);
    await bench.serve([
      api({ routes: [route('POST /')], binaryMediaTypes: ['image/*', 'application~1zip'] }),
    ]);
    const send = async (type: string): Promise<unknown[]> => {
      await bench.ask('/', { method: 'POST', headers: ['Content-Type', type], body: 'abc' });
      return [bench.event['isBase64Encoded'], bench.event['body']];
    };
    expect(await send('image/png; q=1')).toEqual([true, 'YWJj']);
    expect(await send('application/zip')).toEqual([true, 'YWJj']);
    expect(await send('application/octet-stream')).toEqual([false, 'abc']);
    await bench.serve([api({ routes: [route('POST /')], binaryMediaTypes: ['*/*'] })]);
    expect(await send('text/plain')).toEqual([true, 'YWJj']);
  });

  it('passes on the trace of the caller, and to the function', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('GET /')] })]);
    await bench.ask('/', {
      headers: ['X-Amzn-Trace-Id', 'Root=1-2-3', 'X-Forwarded-For', '9.9.9.9'],
    });
    expect(bench.router.requests[0]?.traceId).toBe('Root=1-2-3');
    expect(bench.event['headers']).toMatchObject({ 'X-Forwarded-For': '9.9.9.9, 127.0.0.1' });
  });
});

describe('the answer of a REST API', () => {
  async function answer(
    output: unknown,
    more: Parameters<typeof api>[0] = {},
    headers: string[] = [],
  ) {
    bench.add('fn', output);
    await bench.serve([api({ routes: [route('GET /')], ...more })]);
    return bench.ask('/', { headers });
  }

  it('is what the function says, of several values of a header each once', async () => {
    const reply = await answer({
      statusCode: '201',
      headers: { 'X-One': 'single', 'x-both': 'single', 'X-Flag': true },
      multiValueHeaders: { 'X-Both': ['a', 'b'], 'Set-Cookie': ['c=1', 'd=2'] },
      body: 'made',
    });
    expect(reply).toMatchObject({ status: 201, text: 'made' });
    expect(reply.headers).toMatchObject({
      'x-one': 'single',
      'x-both': 'a, b',
      'x-flag': 'true',
      'set-cookie': ['c=1', 'd=2'],
      'content-type': 'application/json',
      'content-length': '4',
      'x-amzn-requestid': bench.router.requests[0]?.requestId,
    });
    expect(reply.headers).toHaveProperty('x-amz-apigw-id');
  });

  it('may have no body at all', async () => {
    expect(await answer({ statusCode: 204 })).toMatchObject({ status: 204, text: '' });
    expect(await answer({ statusCode: 200, body: null, headers: null })).toMatchObject({
      status: 200,
      text: '',
    });
  });

  it('keeps headers of its own out of the hands of functions', async () => {
    const { headers } = await answer({
      statusCode: 200,
      headers: { 'WWW-Authenticate': 'Basic', 'Content-Length': '99', Connection: 'close' },
      body: 'x',
    });
    expect(headers).toMatchObject({
      'x-amzn-remapped-www-authenticate': 'Basic',
      'content-length': '1',
    });
    expect(headers).not.toHaveProperty('www-authenticate');
  });

  it('decodes base64 where the type, or what the client accepts, is binary', async () => {
    const output = {
      statusCode: 200,
      headers: { 'Content-Type': 'image/png' },
      body: 'AAEC',
      isBase64Encoded: true,
    };
    expect((await answer(output)).text).toBe('AAEC');
    const binary = { binaryMediaTypes: ['image/png'] };
    expect([...(await answer(output, binary)).body]).toEqual([0, 1, 2]);
    const untyped = { statusCode: 200, body: 'AAEC', base64Encoded: true };
    expect((await answer(untyped, binary, ['Accept', 'image/png'])).body.length).toBe(3);
    expect((await answer({ ...output, body: '?!' }, binary)).status).toBe(502);
  });

  it.each([
    ['a text', 'text'],
    ['a list', [1]],
    ['nothing', null],
    ['an object without statusCode', { body: 'x' }],
    ['a statusCode that is no number', { statusCode: 'two hundred' }],
    ['a statusCode that is no status', { statusCode: 1000 }],
    ['a key that no answer has', { statusCode: 200, cookies: [] }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['headers that are no object', { statusCode: 200, headers: 'x' }],
    ['a header that is no text', { statusCode: 200, headers: { a: { b: 1 } } }],
    ['multiValueHeaders without lists', { statusCode: 200, multiValueHeaders: { a: 'b' } }],
    ['a header that cannot be sent', { statusCode: 200, headers: { 'a b': 'c' } }],
    ['a header with a line break', { statusCode: 200, headers: { a: 'b\r\nc: d' } }],
  ])('is 502 for %s, and the developer is told', async (_, output) => {
    const reply = await answer(output);
    expect(reply.status).toBe(502);
    expect(reply.json).toEqual({ message: 'Internal server error' });
    expect(reply.headers['x-amzn-errortype']).toBe('InternalServerErrorException');
    expect(bench.messages.join()).toMatch(/GET \//);
  });

  it('is 502 for a function that fails, and says nothing of why', async () => {
    const reply = await answer((_: unknown, settle: (outcome: unknown) => void) =>
      settle(failed({ errorMessage: 'secret' }, 'Error')),
    );
    expect([reply.status, reply.text]).toEqual([502, '{"message":"Internal server error"}']);
  });

  it('is 500 for a function that is throttled or gone', async () => {
    const error = new OrchestratorError('throttled', 'too many');
    const reply = await answer((_: unknown, settle: (outcome: unknown) => void) =>
      settle({ kind: 'refused', error }),
    );
    expect([reply.status, reply.json]).toEqual([500, { message: 'Internal server error' }]);
    await bench.serve([
      api({
        routes: [
          route('GET /', {
            integration: {
              kind: 'function',
              target: { functionName: 'gone' },
              payloadFormat: '1.0',
            },
          }),
        ],
      }),
    ]);
    expect((await bench.ask('/')).status).toBe(500);
    expect(bench.messages.at(-1)).toContain('there is no function gone');
  });

  it('is 504 when the function takes longer than the integration may', async () => {
    let settleLate = (): void => undefined;
    const started = new Promise<void>((resolve) => {
      bench.add('fn', (_: unknown, settle: (outcome: unknown) => void) => {
        settleLate = () => settle(succeeded('{"statusCode":200}'));
        resolve();
      });
    });
    await bench.serve([api({ routes: [route('GET /', { timeoutMs: 50 })] })]);
    const asked = bench.ask('/');
    await started;
    bench.clock.advance(50);
    const reply = await asked;
    expect([reply.status, reply.json]).toEqual([504, { message: 'Endpoint request timed out' }]);
    expect(bench.messages.at(-1)).toContain('GET /: fn took longer than the 50 ms of the route');
    settleLate();
  });

  it('is 403 for routes that do not exist, by path or by method', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('GET /a')] })]);
    for (const [path, method] of [
      ['/b', 'GET'],
      ['/a', 'POST'],
    ] as const) {
      const reply = await bench.ask(path, { method });
      expect([reply.status, reply.json]).toEqual([
        403,
        { message: 'Missing Authentication Token' },
      ]);
    }
  });

  it('is 413 for bodies beyond 10 MB, and for events beyond what functions take', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('POST /')] })]);
    for (const megabytes of [7, 11]) {
      const reply = await bench.ask('/', {
        method: 'POST',
        body: Buffer.alloc(megabytes * 2 ** 20, 97),
      });
      expect([reply.status, reply.json]).toEqual([413, { message: 'Request Too Long' }]);
    }
    expect(bench.router.requests).toEqual([]);
  });

  it('is 431 for more than 10,240 bytes of headers', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('GET /')] })]);
    expect((await bench.ask('/', { headers: ['x-long', 'a'.repeat(10_240)] })).status).toBe(431);
    expect((await bench.ask('/', { headers: ['x-long', 'a'.repeat(9000)] })).status).toBe(200);
  });

  it('may be the API’s own, by type or for all errors', async () => {
    const { status, json, headers } = await answer('no object', {
      gatewayResponses: {
        DEFAULT_5XX: {
          status: 599,
          headers: { 'Access-Control-Allow-Origin': '*' },
          templates: {
            'application/json':
              '{"why":$context.error.messageString,"type":"$context.error.responseType"}',
          },
        },
      },
    });
    expect([status, json]).toEqual([599, { why: 'Internal server error', type: 'DEFAULT_5XX' }]);
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('a REST API', () => {
  it('asks for a key where a route says so', async () => {
    bench.add('fn', OK);
    const routes = [route('GET /', { apiKeyRequired: true })];
    await bench.serve([api({ routes, apiKeys: [{ id: 'Key', value: 'secret' }] })]);
    const without = await bench.ask('/');
    expect([without.status, without.json]).toEqual([403, { message: 'Forbidden' }]);
    expect((await bench.ask('/', { headers: ['x-api-key', 'other'] })).status).toBe(403);
    expect((await bench.ask('/', { headers: ['X-Api-Key', 'secret'] })).status).toBe(200);
    expect(bench.event['requestContext']).toMatchObject({
      identity: { apiKey: 'secret', apiKeyId: 'Key' },
    });
    await bench.serve([api({ routes })]);
    expect((await bench.ask('/', { headers: ['x-api-key', 'any'] })).status).toBe(200);
  });

  it('answers mock integrations itself', async () => {
    const headers = { 'Access-Control-Allow-Origin': '*' };
    const integration = { kind: 'mock', status: 204, headers, body: '' } as const;
    await bench.serve([api({ routes: [route('OPTIONS /a', { integration })] })]);
    const reply = await bench.ask('/a', { method: 'OPTIONS' });
    expect([reply.status, reply.headers['access-control-allow-origin']]).toEqual([204, '*']);
  });

  it('is served below its stage as well, by host name and by path', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('GET /a')] })]);
    const { host } = new URL(bench.port.url ?? '');
    const named = `abcdefghij.execute-api.localhost:${host.split(':')[1]}`;
    const asked: [string, string][] = [
      ['/a', host],
      ['/dev/a', host],
      ['/dev/a', named],
      ['/_aws/execute-api/abcdefghij/dev/a', host],
      ['/dev/a', 'abcdefghij.execute-api.us-east-1.amazonaws.com'],
    ];
    for (const [path, name] of asked) {
      expect([path, name, (await bench.ask(path, { headers: ['Host', name] })).status]).toEqual([
        path,
        name,
        200,
      ]);
      expect(bench.event).toMatchObject({ path: '/a', requestContext: { path: '/dev/a' } });
    }
    expect((await bench.ask('/a', { headers: ['Host', named] })).status).toBe(403);
  });

  it('leaves a line for each request in the log of its function', async () => {
    bench.add('fn', OK);
    await bench.serve([api({ routes: [route('GET /a')] })]);
    await bench.ask('/a?secret=1');
    await bench.ask('/b');
    const id = bench.router.requests[0]?.requestId;
    const texts = bench.lines.map(({ functionName, text }) => [functionName, text]);
    expect(texts).toEqual([
      ['fn', `HTTP RequestId: ${id} GET /a 200 0.0 ms`],
      ['Api', expect.stringMatching(/ GET \/b 403 0\.0 ms$/)],
    ]);
  });
});
