import { describe, expect, it } from '@jest/globals';
import { apiAt, isHostOf, pathOf } from '../../../src/api-gateway/web-socket/addresses.js';
import { reasonOf, replyOf } from '../../../src/api-gateway/web-socket/answers.js';
import {
  authorizerEvent,
  connectEvent,
  disconnectEvent,
  messageEvent,
} from '../../../src/api-gateway/web-socket/events.js';
import { FrameWatch } from '../../../src/api-gateway/web-socket/frame-watch.js';
import { isConnectionId, newId } from '../../../src/api-gateway/web-socket/ids.js';
import { parseSelection, selectRoute } from '../../../src/api-gateway/web-socket/selection.js';
import type { Outcome } from '../../../src/invocation/outcome.js';
import type { WebSocketApiDefinition } from '../../../src/stack/web-socket.js';

describe('selection expressions', () => {
  it.each([
    ['$request.body.action', '{"action":"send"}', 'send'],
    ['${request.body.action}', '{"action":"send"}', 'send'],
    ['$request.body.a.b.c', '{"a":{"b":{"c":"deep"}}}', 'deep'],
    ['$request.body.list[1].name', '{"list":[{},{"name":"second"}]}', 'second'],
    ["${request.body['odd name']}", '{"odd name":"x"}', 'x'],
    ['${request.body.service}-${request.body.version}', '{"service":"a","version":2}', 'a-2'],
    ['$request.body.action', '{"action":true}', 'true'],
    ['\\$default', 'anything', '$default'],
    ['fixed', 'not JSON', 'fixed'],
    ['$request.body.action', 'not JSON', undefined],
    ['$request.body.action', '{"other":1}', undefined],
    ['$request.body.action', '{"action":{"x":1}}', undefined],
    ['$request.body.action', 'null', undefined],
    ['$request.body.__proto__', '{}', undefined],
  ])('%s of %s is %s', (expression, body, key) => {
    expect(parseSelection(expression)?.evaluate(body)).toBe(key);
  });

  it.each([
    '',
    '$request.header.x',
    '$context.stage',
    '$',
    '${request.body.action',
    '$request.body',
  ])('refuses %j', (expression) => expect(parseSelection(expression)).toBeUndefined());

  it('never leads a message to $connect or $disconnect', () => {
    const routes = ['$connect', '$disconnect', 'send'].map((routeKey) => ({ routeKey }));
    expect(selectRoute(routes, 'send')?.routeKey).toBe('send');
    expect(selectRoute(routes, '$connect')).toBeUndefined();
    const all = [...routes, { routeKey: '$default' }];
    for (const key of ['$connect', '$disconnect', '$default', 'other', undefined]) {
      expect(selectRoute(all, key)?.routeKey).toBe('$default');
    }
  });
});

describe('frames beyond the limit', () => {
  const frame = (payload: number): Buffer => {
    const header =
      payload < 126
        ? Buffer.from([0x81, 0x80 | payload])
        : payload < 65_536
          ? Buffer.from([0x81, 0xfe, payload >> 8, payload & 255])
          : Buffer.from([
              0x81,
              0xff,
              0,
              0,
              0,
              0,
              0,
              payload >> 16,
              (payload >> 8) & 255,
              payload & 255,
            ]);
    return Buffer.concat([header, Buffer.alloc(4, 1), Buffer.alloc(payload, 0xff)]);
  };
  const found = (bytes: Buffer, step: number): boolean => {
    const watch = new FrameWatch(1000);
    for (let at = 0; at < bytes.length; at += step) {
      if (watch.read(bytes.subarray(at, at + step))) return true;
    }
    return false;
  };

  it.each([1, 2, 3, 7, 100, 1_000_000])('are found in pieces of %i bytes', (step) => {
    expect(found(Buffer.concat([frame(0), frame(125), frame(126), frame(1000)]), step)).toBe(false);
    expect(found(Buffer.concat([frame(5), frame(1001), frame(5)]), step)).toBe(true);
    expect(found(Buffer.concat([frame(126), frame(70_000)]), step)).toBe(true);
  });
});

const FACTS = {
  connectionId: 'L0SM9cOFvHcCIhw=',
  apiId: 'abc1234567',
  stage: 'prod',
  stageVariables: {},
  domainName: 'abc1234567.execute-api.eu-west-1.amazonaws.com',
  connectedAtMs: Date.UTC(2026, 0, 5, 10),
  sourceIp: '127.0.0.1',
  userAgent: 'tests',
};
const REQUEST = {
  target: '/prod?room=a&room=b%20c',
  rawHeaders: ['Host', 'x', 'X-Many', '1', 'X-Many', '2', '__proto__', 'odd'],
};
const MOMENT = { requestId: 'JKJaXmPLvHcESHA=', nowMs: Date.UTC(2026, 0, 5, 10, 0, 1) };

describe('events', () => {
  it('of a connection have all values of headers and the query', () => {
    expect(connectEvent(FACTS, REQUEST, MOMENT)).toEqual({
      headers: { Host: 'x', 'X-Many': '2', ['__proto__']: 'odd' },
      multiValueHeaders: { Host: ['x'], 'X-Many': ['1', '2'], ['__proto__']: ['odd'] },
      queryStringParameters: { room: 'b c' },
      multiValueQueryStringParameters: { room: ['a', 'b c'] },
      requestContext: {
        routeKey: '$connect',
        eventType: 'CONNECT',
        extendedRequestId: 'JKJaXmPLvHcESHA=',
        requestTime: '05/Jan/2026:10:00:01 +0000',
        messageDirection: 'IN',
        stage: 'prod',
        connectedAt: 1767607200000,
        requestTimeEpoch: 1767607201000,
        identity: { userAgent: 'tests', sourceIp: '127.0.0.1' },
        requestId: 'JKJaXmPLvHcESHA=',
        domainName: 'abc1234567.execute-api.eu-west-1.amazonaws.com',
        connectionId: 'L0SM9cOFvHcCIhw=',
        apiId: 'abc1234567',
      },
      isBase64Encoded: false,
    });
    const bare = connectEvent(FACTS, { ...REQUEST, target: '/prod' }, MOMENT);
    expect(Object.keys(bare)).not.toContain('queryStringParameters');
  });

  it('of messages have what the authorizer said, and stage variables', () => {
    const facts = { ...FACTS, authorizer: { principalId: 'u' }, stageVariables: { table: 't' } };
    const event = messageEvent(
      facts,
      { ...MOMENT, messageId: 'm=' },
      { routeKey: 'send', body: 'b' },
    );
    expect(event).toMatchObject({
      stageVariables: { table: 't' },
      requestContext: {
        eventType: 'MESSAGE',
        routeKey: 'send',
        messageId: 'm=',
        authorizer: { principalId: 'u' },
      },
      body: 'b',
      isBase64Encoded: false,
    });
  });

  it('of an end say why', () => {
    const event = disconnectEvent(FACTS, MOMENT, { code: 1005, reason: reasonOf(1005, '') });
    expect(event).toMatchObject({
      requestContext: {
        eventType: 'DISCONNECT',
        disconnectStatusCode: 1005,
        disconnectReason: 'Client-side close frame status not set',
      },
    });
  });

  it('of authorizers are REQUEST events without a method', () => {
    const methodArn = 'arn:aws:execute-api:eu-west-1:0:abc1234567/prod/$connect';
    expect(authorizerEvent(FACTS, REQUEST, { ...MOMENT, methodArn })).toMatchObject({
      type: 'REQUEST',
      methodArn,
      queryStringParameters: { room: 'b c' },
      requestContext: { routeKey: '$connect', connectionId: 'L0SM9cOFvHcCIhw=' },
    });
  });
});

describe('what clients hear of a message', () => {
  const ids = { connectionId: 'c=', requestId: 'r=' };
  const outcome = (output: unknown, kind = 'succeeded'): Outcome =>
    ({ kind, payload: Buffer.from(JSON.stringify(output) ?? ''), contentType: '' }) as Outcome;
  const internal = '{"message":"Internal server error","connectionId":"c=","requestId":"r="}';

  it.each([
    [{ statusCode: 200, body: 'hi' }, true, 'hi'],
    [{ statusCode: '500', body: 'hi' }, true, 'hi'],
    [{ statusCode: 200, body: 'aGk=', isBase64Encoded: true }, true, 'hi'],
    [{ statusCode: 200, body: 'hi' }, false, ''],
    [{ statusCode: 200 }, true, ''],
    [null, false, internal],
    ['text', true, internal],
    [{ body: 'hi' }, true, internal],
    [{ statusCode: 200, body: { a: 1 } }, true, internal],
  ])('%j, two-way %s: %s', (output, respond, reply) => {
    expect(replyOf(outcome(output), { respond }, ids).toString()).toBe(reply);
  });

  it('of failures and of what takes too long', () => {
    const failed = outcome({ errorMessage: 'x' }, 'function-failed');
    expect(replyOf(failed, { respond: false }, ids).toString()).toBe(internal);
    expect(JSON.parse(replyOf('timed-out', { respond: false }, ids).toString())).toEqual({
      message: 'Endpoint request timed out',
      ...ids,
    });
  });
});

describe('addresses', () => {
  const api = (id: string, stage: string): WebSocketApiDefinition => ({
    path: '',
    id,
    name: id,
    stage,
    stageVariables: {},
    routeSelectionExpression: '$request.body.action',
    routes: [],
  });
  const apis = [api('first', 'prod'), api('second', 'prod'), api('second', 'dev')];

  it.each([
    ['127.0.0.1:3000', '/prod', 'first prod'],
    ['127.0.0.1:3000', '/prod/', 'first prod'],
    ['localhost', '/_aws/execute-api/second/prod', 'second prod'],
    ['localhost', '/dev', 'second dev'],
    ['second.execute-api.localhost:3000', '/prod', 'second prod'],
    ['SECOND.execute-api.eu-west-1.amazonaws.com', '/dev', 'second dev'],
    ['first.execute-api.localhost', '/dev', undefined],
    ['first.execute-api.localhost', '/_aws/execute-api/second/prod', undefined],
    ['localhost', '/', undefined],
    ['localhost', '/prod/more', undefined],
    ['localhost', '/_aws/execute-api/second/prod/more', undefined],
    ['localhost', '/second/prod', undefined],
    ['localhost', '/%zz', undefined],
    [undefined, '/prod', 'first prod'],
  ])('%s%s is %s', (host, path, expected) => {
    const found = apiAt(apis, { host, path });
    expect(found === undefined ? undefined : `${found.id} ${found.stage}`).toBe(expected);
  });

  it('are by the stage alone where that says which is meant', () => {
    expect(apis.map((each) => pathOf(apis, each))).toEqual([
      '/prod',
      '/_aws/execute-api/second/prod',
      '/dev',
    ]);
  });

  it('know host names of their own', () => {
    expect(isHostOf(apis, 'second.execute-api.localhost')).toBe(true);
    expect(isHostOf(apis, 'third.execute-api.localhost')).toBe(false);
  });
});

it('ids can stand in a path and are told from others', () => {
  for (let turn = 0; turn < 200; turn += 1) expect(isConnectionId(newId())).toBe(true);
  for (const other of ['', 'x', '../../admin', 'L0SM9cOFvHcCIhw=x']) {
    expect(isConnectionId(other)).toBe(false);
  }
});
