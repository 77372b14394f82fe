import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { api, HttpBench, route, route2 } from '../../support/http-bench.js';

let bench: HttpBench;
let server: Server;
let url: string;
let arrived = (): void => undefined;
let last: { method?: string; url?: string; headers: IncomingHttpHeaders; body: string };

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      last = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body,
      };
      if (request.url === '/never') {
        arrived();
        return;
      }
      response
        .writeHead(202, { 'x-made': 'there', 'set-cookie': ['a=1', 'b=2'] })
        .end('from there');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  bench = new HttpBench();
});
afterEach(() => bench.close());

const proxy = (to: string, method?: string) =>
  ({ kind: 'http', url: to, ...(method === undefined ? {} : { method }) }) as const;

describe('HTTP integrations', () => {
  it('pass a request on, with the path and query it has, and the answer back', async () => {
    const routes = [route('ANY /a/{proxy+}', { integration: proxy(`${url}/there/{proxy}?x=1`) })];
    await bench.serve([api({ routes })]);
    const reply = await bench.ask('/a/b/c%20d?q=2', {
      method: 'PUT',
      headers: ['X-Two', '1', 'X-Two', '2', 'Connection', 'close'],
      body: 'hello',
    });
    expect(last).toMatchObject({ method: 'PUT', url: '/there/b/c%20d?x=1&q=2', body: 'hello' });
    expect(last.headers).toMatchObject({
      'x-two': '1, 2',
      host: new URL(url).host,
      'x-forwarded-for': '127.0.0.1',
    });
    expect(reply).toMatchObject({ status: 202, text: 'from there' });
    expect(reply.headers).toMatchObject({ 'x-made': 'there', 'set-cookie': ['a=1', 'b=2'] });
  });

  it('may have a method of their own', async () => {
    await bench.serve([api({ routes: [route('GET /', { integration: proxy(url, 'POST') })] })]);
    await bench.ask('/');
    expect(last.method).toBe('POST');
  });

  it('are late or unreachable in the words of their kind of API', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const nowhere = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((resolve) => gone.close(resolve));
    const routes = [
      route('GET /gone', { integration: proxy(nowhere) }),
      route('GET /never', { integration: proxy(`${url}/never`), timeoutMs: 50 }),
    ];
    await bench.serve([api({ routes })]);
    const missing = await bench.ask('/gone');
    expect([missing.status, missing.json]).toEqual([
      504,
      { message: 'Network error communicating with endpoint' },
    ]);
    expect(bench.messages.at(-1)).toContain(`${nowhere} did not answer`);
    const waits = new Promise<void>((resolve) => (arrived = resolve));
    const asked = bench.ask('/never');
    await waits;
    bench.clock.advance(50);
    const late = await asked;
    expect([late.status, late.json]).toEqual([504, { message: 'Endpoint request timed out' }]);
    await bench.serve([api({ kind: 'http', stage: '$default', routes })]);
    expect((await bench.ask('/gone')).status).toBe(503);
  });
});

describe('fixed answers', () => {
  it('name the origin that asks, where they are made for several', async () => {
    const integration = {
      kind: 'mock',
      status: 204,
      headers: { 'Access-Control-Allow-Origin': 'https://a.example' },
      body: '',
      origins: ['https://b.example'],
    } as const;
    await bench.serve([api({ routes: [route('OPTIONS /', { integration })] })]);
    const allowed = async (origin: string) => {
      const { headers } = await bench.ask('/', { method: 'OPTIONS', headers: ['Origin', origin] });
      return headers['access-control-allow-origin'];
    };
    expect(await allowed('https://b.example')).toBe('https://b.example');
    expect(await allowed('https://c.example')).toBe('https://a.example');
  });
});

describe('what stands between a request and its route', () => {
  it('is the key an authorizer names, where the route asks for one', async () => {
    bench.add('fn', { statusCode: 200 });
    bench.add('auth', {
      principalId: 'me',
      usageIdentifierKey: 'secret',
      policyDocument: { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
    });
    await bench.serve([
      api({
        apiKeys: [{ id: 'Key', value: 'secret' }],
        routes: [route('GET /', { authorizer: 'Auth', apiKeyRequired: true })],
        authorizers: {
          Auth: {
            kind: 'token',
            path: 'Auth',
            target: { functionName: 'auth' },
            identitySources: ['method.request.header.Authorization'],
            payloadFormat: '1.0',
            simpleResponses: false,
            cacheSeconds: 0,
          },
        },
      }),
    ]);
    expect((await bench.ask('/', { headers: ['Authorization', 'x'] })).status).toBe(200);
    expect(bench.event['requestContext']).toMatchObject({ identity: { apiKeyId: 'Key' } });
  });

  it('is the authorizer, even of what a browser asks ahead, where the route takes that', async () => {
    bench.add('fn', {});
    const cors = {
      allowOrigins: ['*'],
      allowHeaders: [],
      allowMethods: [],
      exposeHeaders: [],
      allowCredentials: false,
    };
    const authorizers = { AWS_IAM: { kind: 'iam', path: 'x' } } as const;
    const serve = (...routes: ReturnType<typeof route>[]) =>
      bench.serve([api({ kind: 'http', stage: '$default', cors, authorizers, routes })]);
    const headers = ['Origin', 'https://a.example', 'Access-Control-Request-Method', 'GET'];
    const preflight = () => bench.ask('/a', { method: 'OPTIONS', headers });
    await serve(route2('$default', { authorizer: 'AWS_IAM' }));
    expect((await preflight()).status).toBe(403);
    await serve(route2('$default', { authorizer: 'AWS_IAM' }), route2('OPTIONS /{proxy+}'));
    expect((await preflight()).status).toBe(204);
    await serve(route2('GET /a', { authorizer: 'AWS_IAM' }));
    expect((await preflight()).status).toBe(204);
  });
});
