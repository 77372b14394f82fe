import { request as ask, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import { FunctionUrls, type FunctionUrl } from '../../../src/function-urls/function-urls.js';
import type { Settle } from '../../../src/invocation/invocation.js';
import type { Outcome } from '../../../src/invocation/outcome.js';
import type { ResponseSink } from '../../../src/invocation/response-sink.js';
import { failed, FakeRouter, succeeded } from '../../support/fake-router.js';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

const ID = 'a1'.repeat(16);
const HOST = `${ID}.lambda-url.us-east-1.localhost`;
const OPEN = { Effect: 'Allow', Action: 'lambda:InvokeFunctionUrl', Principal: '*' };
const HTTP_TYPE = 'application/vnd.awslambda.http-integration-response';
const NULS = '\0'.repeat(8);

let api: RunningInvokeApi;
let router: FakeRouter;
let url: FunctionUrl;
let told: string[];

beforeEach(async () => {
  router = new FakeRouter();
  told = [];
  url = { functionName: 'f', authType: 'NONE', invokeMode: 'BUFFERED', statements: [OPEN] };
  const site = new FunctionUrls({
    find: (id) => (id === ID ? url : undefined),
    router,
    region: 'us-east-1',
    accountId: '123456789012',
    now: () => 1_767_607_200_000,
    tell: (message) => void told.push(message),
  });
  api = await new RunningInvokeApi({ router, site }).start();
});
afterEach(() => api.api.destroy());

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** It ended before its end. */
  readonly broken: boolean;
}

function get(
  headers: Record<string, string> = {},
  method = 'GET',
  onChunk: (text: string) => void = () => undefined,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = ask(
      {
        host: '127.0.0.1',
        port: api.port,
        path: '/p?q=1',
        method,
        agent: false,
        headers: { Host: HOST, ...headers },
      },
      (response) => {
        let body = '';
        const end = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            broken: !response.complete,
          });
        response.on('data', (piece: Buffer) => {
          body += piece.toString();
          onChunk(body);
        });
        response.on('error', end);
        response.on('end', end);
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const returns = (outcome: Outcome): void =>
  router.add({ name: 'f' }, (_request, settle) => settle(outcome));

function streams(act: (sink: ResponseSink, settle: Settle) => void, mode = HTTP_TYPE): void {
  url = { ...url, invokeMode: 'RESPONSE_STREAM' };
  router.add({ name: 'f' }, ({ sink }, settle) => {
    sink?.begin({ contentType: mode, executedVersion: '$LATEST' });
    if (sink !== undefined) act(sink, settle);
  });
}

const none = (): void => undefined;

describe('a function URL', () => {
  it('invokes its function with the request', async () => {
    returns(succeeded('{"hello" : "world"}'));
    const got = await get({ 'X-One': '1' });
    expect([got.status, got.body]).toEqual([200, '{"hello":"world"}']);
    expect(got.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '17',
    });
    const [request] = router.requests;
    expect(JSON.parse(String(request?.payload))).toMatchObject({
      rawPath: '/p',
      queryStringParameters: { q: '1' },
      headers: { 'x-one': '1', host: HOST },
      requestContext: { requestId: request?.requestId },
    });
  });

  it.each([
    ['"hello"', 'hello'],
    ['["hello",3,true]', '["hello",3,true]'],
    ['3.1', '3.1'],
    ['null', 'null'],
    ['{"statusCode":200,"body":"body123"}', 'body123'],
    ['{"statusCode":200,"body":"YQ==","isBase64Encoded":true}', 'a'],
  ])('answers %s with %s', async (output, body) => {
    returns(succeeded(output));
    expect(await get()).toMatchObject({ status: 200, body });
  });

  it('takes status, headers and cookies from the function', async () => {
    const headers = { 'Content-Type': 'text/html', 'x-n': 1 };
    returns(succeeded(JSON.stringify({ statusCode: '404', headers, cookies: ['a=1', 'b=2'] })));
    expect(await get()).toMatchObject({
      status: 404,
      headers: { 'content-type': 'text/html', 'x-n': '1', 'set-cookie': ['a=1', 'b=2'] },
      body: '',
    });
  });

  it('keeps the connection to itself, whatever headers its function names', async () => {
    const headers = { Connection: 'close', 'Content-Length': '1', 'Transfer-Encoding': 'x' };
    returns(succeeded(JSON.stringify({ statusCode: 200, headers, body: 'body' })));
    const got = await get({ Connection: 'keep-alive' });
    expect(got).toMatchObject({ status: 200, body: 'body' });
    expect(got.headers).toMatchObject({ connection: 'keep-alive', 'content-length': '4' });
    streams((sink, settle) => {
      sink.write(Buffer.from(`${JSON.stringify({ headers })}${NULS}body`), none);
      settle(succeeded(''));
    });
    expect(await get()).toMatchObject({
      headers: { 'transfer-encoding': 'chunked' },
      body: 'body',
      broken: false,
    });
  });

  it('answers 204 without a body', async () => {
    returns(succeeded('{"statusCode":204,"body":"x"}'));
    const got = await get();
    expect([got.status, got.body]).toEqual([204, '']);
    expect(got.headers).not.toHaveProperty('content-length');
  });

  it.each([
    ['fails', failed({ errorType: 'E' }, 'E')],
    ['returns no JSON', succeeded('nonsense')],
    ['returns no status', succeeded('{"statusCode":"soon"}')],
    ['returns a status that is none', succeeded('{"statusCode":101}')],
    ['names a header that cannot be', succeeded('{"statusCode":200,"headers":{"a b":"c"}}')],
  ])('answers 502 when its function %s', async (_what, outcome) => {
    returns(outcome);
    expect(await get()).toMatchObject({ status: 502, body: 'Internal Server Error' });
  });

  it('answers 429 when there is no room', async () => {
    returns({ kind: 'refused', error: new OrchestratorError('throttled', 'no') });
    expect((await get()).status).toBe(429);
  });

  it('reads the whole of an HTTP-shaped stream that was collected', async () => {
    const payload = Buffer.from(`{"statusCode":201,"headers":{"x-a":"b"}}${NULS}body`);
    returns({ ...succeeded(payload), contentType: HTTP_TYPE } as Outcome);
    expect(await get()).toMatchObject({ status: 201, headers: { 'x-a': 'b' }, body: 'body' });
  });

  it('asks the policy of its function whether it is open', async () => {
    returns(succeeded('1'));
    url = { ...url, statements: [{ ...OPEN, Action: 'lambda:InvokeFunction' }] };
    const closed = await get();
    expect(closed.status).toBe(403);
    expect(closed.headers['x-amzn-errortype']).toBe('AccessDeniedException');
    expect(closed.body).toContain('"Message":"Forbidden');
    expect(router.requests).toEqual([]);
  });

  it('wants a signature where it says so, whoever signed', async () => {
    returns(succeeded('1'));
    url = { ...url, authType: 'AWS_IAM', statements: [] };
    expect((await get()).status).toBe(403);
    const signed = 'AWS4-HMAC-SHA256 Credential=AKID/20260105/us-east-1/lambda/aws4_request, x=y';
    expect((await get({ Authorization: signed })).status).toBe(200);
    expect(JSON.parse(String(router.requests[0]?.payload))).toMatchObject({
      requestContext: { authorizer: { iam: { accessKey: 'AKID' } } },
    });
  });

  it('is open to the pages its configuration names, and to no Lambda API', async () => {
    returns(succeeded('1'));
    const page = { Origin: 'https://page.test' };
    expect((await get(page)).headers).not.toHaveProperty('access-control-allow-origin');
    url = {
      ...url,
      cors: { AllowOrigins: ['https://page.test'], AllowMethods: ['GET'], MaxAge: 60 },
    };
    expect((await get(page)).headers['access-control-allow-origin']).toBe('https://page.test');
    const other = await get({ Origin: 'https://other.test' });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    const preflight = await get({ ...page, 'Access-Control-Request-Method': 'GET' }, 'OPTIONS');
    expect(preflight.headers).toMatchObject({
      'access-control-allow-methods': 'GET',
      'access-control-max-age': '60',
    });
    expect(router.requests).toHaveLength(3);
    for (const host of [
      `${'b'.repeat(32)}.lambda-url.us-east-1.localhost`,
      HOST.replace('us', 'eu'),
    ])
      expect((await get({ Host: host })).status).toBe(403);
  });
});

describe('a function URL whose CORS configuration no header can hold', () => {
  it('answers all the same', async () => {
    returns(succeeded('1'));
    const origins = { AllowOrigins: ['*'], AllowMethods: ['GET'] };
    url = { ...url, cors: { ...origins, ExposeHeaders: ['x-日', 'x-ok'], AllowHeaders: ['日'] } };
    const page = { Origin: 'https://page.test' };
    expect(await get(page)).toMatchObject({
      status: 200,
      headers: { 'access-control-expose-headers': 'x-ok' },
    });
    const preflight = await get({ ...page, 'Access-Control-Request-Method': 'GET' }, 'OPTIONS');
    expect(preflight.status).toBe(200);
    expect(preflight.headers).not.toHaveProperty('access-control-allow-headers');
  });
});

describe('a function URL that streams', () => {
  it('sends status and headers of the prelude, then each piece when it is made', async () => {
    let goOn: () => void = none;
    streams((sink, settle) => {
      sink.write(Buffer.from('{"statusCode":201,"headers":{"X-A":"b"},"cook'), none);
      sink.write(Buffer.from(`ies":["a=1"]}${NULS}one`), none);
      goOn = () => {
        sink.write(Buffer.from('two'), none);
        settle(succeeded(''));
      };
    });
    const got = await get({}, 'GET', (text) => text === 'one' && goOn());
    expect(got).toMatchObject({
      status: 201,
      headers: { 'x-a': 'b', 'set-cookie': ['a=1'], 'transfer-encoding': 'chunked' },
      body: 'onetwo',
      broken: false,
    });
  });

  it('sends any other stream as the body itself', async () => {
    streams((sink, settle) => {
      sink.write(Buffer.from('one'), none);
      settle(succeeded(''));
    }, 'text/plain');
    expect(await get()).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: 'one',
    });
  });

  it('breaks off when the function fails in the middle', async () => {
    let fail: () => void = none;
    streams((sink, settle) => {
      sink.write(Buffer.from(`{}${NULS}one`), none);
      fail = () => settle(failed({ errorType: 'E' }, 'E'));
    });
    const got = await get({}, 'GET', () => fail());
    expect(got).toMatchObject({ status: 200, body: 'one', broken: true });
  });

  it.each([
    ['has no prelude', (sink: ResponseSink) => sink.write(Buffer.from('{"statusCode":200}'), none)],
    ['has a broken one', (sink: ResponseSink) => sink.write(Buffer.from(`[]${NULS}x`), none)],
    ['never comes', () => true],
  ])('answers 502 when the stream %s, and says why', async (_what, act) => {
    streams((sink, settle) => {
      act(sink);
      settle(succeeded(''));
    });
    expect(await get()).toMatchObject({ status: 502, body: 'Internal Server Error' });
    expect(told).toHaveLength(1);
  });

  it('answers 502 when the function fails before its head is out', async () => {
    streams((_sink, settle) => settle(failed({ errorType: 'E' }, 'E')));
    expect((await get()).status).toBe(502);
  });

  it('sends the result of a function that does not stream as it is', async () => {
    url = { ...url, invokeMode: 'RESPONSE_STREAM' };
    returns(succeeded('{"statusCode" :201}'));
    expect(await get()).toMatchObject({ status: 200, body: '{"statusCode" :201}' });
  });
});
