import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Channel, type ChannelListener } from '../../../src/environment/channel.js';
import type { CredentialsSource } from '../../../src/runtime-api/snap-start-routes.js';
import { serveSnapStart } from '../../../src/runtime-api/snap-start-routes.js';
import type { Reply } from '../../../src/runtime-api/replies.js';
import { serve } from '../../../src/runtime-api/routes.js';

const PREFIX = '/2018-06-01/runtime/';
const CREDENTIALS = '/2021-04-23/credentials';
const TOKEN = 'token';

const credentials: CredentialsSource = () => ({
  accessKeyId: 'key',
  secretAccessKey: 'secret',
  sessionToken: 'session',
  expiresAtMs: 0,
});

describe('the routes of SnapStart', () => {
  let told: string[];
  let channel: Channel;

  function open(snapStart?: { credentialsToken: string }): void {
    told = [];
    const listener: Partial<ChannelListener> = {
      runtimePolled: () => void told.push('polled'),
      pollLost: () => void told.push('lost'),
      snapshotReady: () => void told.push('snapshot-ready'),
      restoreFailed: (payload, contentType, errorType) =>
        void told.push(`restore-failed ${payload.toString()} ${contentType} ${errorType}`),
    };
    channel = new Channel(listener as ChannelListener, snapStart);
    channel.reset();
  }

  /** As the server asks: first these routes, then those every environment has. */
  function call(method: string, path: string, headers: Record<string, string> = {}, body = '') {
    const made: { replies: Reply[]; onLost?: () => void } = { replies: [] };
    const one = {
      method,
      path,
      headers: { get: (name: string) => headers[name] },
      body: Buffer.from(body),
    };
    const answer = { lost: false, send: (reply: Reply) => void made.replies.push(reply) };
    const served = serveSnapStart(channel, one, answer, credentials);
    if (served === undefined) serve(channel, one, answer);
    else if (served.onLost !== undefined) made.onLost = served.onLost;
    return made;
  }

  beforeEach(() => open({ credentialsToken: TOKEN }));
  afterEach(() => channel.close());

  it.each([
    ['GET', `${PREFIX}restore/next`],
    ['POST', `${PREFIX}restore/error`],
    ['GET', CREDENTIALS],
  ])('are none of an environment that initialises otherwise: %s %s', (method, path) => {
    open();
    const { replies } = call(method, path, { authorization: TOKEN }, '{}');
    expect(replies.map(({ status }) => status)).toEqual([404]);
    expect(told).toEqual([]);
  });

  it('hold restore/next until it is restored and answer with nothing', () => {
    const { replies } = call('GET', `${PREFIX}restore/next`);
    expect([told, replies]).toEqual([['snapshot-ready'], []]);
    channel.restore();
    expect(replies).toMatchObject([{ status: 200, body: Buffer.alloc(0) }]);
    call('GET', `${PREFIX}invocation/next`);
    expect(told).toEqual(['snapshot-ready', 'polled']);
  });

  it('tell of a runtime that hangs up before it is restored', () => {
    call('GET', `${PREFIX}restore/next`).onLost?.();
    expect(told).toEqual(['snapshot-ready', 'lost']);
  });

  it('take restore/error only while it is being restored', () => {
    const refused = call('POST', `${PREFIX}restore/error`, {}, '{}').replies[0];
    expect(refused?.status).toBe(403);
    expect(refused?.body.toString()).toContain('from Started to RuntimeRestoreErrorState');
    call('GET', `${PREFIX}restore/next`);
    channel.restore();
    const header = { 'lambda-runtime-function-error-type': 'Runtime.AfterRestoreError' };
    const taken = call('POST', `${PREFIX}restore/error`, header, '{}').replies[0];
    expect([taken?.status, taken?.body.toString()]).toEqual([202, '{"status":"OK"}\n']);
    expect(told).toEqual([
      'snapshot-ready',
      'restore-failed {} application/json Runtime.AfterRestoreError',
    ]);
  });

  it('give credentials to whoever knows the token and 404 to others', () => {
    const known = call('GET', CREDENTIALS, { authorization: TOKEN }).replies[0];
    expect(known?.status).toBe(200);
    expect(JSON.parse(known?.body.toString() ?? '')).toEqual({
      AccessKeyId: 'key',
      SecretAccessKey: 'secret',
      Token: 'session',
      Expiration: '1970-01-01T00:00:00.000Z',
    });
    expect(call('GET', CREDENTIALS, { authorization: 'wrong' }).replies[0]?.status).toBe(404);
    expect(call('GET', CREDENTIALS).replies[0]?.status).toBe(404);
  });
});
