import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Channel } from '../../../src/environment/channel.js';
import { Extensions } from '../../../src/environment/extensions.js';
import { RuntimeApi } from '../../../src/runtime-api/server.js';
import { Telemetry } from '../../../src/telemetry/telemetry.js';
import { ManualClock } from '../../support/manual-clock.js';

const TELEMETRY = '/2022-07-01/telemetry';
const LOGS = '/2020-08-15/logs';
const NOBODY = '00000000-0000-4000-8000-000000000000';
const REQUEST = { types: ['platform'], destination: { protocol: 'TCP', port: 9000 } };

describe('Telemetry API and Logs API', () => {
  let api: RuntimeApi;
  let telemetry: Telemetry;
  let host: string;
  let port: number;
  let agent: string;
  let said: string[];

  beforeEach(async () => {
    said = [];
    const nothing = (): undefined => undefined;
    telemetry = new Telemetry({
      clock: new ManualClock(),
      json: false,
      openSink: () => ({ send: () => Promise.resolve(), close: nothing }),
      say: ({ type }) => void said.push(type),
    });
    const facts = { functionName: 'f', functionVersion: '1', handler: 'h', accountId: '1' };
    const extensions = new Extensions(() => facts, {
      allRegistered: nothing,
      settled: nothing,
      noted: nothing,
      failed: nothing,
      gone: nothing,
    });
    const channel = new Channel(
      {
        runtimePolled: nothing,
        pollLost: nothing,
        responding: () => {
          throw new Error('nobody streams here');
        },
        responded: nothing,
        initFailed: nothing,
        snapshotReady: nothing,
        restoreFailed: nothing,
      },
      undefined,
      extensions,
    );
    extensions.telemetry = telemetry;
    channel.reset();
    extensions.begin(['agent']);
    telemetry.begin();
    const registered = extensions.register('agent', [], true);
    agent = registered.kind === 'registered' ? registered.identifier : '';
    api = new RuntimeApi();
    port = await api.listen('127.0.0.1', '127.0.0.1');
    host = api.open(channel, 'a'.repeat(32)).runtimeApi;
  });
  afterEach(() => api.destroy());

  function put(
    path: string,
    body: unknown,
    identifier?: string,
    method = 'PUT',
  ): Promise<[number, unknown]> {
    const headers = {
      host,
      'content-type': 'application/json',
      ...(identifier === undefined ? {} : { 'lambda-extension-identifier': identifier }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port, path, method, headers, agent: false },
        (response) => {
          let text = '';
          response.on('data', (piece: Buffer) => (text += piece.toString()));
          response.on('end', () => resolve([response.statusCode ?? 0, JSON.parse(text)]));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  it.each([
    [TELEMETRY, 'platform.telemetrySubscription'],
    [LOGS, 'platform.logsSubscription'],
  ])('%s takes a subscription, and a second one in its place', async (path, event) => {
    expect(await put(path, REQUEST, agent)).toEqual([200, 'OK']);
    expect(await put(path, REQUEST, agent)).toEqual([200, 'OK']);
    expect(said).toEqual([event, event]);
    expect(telemetry.subscribed).toBe(true);
  });

  it('asks who calls before anything else', async () => {
    telemetry.initEnded();
    const rows: [string | undefined, string][] = [
      [undefined, 'Extension.MissingExtensionIdentifier'],
      ['me', 'Extension.InvalidExtensionIdentifier'],
      [NOBODY, 'Extension.UnknownExtensionIdentifier'],
    ];
    for (const [identifier, errorType] of rows) {
      const [status, body] = await put(TELEMETRY, 'no JSON', identifier);
      expect([status, body]).toEqual([403, expect.objectContaining({ errorType })]);
    }
  });

  it.each([
    [TELEMETRY, 'Telemetry'],
    [LOGS, 'Logs'],
  ])('%s is closed once init is over', async (path, name) => {
    telemetry.initEnded();
    expect(await put(path, REQUEST, agent)).toEqual([
      403,
      {
        errorType: `${name}.SubscriptionClosed`,
        errorMessage: `${name} API subscription is closed`,
      },
    ]);
  });

  it('says what is wrong with a request', async () => {
    expect(await put(TELEMETRY, 'no JSON', agent)).toEqual([
      400,
      { errorType: 'ValidationError', errorMessage: 'the body is not JSON' },
    ]);
    expect(await put(LOGS, { ...REQUEST, types: [] }, agent)).toEqual([
      400,
      {
        errorType: 'ValidationError',
        errorMessage: 'types is []; expected one or more of platform, function, extension',
      },
    ]);
    expect(telemetry.subscribed).toBe(false);
  });

  it('lets a function use one of the two', async () => {
    await put(LOGS, REQUEST, agent);
    const [status, body] = await put(TELEMETRY, REQUEST, agent);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({ errorMessage: expect.stringContaining('uses the Logs API') }),
    ]);
  });

  it('has no other method', async () => {
    const [status] = await put(TELEMETRY, REQUEST, agent, 'POST');
    expect(status).toBe(405);
  });
});
