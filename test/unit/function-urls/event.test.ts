import { describe, expect, it } from '@jest/globals';
import { eventOf } from '../../../src/function-urls/event.js';
import type { HttpRequest } from '../../../src/http-events/request.js';

const CONTEXT = {
  urlId: 'a'.repeat(32),
  region: 'us-east-1',
  accountId: '123456789012',
  requestId: 'id-1',
  traceId: 'Root=1-2-3',
  nowMs: Date.UTC(2026, 0, 5, 10, 0, 7, 89),
};

function request(parts: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    target: '/a%20b/c?x=1&x=2&y=%C3%BC',
    protocol: 'HTTP/1.1',
    rawHeaders: [
      'Host',
      'here:3001',
      'X-Two',
      'a',
      'X-Two',
      'b',
      'User-Agent',
      'test',
      'Content-Type',
      'application/json',
      'Cookie',
      'a=1; b=2',
      'X-Forwarded-For',
      '10.9.9.9',
      'X-Amzn-Tls-Version',
      'none',
    ],
    body: Buffer.from('{"ü":1}'),
    sourceIp: '127.0.0.1',
    port: 3001,
    ...parts,
  };
}

describe('the event of a function URL', () => {
  it('is payload 2.0 as AWS makes it', () => {
    expect(eventOf(request(), CONTEXT)).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a%20b/c',
      rawQueryString: 'x=1&x=2&y=%C3%BC',
      cookies: ['a=1', 'b=2'],
      headers: {
        host: 'here:3001',
        'x-two': 'a,b',
        'user-agent': 'test',
        'content-type': 'application/json',
        cookie: 'a=1; b=2',
        'x-amzn-trace-id': 'Root=1-2-3',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': '3001',
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { x: '1,2', y: 'ü' },
      requestContext: {
        accountId: 'anonymous',
        apiId: CONTEXT.urlId,
        domainName: `${CONTEXT.urlId}.lambda-url.us-east-1.on.aws`,
        domainPrefix: CONTEXT.urlId,
        http: {
          method: 'POST',
          path: '/a%20b/c',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test',
        },
        requestId: 'id-1',
        routeKey: '$default',
        stage: '$default',
        time: '05/Jan/2026:10:00:07 +0000',
        timeEpoch: CONTEXT.nowMs,
      },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
  });

  it('leaves out what there is none of', () => {
    const event = eventOf(
      request({ target: '/', rawHeaders: ['Host', 'h'], body: Buffer.alloc(0) }),
      CONTEXT,
    );
    for (const field of ['cookies', 'queryStringParameters', 'body']) {
      expect(event).not.toHaveProperty(field);
    }
    expect(event).toMatchObject({ rawQueryString: '', isBase64Encoded: false });
  });

  it.each([
    ['text/plain; charset=utf-8', 'a', false],
    ['application/vnd.api+json', '{}', false],
    ['application/xml', '<a/>', false],
    ['multipart/form-data; boundary=x', '--x', true],
    ['application/octet-stream', 'a', true],
    ['text/plain', Buffer.from([0xff]), true],
  ])('encodes the body when %s is no text', (type, content, isBase64Encoded) => {
    const body = Buffer.from(content as string);
    const event = eventOf(request({ rawHeaders: ['Content-Type', type], body }), CONTEXT);
    expect(event).toMatchObject({
      isBase64Encoded,
      body: body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    });
  });

  it('names who signed', () => {
    expect(eventOf(request(), { ...CONTEXT, accessKey: 'AKID' })).toMatchObject({
      requestContext: {
        accountId: '123456789012',
        authorizer: { iam: { accessKey: 'AKID', accountId: '123456789012' } },
      },
    });
  });
});
