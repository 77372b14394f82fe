import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Channel, type Delivery } from '../../../src/environment/channel.js';
import { Extensions, type ExtensionEvent } from '../../../src/environment/extensions.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';

const FACTS = {
  functionName: 'orders',
  functionVersion: '$LATEST',
  handler: 'app.handler',
  accountId: '123456789012',
};
const DELIVERY: Delivery = {
  requestId: 'id-1',
  invocationId: 'delivery-1',
  deadlineMs: 1234,
  invokedFunctionArn: 'arn',
  traceId: 'Root=1-2-3',
  contentType: 'application/json',
  payload: Buffer.from('{}'),
};
const INVOKE: ExtensionEvent = {
  eventType: 'INVOKE',
  deadlineMs: 1767225605000,
  requestId: '6f1d0d0e-3a60-4e6d-9f43-3f2f3c9b6a11',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:orders',
  tracing: { type: 'X-Amzn-Trace-Id', value: 'Root=1-69a0;Parent=2b;Sampled=0' },
};
const NOBODY = '00000000-0000-4000-8000-000000000000';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: string;
}

describe('the Extensions API', () => {
  let api: RuntimeApi;
  let channel: Channel;
  let extensions: Extensions;
  let host: string;
  let port: number;
  let told: string[];

  beforeEach(async () => {
    told = [];
    api = new RuntimeApi();
    port = await api.listen('127.0.0.1', '127.0.0.1');
    extensions = new Extensions(() => FACTS, {
      allRegistered: () => void told.push('all registered'),
      settled: () => void told.push('settled'),
      noted: ({ name, state }) => void told.push(`${name} is ${state}`),
      failed: ({ name, errorType }) => void told.push(`${name}: ${errorType}`),
      gone: () => void told.push('gone'),
    });
    channel = new Channel(
      {
        runtimePolled: () => void told.push('runtime polled'),
        pollLost: () => undefined,
        responding: () => {
          throw new Error('nobody streams here');
        },
        responded: () => undefined,
        initFailed: () => undefined,
        snapshotReady: () => undefined,
        restoreFailed: () => undefined,
      },
      undefined,
      extensions,
    );
    channel.reset();
    extensions.begin(['agent', 'other']);
    host = api.open(channel, 'a'.repeat(32)).runtimeApi;
  });
  afterEach(() => api.destroy());

  function call(
    method: string,
    route: string,
    headers: Record<string, string> = {},
    body = '',
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          port,
          method,
          path: `/2020-01-01/extension/${route}`,
          agent: false,
          headers: { Host: host, ...headers },
        },
        (response) => {
          let text = '';
          response.on('data', (piece: Buffer) => (text += piece.toString()));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers as Answer['headers'],
              body: text,
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  function register(name: string, events: unknown, headers = {}): Promise<Answer> {
    const body = JSON.stringify({ events });
    return call('POST', 'register', { 'Lambda-Extension-Name': name, ...headers }, body);
  }

  async function registered(name: string, events: readonly string[]): Promise<string> {
    const answer = await register(name, events);
    return answer.headers['lambda-extension-identifier'] ?? '';
  }

  const next = (identifier: string): Promise<Answer> =>
    call('GET', 'event/next', { 'Lambda-Extension-Identifier': identifier });

  function refusal({ status, body }: Answer): [number, string] {
    return [status, (JSON.parse(body) as { errorType: string }).errorType];
  }

  it('registers an external extension and tells it what it runs beside', async () => {
    const answer = await register('agent', ['INVOKE', 'SHUTDOWN']);
    expect(answer.status).toBe(200);
    expect(answer.body).toBe(
      '{"functionName":"orders","functionVersion":"$LATEST","handler":"app.handler"}',
    );
    expect(answer.headers['lambda-extension-identifier']).toMatch(/^[0-9a-f-]{36}$/);
    expect(told).toEqual([]);
    await register('other', []);
    expect(told).toEqual(['all registered']);
  });

  it('adds the account id when that feature is asked for, and ignores what it does not know', async () => {
    const answer = await register('agent', [], {
      'Lambda-Extension-Accept-Feature': 'somethingNew, accountId',
    });
    expect(JSON.parse(answer.body)).toEqual(FACTS);
  });

  it('delivers an event to the open call, in the contract’s fields', async () => {
    const identifier = await registered('agent', ['INVOKE']);
    await registered('other', []);
    const open = next(identifier);
    while (!told.includes('agent is Ready')) await new Promise(setImmediate);
    expect(extensions.send(INVOKE)).toBe(1);
    const answer = await open;
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['lambda-extension-event-identifier']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.body).toBe(JSON.stringify(INVOKE));
  });

  it.each([
    ['an empty name', {}, '{"events":[]}', 'Extension.InvalidExtensionName'],
    ['no JSON', { 'Lambda-Extension-Name': 'x' }, 'events', 'InvalidRequestFormat'],
    ['no body', { 'Lambda-Extension-Name': 'x' }, '', 'InvalidRequestFormat'],
    ['a list', { 'Lambda-Extension-Name': 'x' }, '[]', 'InvalidRequestFormat'],
    ['events as text', { 'Lambda-Extension-Name': 'x' }, '{"events":"A"}', 'InvalidRequestFormat'],
    [
      'configuration keys',
      { 'Lambda-Extension-Name': 'x' },
      '{"events":[],"configurationKeys":["a"]}',
      'InvalidRequestFormat',
    ],
    [
      'an unknown event',
      { 'Lambda-Extension-Name': 'agent' },
      '{"events":["RESTORE"]}',
      'Extension.InvalidEventType',
    ],
    [
      'SHUTDOWN for an internal one',
      { 'Lambda-Extension-Name': 'inside' },
      '{"events":["SHUTDOWN"]}',
      'Extension.InvalidEventType',
    ],
  ])('refuses to register with %s', async (_what, headers, body, errorType) => {
    const answer = await call('POST', 'register', headers as Record<string, string>, body);
    expect(refusal(answer)).toEqual([403, errorType]);
  });

  it('says what is wrong with an event type in the contract’s words', async () => {
    const answer = await register('inside', ['SHUTDOWN']);
    expect(JSON.parse(answer.body)).toEqual({
      errorMessage: 'SHUTDOWN: ShutdownEventNotSupportedForInternalExtension',
      errorType: 'Extension.InvalidEventType',
    });
  });

  it('closes registration when the runtime first asks for work, not for who is known', async () => {
    await registered('agent', []);
    channel.next({ lost: false, deliver: () => undefined });
    expect(refusal(await register('inside', []))).toEqual([403, 'Extension.RegistrationClosed']);
    expect(refusal(await register('agent', []))).toEqual([403, 'Extension.InvalidExtensionState']);
  });

  it('refuses a name twice and an eleventh extension', async () => {
    await registered('inside', []);
    expect(refusal(await register('inside', []))).toEqual([403, 'Extension.InvalidExtensionState']);
    for (let index = 2; index <= 10; index += 1) await registered(`inside ${index}`, []);
    const answer = await register('inside 11', []);
    expect(refusal(answer)).toEqual([403, 'Extension.TooManyExtensions']);
    expect(answer.body).toContain('Extension limit (10) reached');
  });

  it.each(['event/next', 'init/error', 'exit/error'])('knows its callers on %s', async (route) => {
    const method = route === 'event/next' ? 'GET' : 'POST';
    const by = (identifier?: string): Promise<Answer> =>
      call(method, route, {
        'Lambda-Extension-Function-Error-Type': 'Extension.Mine',
        ...(identifier === undefined ? {} : { 'Lambda-Extension-Identifier': identifier }),
      });
    expect(refusal(await by())).toEqual([403, 'Extension.MissingExtensionIdentifier']);
    expect(refusal(await by('me'))).toEqual([403, 'Extension.InvalidExtensionIdentifier']);
    expect(refusal(await by(NOBODY))).toEqual([403, 'Extension.UnknownExtensionIdentifier']);
  });

  it('takes an error report with its type, once, and only where it may come', async () => {
    const identifier = await registered('agent', []);
    const report = (route: string, headers = {}): Promise<Answer> =>
      call('POST', route, { 'Lambda-Extension-Identifier': identifier, ...headers });
    const type = { 'Lambda-Extension-Function-Error-Type': 'Extension.NoConfig' };
    expect(refusal(await report('init/error'))).toEqual([403, 'Extension.MissingHeader']);
    const taken = await report('init/error', type);
    expect([taken.status, taken.body]).toEqual([202, '{"status":"OK"}\n']);
    expect(told).toEqual(['agent is InitError', 'agent: Extension.InitError']);
    expect(refusal(await report('init/error', type))).toEqual([
      403,
      'Extension.InvalidExtensionState',
    ]);
    expect(refusal(await next(identifier))).toEqual([403, 'Extension.InvalidExtensionState']);
  });

  it('answers 404 and 405 to what is no route', async () => {
    expect(refusal(await call('POST', 'event/nothing'))).toEqual([404, 'NotFound']);
    expect(refusal(await call('POST', 'constructor'))).toEqual([404, 'NotFound']);
    expect(refusal(await call('GET', 'register'))).toEqual([405, 'MethodNotAllowed']);
  });

  it('is the runtime’s own door as well: neither disturbs the other', async () => {
    const identifier = await registered('agent', ['INVOKE']);
    await registered('other', []);
    const open = next(identifier);
    while (!told.includes('agent is Ready')) await new Promise(setImmediate);
    channel.next({ lost: false, deliver: () => undefined });
    channel.deliver(DELIVERY);
    extensions.send(INVOKE);
    expect((await open).status).toBe(200);
    expect(channel.phase).toBe('Running');
  });
});
