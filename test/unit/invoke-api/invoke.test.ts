import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrchestratorError, type ErrorCode } from '../../../src/errors.js';
import type { Settle } from '../../../src/invocation/invocation.js';
import { failed, succeeded, type FakeRouter } from '../../support/fake-router.js';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:echo';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let api: RunningInvokeApi;
let router: FakeRouter;

beforeEach(async () => {
  api = await new RunningInvokeApi().start();
  ({ router } = api);
  router.add({ name: 'echo' });
});

afterEach(() => api.api.destroy());

function asked() {
  const request = router.requests.at(-1);
  if (request === undefined) throw new Error('the router was not asked');
  return request;
}

describe('a synchronous invocation', () => {
  it('answers with the bytes of the outcome and the headers of the contract', async () => {
    const answer = await api.invoke('echo', '{"a" :  1}');
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toBe('{"a" :  1}');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '10',
      'x-amz-executed-version': '$LATEST',
      'x-amzn-remapped-content-length': '0',
      'x-amzn-requestid': asked().requestId,
      'x-amzn-trace-id': asked().traceId,
    });
    expect(answer.headers).not.toHaveProperty('x-amz-function-error');
    expect(answer.headers).not.toHaveProperty('x-amz-log-result');
    expect(asked().requestId).toMatch(UUID);
  });

  it('passes the payload on untouched', async () => {
    const payload = Buffer.from(' { "ü": 1.0e2, "n": 9007199254740993 }\n');
    await api.invoke('echo', payload);
    expect(asked().payload).toEqual(payload);
    expect(asked().contentType).toBe('application/json');
  });

  it('gives the function an empty object for an empty body', async () => {
    expect((await api.invoke('echo', '')).json).toEqual({});
    expect(asked().payload.toString()).toBe('{}');
  });

  it('answers a function error as a success with a header', async () => {
    router.add({ name: 'fails' }, (_request, settle) =>
      settle(failed({ errorType: 'TypeError', errorMessage: 'no' }, 'TypeError')),
    );
    const answer = await api.invoke('fails');
    expect(answer.status).toBe(200);
    expect(answer.headers['x-amz-function-error']).toBe('Unhandled');
    expect(answer.headers['x-amz-executed-version']).toBe('$LATEST');
    expect(answer.json).toEqual({ errorType: 'TypeError', errorMessage: 'no' });
  });

  it('answers an outcome that comes later', async () => {
    let settle: Settle | undefined;
    const wasAsked = new Promise<void>((resolve) => {
      router.add({ name: 'later' }, (_request, callback) => {
        settle = callback;
        resolve();
      });
    });
    const answer = api.invoke('later');
    await wasAsked;
    settle?.(succeeded('"late"'));
    expect((await answer).json).toBe('late');
  });

  it('returns the tail only to who asked for it', async () => {
    router.add({ name: 'logs' }, (request, settle) =>
      settle(succeeded('null', request.tail ? 'START\nEND\n' : undefined)),
    );
    const tailed = await api.invoke('logs', '{}', { headers: { 'X-Amz-Log-Type': 'Tail' } });
    expect(tailed.headers['x-amz-log-result']).toBe(Buffer.from('START\nEND\n').toString('base64'));
    const plain = await api.invoke('logs', '{}', { headers: { 'X-Amz-Log-Type': 'None' } });
    expect(plain.headers).not.toHaveProperty('x-amz-log-result');
  });

  it('propagates the trace id of the caller and makes one when there is none', async () => {
    const sent = 'Root=1-65a1b2c3-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1';
    const answer = await api.invoke('echo', '{}', { headers: { 'X-Amzn-Trace-Id': sent } });
    expect(asked().traceId).toBe(sent);
    expect(answer.headers['x-amzn-trace-id']).toBe(sent);
    await api.invoke('echo');
    const first = asked().traceId;
    expect(first).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]$/);
    await api.invoke('echo', '{}', { headers: { 'X-Amzn-Trace-Id': 'nonsense' } });
    expect(asked().traceId).toMatch(/^Root=/);
    expect(asked().traceId).not.toBe(first);
  });

  it('keeps a connection for the next invocation', async () => {
    const { Agent } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await api.invoke('echo', '1', { agent });
    const second = await api.invoke('echo', '2', { agent });
    expect([first.body.toString(), second.body.toString()]).toEqual(['1', '2']);
    expect(first.headers.connection).toBe('keep-alive');
    agent.destroy();
  });
});

describe('the name of the function', () => {
  it.each([
    ['echo', ARN],
    ['echo:$LATEST', `${ARN}:$LATEST`],
    ['123456789012:function:echo', ARN],
    [ARN, ARN],
    [encodeURIComponent(`${ARN}:$LATEST`), `${ARN}:$LATEST`],
  ])('may be %s', async (name, arn) => {
    expect((await api.invoke(name)).status).toBe(200);
    expect(asked().invokedFunctionArn).toBe(arn);
  });

  it('may come with a qualifier in the query', async () => {
    const path = '/2015-03-31/functions/echo/invocations?Qualifier=%24LATEST';
    expect((await api.ask(path, { method: 'POST', body: '{}' })).status).toBe(200);
    expect(asked().invokedFunctionArn).toBe(`${ARN}:$LATEST`);
  });

  it.each([
    ['missing', 'us-east-1:123456789012:function:missing:$LATEST'],
    ['ech0', 'us-east-1:123456789012:function:ech0:$LATEST'],
    ['echo:prod', 'us-east-1:123456789012:function:echo:prod'],
    ['echo:7', 'us-east-1:123456789012:function:echo:7'],
    ['999999999999:function:echo', 'us-east-1:999999999999:function:echo:$LATEST'],
  ])('is answered 404 when it is %s', async (name, arn) => {
    const answer = await api.invoke(name);
    expect(answer.status).toBe(404);
    expect(answer.headers['x-amzn-errortype']).toBe('ResourceNotFoundException');
    expect(answer.headers['x-amzn-requestid']).toMatch(UUID);
    expect(answer.json).toEqual({
      Type: 'User',
      Message: `Function not found: arn:aws:lambda:${arn}`,
    });
    expect(router.requests).toEqual([]);
  });

  it('is answered 404 when it belongs to another region', async () => {
    const answer = await api.invoke('arn:aws:lambda:eu-west-1:123456789012:function:echo');
    expect(answer.json).toEqual({
      Type: 'User',
      Message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    });
  });

  it('is answered 400 when it is malformed, has two qualifiers or is too long', async () => {
    const malformed = await api.invoke('not%20a%20name');
    expect(malformed.status).toBe(400);
    expect(malformed.headers['x-amzn-errortype']).toBe('ValidationException');
    expect(Object.keys(malformed.json as object)).toEqual(['message']);
    expect(malformed.json).toMatchObject({
      message: expect.stringMatching(
        /^1 validation error detected: Value 'not a name' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
      ),
    });
    const path = '/2015-03-31/functions/echo:1/invocations?Qualifier=2';
    const mismatch = await api.ask(path, { method: 'POST', body: '{}' });
    expect(mismatch.headers['x-amzn-errortype']).toBe('InvalidParameterValueException');
    expect(mismatch.json).toEqual({
      Type: 'User',
      message:
        'The derived qualifier from the function name does not match the specified qualifier.',
    });
    const long = 'n'.repeat(65);
    expect((await api.invoke(long)).json).toEqual({
      Type: 'User',
      message: `1 validation error detected: Value '${long}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    });
  });
});

describe('the kinds of invocation', () => {
  it('checks everything and runs nothing for DryRun', async () => {
    const headers = { 'X-Amz-Invocation-Type': 'DryRun' };
    const answer = await api.invoke('echo', '{}', { headers });
    expect(answer.status).toBe(204);
    expect(answer.body.length).toBe(0);
    expect(answer.headers['x-amzn-requestid']).toMatch(UUID);
    expect((await api.invoke('echo', '{', { headers })).status).toBe(400);
    expect((await api.invoke('missing', '{}', { headers })).status).toBe(404);
    expect(router.requests).toEqual([]);
  });

  it('gives an Event to the queue and answers when it is kept, before it has run', async () => {
    const headers = { 'X-Amz-Invocation-Type': 'Event', 'X-Amz-Log-Type': 'Tail' };
    const answer = await api.invoke('echo', '{"e":1}', { headers });
    expect(answer.status).toBe(202);
    expect(answer.body.length).toBe(0);
    expect(answer.headers['content-length']).toBe('0');
    expect(answer.headers).not.toHaveProperty('x-amz-executed-version');
    expect(api.accepted).toEqual([
      {
        requestId: answer.headers['x-amzn-requestid'],
        functionName: 'echo',
        invokedFunctionArn: ARN,
        traceId: answer.headers['x-amzn-trace-id'],
        payload: Buffer.from('{"e":1}'),
      },
    ]);
    expect(router.requests).toEqual([]);
  });

  it('keeps the qualifier that an Event was sent to', async () => {
    const headers = { 'X-Amz-Invocation-Type': 'Event' };
    await api.invoke('echo:$LATEST', '', { headers });
    expect(api.accepted).toEqual([
      expect.objectContaining({
        functionName: 'echo',
        qualifier: '$LATEST',
        invokedFunctionArn: `${ARN}:$LATEST`,
        payload: Buffer.from('{}'),
      }),
    ]);
  });

  it('answers an Event that cannot be kept with an error, never with 202', async () => {
    const headers = { 'X-Amz-Invocation-Type': 'Event' };
    let unkept = new Error('none');
    const refusing = await new RunningInvokeApi({
      router,
      events: { accept: () => Promise.reject(unkept) },
    }).start();
    try {
      unkept = new OrchestratorError('state-unusable', 'the disk is full');
      const full = await refusing.invoke('echo', '{}', { headers });
      expect([full.status, full.headers['x-amzn-errortype']]).toEqual([500, 'ServiceException']);
      unkept = new OrchestratorError('shutting-down', 'the orchestrator is stopping');
      expect((await refusing.invoke('echo', '{}', { headers })).status).toBe(503);
      unkept = new Error('anything else');
      expect((await refusing.invoke('echo', '{}', { headers })).status).toBe(500);
    } finally {
      await refusing.api.destroy();
    }
  });

  it('takes the old InvokeAsync as an Event', async () => {
    const path = '/2014-11-13/functions/echo/invoke-async';
    for (const form of [path, `${path}/`]) {
      const answer = await api.ask(form, { method: 'POST', body: '{"old":1}' });
      expect([answer.status, answer.body.length]).toEqual([202, 0]);
      expect(api.accepted.at(-1)?.payload.toString()).toBe('{"old":1}');
    }
  });

  it('refuses kinds and log types that do not exist, both in one message', async () => {
    const headers = { 'X-Amz-Invocation-Type': 'Sometimes', 'X-Amz-Log-Type': 'Head' };
    const answer = await api.invoke('echo', '{}', { headers });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('ValidationException');
    expect(answer.json).toEqual({
      message:
        "2 validation errors detected: Value 'Sometimes' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]; Value 'Head' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]",
    });
  });
});

describe('the client context', () => {
  const encode = (text: string): Record<string, string> => ({
    'X-Amz-Client-Context': Buffer.from(text).toString('base64'),
  });

  it('reaches the function decoded', async () => {
    await api.invoke('echo', '{}', { headers: encode('{"custom":{"ü":"1"}}') });
    expect(asked().clientContext).toBe('{"custom":{"ü":"1"}}');
    await api.invoke('echo');
    expect(asked().clientContext).toBeUndefined();
  });

  it('belongs to synchronous invocations only', async () => {
    const headers = { ...encode('{}'), 'X-Amz-Invocation-Type': 'Event' };
    await api.invoke('echo', '{}', { headers });
    expect(api.accepted).toHaveLength(1);
    expect(api.accepted[0]).not.toHaveProperty('clientContext');
  });

  it.each([
    ['text that is no JSON', encode('{oops')],
    ['JSON that is no object', encode('7')],
    ['what is not base64', { 'X-Amz-Client-Context': '{"a":1}' }],
    ['what is not UTF-8', { 'X-Amz-Client-Context': Buffer.from([0x22, 0xff]).toString('base64') }],
  ])('is refused when it is %s', async (_what, headers) => {
    const answer = await api.invoke('echo', '{}', { headers });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('InvalidRequestContentException');
    expect(answer.json).toEqual({
      Type: 'User',
      message: 'Client context must be a valid Base64-encoded JSON object.',
    });
  });

  it('may be 3,583 bytes long and no longer', async () => {
    // 2,685 bytes make 3,580 of base64; the next step is 3,584.
    const fits = JSON.stringify({ a: 'x'.repeat(2685 - 8) });
    expect((await api.invoke('echo', '{}', { headers: encode(fits) })).status).toBe(200);
    const over = JSON.stringify({ a: 'x'.repeat(2688 - 8) });
    const answer = await api.invoke('echo', '{}', { headers: encode(over) });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ message: expect.stringContaining('3583') });
  });
});

describe('what the platform could not run', () => {
  const refuseWith = (code: ErrorCode, details = {}, remedy = 'Do this.'): void =>
    router.add({ name: 'refused' }, (_request, settle) =>
      settle({
        kind: 'refused',
        error: new OrchestratorError(code, 'What happened.', { details, remedy }),
      }),
    );

  it('is a throttle with its reason', async () => {
    for (const reason of [
      'ConcurrentInvocationLimitExceeded',
      'ReservedFunctionConcurrentInvocationLimitExceeded',
    ]) {
      refuseWith('throttled', { reason });
      const answer = await api.invoke('refused');
      expect(answer.status).toBe(429);
      expect(answer.headers['x-amzn-errortype']).toBe('TooManyRequestsException');
      expect(answer.headers['retry-after']).toBe('1');
      expect(answer.body.toString()).toBe(
        `{"Reason":"${reason}","Type":"User","message":"Rate Exceeded."}`,
      );
    }
  });

  it.each([
    ['queue-full', 429, 'TooManyRequestsException'],
    ['function-not-found', 404, 'ResourceNotFoundException'],
    ['runtime-unsupported', 502, 'InvalidRuntimeException'],
    ['base-unavailable', 502, 'InvalidRuntimeException'],
    ['build-failed', 409, 'ResourceConflictException'],
    ['code-missing', 409, 'ResourceConflictException'],
    ['environment-failed', 500, 'ServiceException'],
    ['engine-unreachable', 500, 'ServiceException'],
    ['shutting-down', 503, 'ServiceUnavailableException'],
  ] as const)('is answered for %s with %d %s', async (code, status, exception) => {
    refuseWith(code);
    const answer = await api.invoke('refused');
    expect(answer.status).toBe(status);
    expect(answer.headers['x-amzn-errortype']).toBe(exception);
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it('says what happened and what to do', async () => {
    refuseWith('environment-failed');
    expect((await api.invoke('refused')).json).toEqual({
      Type: 'Service',
      Message: 'What happened. Do this.',
    });
  });

  it('includes a router that throws', async () => {
    router.add({ name: 'throws' }, () => {
      throw new Error('a bug');
    });
    const answer = await api.invoke('throws');
    expect([answer.status, answer.json]).toEqual([500, { Type: 'Service', Message: 'a bug' }]);
  });
});
