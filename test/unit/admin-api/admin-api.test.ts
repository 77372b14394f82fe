import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { AdminApi } from '../../../src/admin-api/server.js';
import type { FollowItem } from '../../../src/admin-api/protocol.js';
import type { InvocationRecord } from '../../../src/view.js';
import { FakeView, fakeEnvironment, fakeLine } from '../../support/fake-orchestrator.js';

const TOKEN = 'the-token';
const FOLLOW_BUFFER_BYTES = 64 * 1024;

let view: FakeView;
let api: AdminApi;
let server: Server;

beforeEach(async () => {
  view = new FakeView();
  api = new AdminApi({ view, token: TOKEN, followBufferBytes: FOLLOW_BUFFER_BYTES });
  server = createServer(api.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  api.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

interface AskOptions {
  method?: string;
  token?: string | undefined;
  body?: string;
}

async function open(path: string, options: AskOptions = {}): Promise<IncomingMessage> {
  const { method = 'GET', body } = options;
  const token = 'token' in options ? options.token : TOKEN;
  const outgoing = httpRequest({
    port: (server.address() as AddressInfo).port,
    path: `/_orchestrator/${path}`,
    method,
    agent: false,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

async function ask(path: string, options?: AskOptions): Promise<{ status: number; body: unknown }> {
  const response = await open(path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

async function* items(response: IncomingMessage): AsyncGenerator<FollowItem> {
  let rest = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as FollowItem;
  }
}

async function take(stream: AsyncGenerator<FollowItem>, amount: number): Promise<FollowItem[]> {
  const taken: FollowItem[] = [];
  while (taken.length < amount) {
    const { value, done } = await stream.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

describe('the admin API', () => {
  it('answers nothing without the token of the run', async () => {
    for (const token of [undefined, '', 'the-toke', 'the-token2']) {
      for (const path of ['status', 'logs', 'nothing']) {
        expect((await ask(path, { token })).status).toBe(401);
      }
    }
    expect((await ask('stop', { method: 'POST', token: 'x', body: '{"mode":"now"}' })).status).toBe(
      401,
    );
    expect(view.stops).toEqual([]);
  });

  it('serves functions and environments', async () => {
    view.environmentList = [fakeEnvironment('e1')];
    expect(await ask('status')).toEqual({
      status: 200,
      body: { functions: view.functionList, environments: view.environmentList },
    });
  });

  it('serves the kept lines that the query asks for', async () => {
    const other = fakeLine('b', { functionName: 'other', requestId: 'r2' });
    view.kept = [fakeLine('a'), other, fakeLine('c')];
    expect((await ask('logs?function=other')).body).toEqual({ lines: [other] });
    expect((await ask('logs?request=r2')).body).toEqual({ lines: [other] });
    expect((await ask('logs?limit=1')).body).toEqual({ lines: [fakeLine('c')] });
    expect((await ask('logs?limit=some')).status).toBe(400);
  });

  it('serves the record of an invocation, and 404 where none is kept', async () => {
    const record = { requestId: 'a/b', cause: 'it is the first' } as InvocationRecord;
    view.records.set('a/b', record);
    expect(await ask('invocations/a%2Fb')).toEqual({ status: 200, body: record });
    expect((await ask('invocations/other')).status).toBe(404);
  });

  it('answers a stop before it happens', async () => {
    const stopped = new Promise<string>((resolve) => {
      view.onStop = resolve;
    });
    const answer = await ask('stop', { method: 'POST', body: '{"mode":"drain"}' });
    expect(answer).toEqual({ status: 202, body: { stopping: 'drain' } });
    expect(await stopped).toBe('drain');
  });

  it('refuses paths, methods and bodies it does not know', async () => {
    expect((await ask('nothing')).status).toBe(404);
    expect((await ask('invocations/%E0%A4%A')).status).toBe(400);
    expect((await ask('stop')).status).toBe(405);
    expect((await ask('status', { method: 'POST' })).status).toBe(405);
    for (const body of ['', 'null', '{}', '{"mode":"later"}', '{"mode":']) {
      expect((await ask('stop', { method: 'POST', body })).status).toBe(400);
    }
    expect((await ask('stop', { method: 'POST', body: ' '.repeat(5000) })).status).toBe(413);
    expect(view.stops).toEqual([]);
  });

  it('answers 500 when the view fails', async () => {
    view.logs = () => Promise.reject(new Error('the disk is gone'));
    expect(await ask('logs')).toEqual({ status: 500, body: { message: 'the disk is gone' } });
  });
});

describe('the live log', () => {
  it('gives the kept lines first, then each new one once', async () => {
    view.kept = [fakeLine('old'), fakeLine('same')];
    // Arrives between the subscription and the reading of what is kept: it is in both.
    view.onFollow = () => view.write(fakeLine('same'));
    const stream = items(await open('logs?follow=1'));
    expect((await take(stream, 3)).map((item) => (item as { text: string }).text)).toEqual([
      'old',
      'same',
      'same',
    ]);
    view.write(fakeLine('new'));
    expect(await take(stream, 1)).toEqual([fakeLine('new')]);
  });

  it('ends with a marker when the orchestrator stops', async () => {
    const stream = items(await open('logs?follow=1&limit=0'));
    api.close();
    expect(await take(stream, 2)).toEqual([{ ended: 'stopped' }]);
  });

  it('leaves out lines for a reader that is too slow, and says how many', async () => {
    const response = await open('logs?follow=1&limit=0');
    response.pause();
    const total = 4000;
    const text = 'x'.repeat(10_000);
    for (let index = 0; index < total; index++) view.write(fakeLine(text));

    let lines = 0;
    let skipped = 0;
    for await (const item of items(response)) {
      if ('skipped' in item) skipped += item.skipped;
      else lines += 1;
      if (lines + skipped === total) break;
    }
    expect(skipped).toBeGreaterThan(0);
    expect(lines).toBeGreaterThan(0);
    expect(lines + skipped).toBe(total);
  });

  it('lets go of the log when the reader leaves', async () => {
    const response = await open('logs?follow=1');
    expect(view.followers).toBe(1);
    const left = new Promise<void>((resolve) => {
      const poll = (): void => {
        if (view.followers === 0) resolve();
        else setImmediate(poll);
      };
      poll();
    });
    response.destroy();
    await left;
    expect(view.followers).toBe(0);
  });
});

describe('queue time', () => {
  it('is moved by whole numbers of milliseconds, up to a year', async () => {
    for (const advanceMs of [-1, 1.5, '6h', null, 1e15]) {
      const body = JSON.stringify({ advanceMs });
      expect((await ask('time', { method: 'POST', body })).status).toBe(400);
    }
    expect(view.aheadMs).toBe(0);
    const body = JSON.stringify({ advanceMs: 1000 });
    expect(await ask('time', { method: 'POST', body })).toMatchObject({
      status: 200,
      body: { aheadMs: 1000 },
    });
  });
});
