import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LoadBalancerRule } from '../../../src/stack/http.js';
import { OrchestratorError } from '../../../src/errors.js';
import { failed } from '../../support/fake-router.js';
import { HttpBench } from '../../support/http-bench.js';

let bench: HttpBench;
beforeEach(() => {
  bench = new HttpBench();
});
afterEach(() => bench.close());

const ARN = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/fn/1';

function rule(
  conditions: LoadBalancerRule['conditions'] = [],
  { functionName = 'fn', multi = false } = {},
): LoadBalancerRule {
  return {
    path: 'Resources.Rule',
    conditions,
    action: {
      kind: 'function',
      target: { functionName },
      targetGroupArn: ARN,
      multiValueHeaders: multi,
    },
  };
}

const serve = (...rules: LoadBalancerRule[]) =>
  bench.serve([], [{ path: 'Resources.Balancer', name: 'Shop', rules }]);
const OK = { statusCode: 200, headers: {} };

describe('the event of a load balancer', () => {
  const ask = () =>
    bench.ask('/a%20b?q=%20a&q=b&c', {
      method: 'POST',
      headers: [
        'User-Agent',
        'test',
        'X-Two',
        '1',
        'x-two',
        '2',
        'Content-Type',
        'application/json',
        'X-Amzn-Trace-Id',
        'Root=1-2-3',
      ],
      body: '{}',
    });

  it('has one value of each header and parameter, as the client wrote it', async () => {
    bench.add('fn', OK);
    await serve(rule());
    await ask();
    expect(bench.event).toEqual({
      requestContext: { elb: { targetGroupArn: ARN } },
      httpMethod: 'POST',
      path: '/a%20b',
      queryStringParameters: { q: 'b', c: '' },
      headers: {
        host: new URL(bench.port.url ?? '').host,
        'user-agent': 'test',
        'x-two': '2',
        'content-type': 'application/json',
        'content-length': '2',
        connection: 'close',
        'x-amzn-trace-id': 'Root=1-2-3',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': new URL(bench.port.url ?? '').port,
        'x-forwarded-proto': 'http',
      },
      body: '{}',
      isBase64Encoded: false,
    });
  });

  it('has all values where the target group says so', async () => {
    bench.add('fn', { statusCode: 200, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] } });
    await serve(rule([], { multi: true }));
    const reply = await ask();
    expect(bench.event).toMatchObject({
      multiValueQueryStringParameters: { q: ['%20a', 'b'], c: [''] },
      multiValueHeaders: { 'x-two': ['1', '2'] },
    });
    expect(bench.event).not.toHaveProperty('headers');
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('has headers and parameters whatever they are called', async () => {
    bench.add('fn', OK);
    await serve(rule([], { multi: true }));
    const headers = ['__proto__', '1', 'constructor', '2'];
    const { status } = await bench.ask('/?constructor=a&__proto__=b&toString=c', { headers });
    expect(status).toBe(200);
    expect(JSON.stringify(bench.event['multiValueQueryStringParameters'])).toBe(
      '{"constructor":["a"],"__proto__":["b"],"toString":["c"]}',
    );
    expect(JSON.stringify(bench.event['multiValueHeaders'])).toContain(
      '"__proto__":["1"],"constructor":["2"]',
    );
  });

  it('has bodies in base64 unless their type is one of text and they are not compressed', async () => {
    bench.add('fn', OK);
    await serve(rule());
    const send = async (...headers: string[]): Promise<unknown> => {
      await bench.ask('/', { method: 'POST', headers, body: 'abc' });
      return bench.event['body'];
    };
    expect(await send('Content-Type', 'text/csv')).toBe('abc');
    expect(await send('Content-Type', 'text/csv', 'Content-Encoding', 'gzip')).toBe('YWJj');
    expect(await send('Content-Type', 'image/png')).toBe('YWJj');
    await bench.ask('/');
    expect(bench.event).toMatchObject({
      body: '',
      isBase64Encoded: false,
      queryStringParameters: {},
    });
  });
});

describe('the answer of a load balancer', () => {
  async function answer(output: unknown, multi = false) {
    bench.add('fn', output);
    await serve(rule([], { multi }));
    return bench.ask('/');
  }

  it('is what the function says', async () => {
    const reply = await answer({
      statusCode: 200,
      statusDescription: '200 Fine',
      headers: { 'Content-Type': 'image/png', 'X-A': 'b' },
      body: 'AAEC',
      isBase64Encoded: true,
    });
    expect([reply.status, reply.reason, ...reply.body]).toEqual([200, 'Fine', 0, 1, 2]);
    expect(reply.headers).toMatchObject({ 'content-type': 'image/png', 'x-a': 'b' });
  });

  it.each([
    ['no object', 'text', false],
    ['no statusCode', { body: 'x' }, false],
    ['a body that is no text', { statusCode: 200, body: {} }, false],
    ['lists of values in single mode', { statusCode: 200, headers: { a: ['b'] } }, false],
    ['single values in multi mode', { statusCode: 200, multiValueHeaders: { a: 'b' } }, true],
    ['more than 1 MB', { statusCode: 200, body: 'a'.repeat(2 ** 20) }, false],
    ['a header that cannot be sent', { statusCode: 200, headers: { a: 'b\nc' } }, false],
    [
      'a function that fails',
      (_: unknown, settle: (outcome: unknown) => void) => settle(failed({}, 'Error')),
      false,
    ],
    [
      'a function that is throttled',
      (_: unknown, settle: (outcome: unknown) => void) =>
        settle({ kind: 'refused', error: new OrchestratorError('throttled', 'too many') }),
      false,
    ],
  ])('is 502 for %s', async (_, output, multi) => {
    const reply = await answer(output, multi);
    expect(reply.status).toBe(502);
    expect(reply.headers['server']).toBe('awselb/2.0');
    expect(reply.text).toContain('<h1>502 Bad Gateway</h1>');
  });

  it('is 413 for a body beyond 1 MB', async () => {
    bench.add('fn', OK);
    await serve(rule());
    expect((await bench.ask('/', { method: 'POST', body: Buffer.alloc(2 ** 20 + 1) })).status).toBe(
      413,
    );
    expect(bench.router.requests).toEqual([]);
  });
});

describe('the rules of a load balancer', () => {
  it.each<[string, LoadBalancerRule['conditions'], string, string[], boolean]>([
    ['paths', [{ field: 'path-pattern', values: ['/a/*'] }], '/a/b', [], true],
    ['paths in the wrong case', [{ field: 'path-pattern', values: ['/A/*'] }], '/a/b', [], false],
    [
      'hosts in any case',
      [{ field: 'host-header', values: ['*.Shop.localhost'] }],
      '/',
      ['Host', 'a.shop.localhost:3000'],
      true,
    ],
    ['methods', [{ field: 'http-request-method', values: ['GET', 'HEAD'] }], '/', [], true],
    ['other methods', [{ field: 'http-request-method', values: ['POST'] }], '/', [], false],
    [
      'headers',
      [{ field: 'http-header', name: 'X-Kind', values: ['b*'] }],
      '/',
      ['x-kind', 'beta'],
      true,
    ],
    [
      'queries by key',
      [{ field: 'query-string', pairs: [{ key: 'v', value: '1' }] }],
      '/?v=1',
      [],
      true,
    ],
    [
      'queries by value',
      [{ field: 'query-string', pairs: [{ value: '*x*' }] }],
      '/?v=axb',
      [],
      true,
    ],
    ['addresses', [{ field: 'source-ip', values: ['127.0.0.0/8'] }], '/', [], true],
    [
      'other addresses',
      [{ field: 'source-ip', values: ['10.0.0.0/8', '::1/128'] }],
      '/',
      [],
      false,
    ],
    [
      'all conditions together',
      [
        { field: 'path-pattern', values: ['/a'] },
        { field: 'http-request-method', values: ['POST'] },
      ],
      '/a',
      [],
      false,
    ],
  ])('look at %s', async (_, conditions, path, headers, met) => {
    bench.add('fn', { statusCode: 201 });
    bench.add('rest', { statusCode: 202 });
    await serve(rule(conditions), rule([], { functionName: 'rest' }));
    expect((await bench.ask(path, { headers })).status).toBe(met ? 201 : 202);
  });

  it('may answer themselves, and lead elsewhere', async () => {
    await serve(
      {
        path: 'x',
        conditions: [{ field: 'path-pattern', values: ['/old*'] }],
        action: {
          kind: 'redirect',
          status: 301,
          location: 'https://#{host}:443/new/#{path}?#{query}',
        },
      },
      {
        path: 'x',
        conditions: [],
        action: { kind: 'fixed', status: 404, contentType: 'text/plain', body: 'no' },
      },
    );
    const moved = await bench.ask('/old/a?b=c', { headers: ['Host', 'localhost:1'] });
    expect([moved.status, moved.headers['location']]).toEqual([
      301,
      'https://localhost:443/new/old/a?b=c',
    ]);
    expect(await bench.ask('/')).toMatchObject({ status: 404, text: 'no' });
  });

  it('are those of the load balancer that the host names', async () => {
    bench.add('fn', { statusCode: 201 });
    await serve(rule([{ field: 'path-pattern', values: ['/a'] }]));
    expect((await bench.ask('/a', { headers: ['Host', 'shop.elb.localhost'] })).status).toBe(201);
    expect((await bench.ask('/b', { headers: ['Host', 'shop.elb.localhost'] })).status).toBe(404);
  });
});
