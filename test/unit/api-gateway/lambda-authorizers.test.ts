import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuthorizerDefinition } from '../../../src/stack/http.js';
import { failed } from '../../support/fake-router.js';
import { api, HttpBench, route, route2 } from '../../support/http-bench.js';

let bench: HttpBench;
beforeEach(() => {
  bench = new HttpBench();
  bench.add('fn', { statusCode: 200 });
});
afterEach(() => bench.close());

const lambda = (
  parts: Partial<AuthorizerDefinition & { kind: 'token' | 'request' }> = {},
): AuthorizerDefinition => ({
  kind: 'token',
  path: 'Auth',
  target: { functionName: 'auth' },
  identitySources: ['method.request.header.Authorization'],
  payloadFormat: '1.0',
  simpleResponses: false,
  cacheSeconds: 0,
  ...parts,
});

const policy = (effect: string, resource: string | string[] = '*', context?: object) => ({
  principalId: 'user-1',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }],
  },
  ...(context === undefined ? {} : { context }),
});

const AUTHORIZED = { headers: ['Authorization', 'token-1'] };
const asked = () =>
  bench.router.requests.filter(({ invokedFunctionArn }) => invokedFunctionArn.endsWith(':auth'));
const authEvent = () =>
  JSON.parse(asked().at(-1)?.payload.toString() ?? 'null') as Record<string, unknown>;

describe('Lambda authorizers of REST APIs', () => {
  const guarded = (authorizer: AuthorizerDefinition, ...keys: string[]) =>
    bench.serve([
      api({
        routes: (keys.length === 0 ? ['GET /orders/{id}'] : keys).map((key) =>
          route(key, { authorizer: 'Auth' }),
        ),
        authorizers: { Auth: authorizer },
        stageVariables: { v: '1' },
      }),
    ]);

  it('are asked about a token, and what they say of the caller reaches the function', async () => {
    bench.add('auth', policy('Allow', '*', { text: 'a', number: 7, flag: true }));
    await guarded(lambda());
    expect((await bench.ask('/orders/7?q=1', AUTHORIZED)).status).toBe(200);
    expect(authEvent()).toEqual({
      type: 'TOKEN',
      methodArn: 'arn:aws:execute-api:us-east-1:123456789012:abcdefghij/dev/GET/orders/7',
      authorizationToken: 'token-1',
    });
    expect(bench.event['requestContext']).toMatchObject({
      authorizer: {
        principalId: 'user-1',
        text: 'a',
        number: '7',
        flag: 'true',
        integrationLatency: 0,
      },
    });
  });

  it('are asked about a whole request', async () => {
    bench.add('auth', policy('Allow'));
    await guarded(
      lambda({
        kind: 'request',
        identitySources: [
          'method.request.header.Authorization',
          'method.request.querystring.q',
          'stageVariables.v',
          'context.httpMethod',
        ],
      }),
    );
    expect((await bench.ask('/orders/7?q=1', AUTHORIZED)).status).toBe(200);
    expect(authEvent()).toMatchObject({
      type: 'REQUEST',
      methodArn: expect.stringContaining('/dev/GET/orders/7'),
      resource: '/orders/{id}',
      path: '/orders/7',
      httpMethod: 'GET',
      headers: { Authorization: 'token-1' },
      multiValueHeaders: { Authorization: ['token-1'] },
      queryStringParameters: { q: '1' },
      multiValueQueryStringParameters: { q: ['1'] },
      pathParameters: { id: '7' },
      stageVariables: { v: '1' },
      requestContext: { stage: 'dev', resourcePath: '/orders/{id}' },
    });
    expect(authEvent()).not.toHaveProperty('body');
    const without = await bench.ask('/orders/7', AUTHORIZED);
    expect([without.status, without.json]).toEqual([401, { message: 'Unauthorized' }]);
    expect(asked()).toHaveLength(1);
  });

  it('are not asked without a token, or with one that does not match', async () => {
    bench.add('auth', policy('Allow'));
    await guarded(lambda({ validation: 'token-\\d' }));
    for (const headers of [
      [],
      ['Authorization', ''],
      ['Authorization', 'token-12'],
      ['Authorization', 'x token-1'],
    ]) {
      const reply = await bench.ask('/orders/7', { headers });
      expect([reply.status, reply.json]).toEqual([401, { message: 'Unauthorized' }]);
    }
    expect(asked()).toEqual([]);
    expect((await bench.ask('/orders/7', AUTHORIZED)).status).toBe(200);
  });

  it.each([
    [
      'nothing allowed',
      policy('Allow', 'arn:aws:execute-api:*:*:*/dev/POST/*'),
      'User is not authorized to access this resource',
    ],
    [
      'a denial',
      policy('Deny'),
      'User is not authorized to access this resource with an explicit deny',
    ],
  ])('refuse with 403 for %s', async (_, output, message) => {
    bench.add('auth', output);
    await guarded(lambda());
    const reply = await bench.ask('/orders/7', AUTHORIZED);
    expect([reply.status, reply.json]).toEqual([403, { message }]);
  });

  it('say by their error that somebody is not authorized', async () => {
    bench.add('auth', (_: unknown, settle: (outcome: unknown) => void) =>
      settle(failed({ errorMessage: 'Unauthorized' }, 'Error')),
    );
    await guarded(lambda());
    expect((await bench.ask('/orders/7', AUTHORIZED)).status).toBe(401);
  });

  it.each([
    [
      'another error',
      (_: unknown, settle: (outcome: unknown) => void) =>
        settle(failed({ errorMessage: 'x' }, 'Error')),
    ],
    ['no object', 'allow'],
    ['no principal', { policyDocument: policy('Allow').policyDocument }],
    ['no policy', { principalId: 'a' }],
    [
      'a statement that is none',
      { principalId: 'a', policyDocument: { Statement: [{ Effect: 'Maybe' }] } },
    ],
    ['a context of more than plain values', policy('Allow', '*', { a: { b: 1 } })],
  ])('are 500 for %s, which is told', async (_, output) => {
    bench.add('auth', output);
    await guarded(lambda());
    const reply = await bench.ask('/orders/7', AUTHORIZED);
    expect([reply.status, reply.json]).toEqual([500, { message: 'Internal server error' }]);
    expect(bench.messages.at(-1)).toContain('the authorizer Auth (auth)');
  });

  it('are 500 when they take too long', async () => {
    const started = new Promise<void>((resolve) => bench.add('auth', () => resolve()));
    await guarded(lambda());
    const reply = bench.ask('/orders/7', AUTHORIZED);
    await started;
    bench.clock.advance(29_000);
    expect((await reply).status).toBe(500);
  });

  it('are asked once for an identity while their answer is kept, for all methods', async () => {
    bench.add(
      'auth',
      policy('Allow', 'arn:aws:execute-api:us-east-1:123456789012:abcdefghij/dev/GET/a'),
    );
    await guarded(lambda({ cacheSeconds: 300 }), 'GET /a', 'GET /b');
    expect((await bench.ask('/a', AUTHORIZED)).status).toBe(200);
    expect((await bench.ask('/b', AUTHORIZED)).status).toBe(403);
    bench.clock.advance(299_000);
    expect((await bench.ask('/a', AUTHORIZED)).status).toBe(200);
    expect(asked()).toHaveLength(1);
    await bench.ask('/a', { headers: ['Authorization', 'token-2'] });
    expect(asked()).toHaveLength(2);
    bench.clock.advance(1001);
    await bench.ask('/a', AUTHORIZED);
    expect(asked()).toHaveLength(3);
  });

  it('keep nothing when they failed', async () => {
    bench.add('auth', 'no policy');
    await guarded(lambda({ cacheSeconds: 300 }));
    await bench.ask('/orders/7', AUTHORIZED);
    bench.add('auth', policy('Allow'));
    expect((await bench.ask('/orders/7', AUTHORIZED)).status).toBe(200);
  });

  it('refuse everybody where they are not there', async () => {
    await bench.serve([api({ routes: [route('GET /', { authorizer: 'Gone' })] })]);
    expect((await bench.ask('/')).status).toBe(500);
  });

  it('ask for a signature where that is wanted', async () => {
    await bench.serve([
      api({
        routes: [route('GET /', { authorizer: 'AWS_IAM' })],
        authorizers: { AWS_IAM: { kind: 'iam', path: 'x' } },
      }),
    ]);
    const reply = await bench.ask('/');
    expect([reply.status, reply.json]).toEqual([403, { message: 'Missing Authentication Token' }]);
    const signature =
      'AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/execute-api/aws4_request, Signature=0';
    expect((await bench.ask('/', { headers: ['Authorization', signature] })).status).toBe(200);
    expect(bench.event['requestContext']).toMatchObject({
      identity: { accessKey: 'AKID', accountId: '123456789012' },
    });
  });
});

describe('Lambda authorizers of HTTP APIs', () => {
  const guarded = (authorizer: AuthorizerDefinition) =>
    bench.serve([
      api({
        kind: 'http',
        stage: '$default',
        routes: [route2('GET /a/{id}', { authorizer: 'Auth' })],
        authorizers: { Auth: authorizer },
      }),
    ]);
  const sources = ['$request.header.Authorization', '$request.querystring.q'];

  it('are asked in format 2.0, and may answer simply', async () => {
    bench.add('auth', { isAuthorized: true, context: { user: { id: 7 } } });
    await guarded(
      lambda({
        kind: 'request',
        payloadFormat: '2.0',
        simpleResponses: true,
        identitySources: sources,
      }),
    );
    expect(
      (await bench.ask('/a/7?q=1', { headers: [...AUTHORIZED.headers, 'Cookie', 'c=1'] })).status,
    ).toBe(200);
    expect(authEvent()).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:us-east-1:123456789012:abcdefghij/$default/GET/a/7',
      identitySource: ['token-1', '1'],
      routeKey: 'GET /a/{id}',
      rawPath: '/a/7',
      rawQueryString: 'q=1',
      cookies: ['c=1'],
      headers: { authorization: 'token-1' },
      queryStringParameters: { q: '1' },
      pathParameters: { id: '7' },
      requestContext: { http: { method: 'GET' }, routeKey: 'GET /a/{id}' },
    });
    expect(bench.event['requestContext']).toMatchObject({
      authorizer: { lambda: { user: { id: 7 } } },
    });
    bench.add('auth', { isAuthorized: false });
    expect((await bench.ask('/a/7?q=1', AUTHORIZED)).status).toBe(403);
    bench.add('auth', { isAuthorized: 'yes' });
    const reply = await bench.ask('/a/7?q=1', AUTHORIZED);
    expect([reply.status, reply.json]).toEqual([500, { message: 'Internal Server Error' }]);
    expect((await bench.ask('/a/7', AUTHORIZED)).status).toBe(401);
  });

  it('are asked in format 1.0 and answer with a policy', async () => {
    bench.add('auth', policy('Allow'));
    await guarded(lambda({ kind: 'request', identitySources: sources }));
    expect((await bench.ask('/a/7?q=1', AUTHORIZED)).status).toBe(200);
    expect(authEvent()).toMatchObject({
      version: '1.0',
      type: 'REQUEST',
      methodArn: expect.stringContaining('/$default/GET/a/7'),
      identitySource: 'token-1,1',
      authorizationToken: 'token-1,1',
      httpMethod: 'GET',
    });
    expect(bench.event['requestContext']).toMatchObject({ authorizer: { lambda: null } });
  });
});
