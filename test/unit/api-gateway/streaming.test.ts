import { request, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { InvocationRequest, Settle } from '../../../src/invocation/invocation.js';
import { failed, succeeded } from '../../support/fake-router.js';
import { api, HttpBench, route } from '../../support/http-bench.js';

let bench: HttpBench;
beforeEach(() => {
  bench = new HttpBench();
});
afterEach(() => bench.close());

const head = (metadata: object): Buffer =>
  Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]);
const HEAD = {
  contentType: 'application/vnd.awslambda.http-integration-response',
  executedVersion: '1',
};
const ignore = (): void => undefined;

function serve(handler: (invocation: InvocationRequest, settle: Settle) => void): Promise<void> {
  bench.add('fn', handler);
  const target = { functionName: 'fn' };
  const integration = { kind: 'function', target, payloadFormat: '1.0', streaming: true } as const;
  return bench.serve([api({ routes: [route('GET /', { integration, timeoutMs: 1000 })] })]);
}

describe('a REST API that streams', () => {
  it('passes each piece on when it is made', async () => {
    let end = ignore;
    await serve(({ sink }, settle) => {
      sink?.begin(HEAD);
      sink?.write(
        head({
          statusCode: 201,
          headers: { 'X-A': 'b' },
          multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
        }),
        ignore,
      );
      sink?.write(Buffer.from('one'), ignore);
      end = () => {
        sink?.write(Buffer.from('two'), ignore);
        settle(succeeded(''));
      };
    });
    const response = await new Promise<IncomingMessage>((resolve) => {
      request(bench.port.url ?? '', { agent: false }, resolve).end();
    });
    expect([response.statusCode, response.headers['x-a']]).toEqual([201, 'b']);
    expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(response.headers).toHaveProperty('x-amzn-requestid');
    let text = '';
    for await (const piece of response) {
      text += String(piece);
      if (text === 'one') end();
    }
    expect(text).toBe('onetwo');
    expect(bench.event).toMatchObject({ httpMethod: 'GET', path: '/' });
  });

  it('takes what was collected for a stream that is over', async () => {
    await serve((_, settle) =>
      settle(succeeded(Buffer.concat([head({ statusCode: 202 }), Buffer.from('whole')]))),
    );
    const reply = await bench.ask('/');
    expect([reply.status, reply.text]).toEqual([202, 'whole']);
    expect(reply.headers['content-type']).toBe('application/json');
  });

  it.each<[string, (invocation: InvocationRequest, settle: Settle) => void]>([
    ['fails', (_, settle) => settle(failed({}, 'Error'))],
    ['returns what is no stream', (_, settle) => settle(succeeded('{"statusCode":200}'))],
    [
      'ends before its prelude',
      ({ sink }, settle) => {
        sink?.write(Buffer.from('{"statusCode"'), ignore);
        settle(succeeded(''));
      },
    ],
    [
      'names a header that cannot be sent',
      ({ sink }, settle) => {
        sink?.write(head({ statusCode: 200, headers: { 'a b': 'c' } }), ignore);
        settle(succeeded(''));
      },
    ],
  ])('answers 502 for a function that %s', async (_, handler) => {
    await serve(handler);
    const reply = await bench.ask('/');
    expect([reply.status, reply.json]).toEqual([502, { message: 'Internal server error' }]);
    expect(bench.messages.at(-1)).toContain('fn did not stream an answer to GET /');
  });

  it('breaks off when the function fails in the middle', async () => {
    await serve(({ sink }, settle) => {
      sink?.write(Buffer.concat([head({ statusCode: 200 }), Buffer.from('one')]), ignore);
      setImmediate(() => settle(failed({}, 'Error')));
    });
    await expect(bench.ask('/')).rejects.toThrow();
  });

  it('answers 504 when nothing has come in time', async () => {
    let arrived = ignore;
    const started = new Promise<void>((resolve) => (arrived = resolve));
    await serve(() => arrived());
    const asked = bench.ask('/');
    await started;
    bench.clock.advance(1000);
    expect((await asked).status).toBe(504);
  });
});
