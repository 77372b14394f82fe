import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { networkInterfaces } from 'node:os';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

const INVOKE = '/2015-03-31/functions/echo/invocations';

let api: RunningInvokeApi;

beforeEach(async () => {
  api = await new RunningInvokeApi().start();
  api.router.add({ name: 'echo' });
});

afterEach(() => api.api.destroy());

describe('who may ask', () => {
  const hostOf = (host: string) => api.invoke('echo', '{}', { headers: { Host: host } });

  it.each([
    '127.0.0.1',
    '127.0.0.1:3001',
    'localhost',
    'LocalHost:99',
    '[::1]:3001',
    'host.docker.internal:3001',
  ])('includes clients that call us %s', async (host) => {
    expect((await hostOf(host)).status).toBe(200);
  });

  it.each([
    'evil.test',
    'evil.test:3001',
    'localhost.evil.test',
    'evil.localhost',
    '127.0.0.1.evil.test',
    '203.0.113.9:3001',
    '169.254.169.254',
    'localhost:3001:evil',
    'user@localhost',
    '[::1',
    'localhost/..',
  ])('excludes those who call us %s', async (host) => {
    const answer = await hostOf(host);
    expect(answer.status).toBe(403);
    expect(answer.headers['x-amzn-errortype']).toBe('AccessDeniedException');
    expect(answer.json).toEqual({ Type: 'User', Message: `Host '${host}' is not served here.` });
    expect(api.router.requests).toEqual([]);
  });

  it.each(['http://evil.test', 'https://evil.test:3001', 'null', 'http://localhost:5173', ''])(
    'excludes pages from %j',
    async (origin) => {
      const headers = { Host: 'localhost:3001', Origin: origin };
      expect((await api.invoke('echo', '{}', { headers })).status).toBe(403);
      expect(api.router.requests).toEqual([]);
    },
  );

  it('excludes pages that hide their origin but not where they stand', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const headers = { 'Sec-Fetch-Site': site };
      expect((await api.invoke('echo', '{}', { headers })).status).toBe(403);
    }
    const typed = { 'Sec-Fetch-Site': 'none' };
    expect((await api.invoke('echo', '{}', { headers: typed })).status).toBe(200);
  });

  it('includes our own pages', async () => {
    const headers = {
      Host: 'localhost:3001',
      Origin: 'http://localhost:3001',
      'Sec-Fetch-Site': 'same-origin',
    };
    expect((await api.invoke('echo', '{}', { headers })).status).toBe(200);
  });

  it('never lets a page read an answer', async () => {
    const answer = await api.ask(INVOKE, { method: 'OPTIONS' });
    expect(answer.status).toBe(404);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('listening beyond loopback', () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  it('is refused without a token', async () => {
    for (const authToken of [undefined, '']) {
      await expect(
        new RunningInvokeApi({ host: '0.0.0.0', authToken }).start(),
      ).rejects.toMatchObject({
        code: 'config-invalid',
        remedy: expect.stringContaining('--auth'),
      });
    }
  });

  (outside === undefined ? it.skip : it)('asks callers from there for the token', async () => {
    const running = await new RunningInvokeApi({
      host: '0.0.0.0',
      authToken: 'secret',
      ownerToken: 'of the run file',
    }).start();
    running.router.add({ name: 'echo' });
    const url = `http://${outside}:${running.port}${INVOKE}`;
    const ask = async (headers: Record<string, string>): Promise<[number, string | null]> => {
      const answer = await fetch(url, { method: 'POST', body: '{}', headers });
      await answer.arrayBuffer();
      return [answer.status, answer.headers.get('x-amzn-errortype')];
    };
    expect(await ask({})).toEqual([403, 'MissingAuthenticationTokenException']);
    expect(await ask({ Authorization: 'AWS4-HMAC-SHA256 Credential=x' })).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
    expect(await ask({ Authorization: 'Bearer secre' })).toEqual([
      403,
      'UnrecognizedClientException',
    ]);
    expect(running.router.requests).toEqual([]);
    expect(await ask({ Authorization: 'Bearer secret' })).toEqual([200, null]);
    expect(await ask({ 'X-Amz-Security-Token': 'secret' })).toEqual([200, null]);
    expect(await ask({ Authorization: 'Bearer of the run file' })).toEqual([200, null]);
    expect((await running.invoke('echo')).status).toBe(200);
    const rebound = { Host: 'evil.test', Authorization: 'Bearer secret' };
    expect((await running.invoke('echo', '{}', { headers: rebound })).status).toBe(403);
    await running.api.destroy();
  });
});
