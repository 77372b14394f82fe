import {
  InvokeWithResponseStreamCommand,
  type LambdaClient,
  type InvokeWithResponseStreamResponseEvent,
} from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import type { InvocationRequest, Settle } from '../../../src/invocation/invocation.js';
import type { ResponseSink } from '../../../src/invocation/response-sink.js';
import { failed, succeeded, type FakeRouter } from '../../support/fake-router.js';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';
import { lambdaClient } from '../../support/aws-clients/lambda-client.js';

const HEAD = { contentType: 'text/plain', executedVersion: '$LATEST' };

let api: RunningInvokeApi;
let router: FakeRouter;
let client: LambdaClient;

beforeEach(async () => {
  api = await new RunningInvokeApi().start();
  ({ router } = api);
  client = lambdaClient(`http://127.0.0.1:${api.port}`);
});
afterEach(async () => {
  client.destroy();
  await api.api.destroy();
});

/** A function called `streams` that does what a test says. */
function streams(act: (sink: ResponseSink, settle: Settle, request: InvocationRequest) => void) {
  router.add({ name: 'streams' }, (request, settle) => {
    if (request.sink === undefined) throw new Error('nobody takes a stream');
    act(request.sink, settle, request);
  });
}

async function invoke(tail = false) {
  const answer = await client.send(
    new InvokeWithResponseStreamCommand({
      FunctionName: 'streams',
      Payload: Buffer.from('{}'),
      ...(tail ? { LogType: 'Tail' } : {}),
    }),
  );
  const events = answer.EventStream;
  if (events === undefined) throw new Error('no event stream');
  return { answer, events: events[Symbol.asyncIterator]() };
}

async function rest(
  events: AsyncIterator<InvokeWithResponseStreamResponseEvent>,
): Promise<{ text: string; complete: object | undefined; chunks: number }> {
  let text = '';
  let chunks = 0;
  let complete: object | undefined;
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    const { PayloadChunk, InvokeComplete } = next.value;
    if (PayloadChunk?.Payload !== undefined) {
      text += Buffer.from(PayloadChunk.Payload).toString();
      chunks += 1;
    }
    if (InvokeComplete !== undefined) complete = InvokeComplete;
  }
  return { text, complete, chunks };
}

const none = (): void => undefined;

describe('InvokeWithResponseStream', () => {
  it('gives each piece to the client before the next one is made', async () => {
    let goOn: () => void = none;
    streams((sink, settle) => {
      sink.begin(HEAD);
      sink.write(Buffer.from('one'), none);
      goOn = () => {
        sink.write(Buffer.from('two'), none);
        settle(succeeded(''));
      };
    });
    const { answer, events } = await invoke();
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(answer.ResponseStreamContentType).toBe('application/vnd.amazon.eventstream');
    const { value } = (await events.next()) as { value: InvokeWithResponseStreamResponseEvent };
    expect(Buffer.from(value.PayloadChunk?.Payload ?? []).toString()).toBe('one');
    goOn();
    expect(await rest(events)).toEqual({ text: 'two', chunks: 1, complete: {} });
  });

  it('names the function’s own content type in a header', async () => {
    streams((sink, settle) => {
      sink.begin(HEAD);
      settle(succeeded(''));
    });
    const answer = await api.ask('/2021-11-15/functions/streams/response-streaming-invocations', {
      method: 'POST',
      body: '{}',
    });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-remapped-content-type': 'text/plain',
      'x-amz-executed-version': '$LATEST',
      'x-amzn-requestid': router.requests[0]?.requestId,
    });
  });

  it('gives the whole response of a function that does not stream', async () => {
    streams((_sink, settle) => settle(succeeded('x'.repeat(150_000))));
    const { events } = await invoke();
    const { text, complete, chunks } = await rest(events);
    expect(text).toBe('x'.repeat(150_000));
    expect([chunks, complete]).toEqual([3, {}]);
  });

  it('ends with the error of a function that fails in the middle, and with the tail of its log', async () => {
    streams((sink, settle) => {
      sink.begin(HEAD);
      sink.write(Buffer.from('half'), none);
      settle({
        ...failed({ errorType: 'RangeError' }, 'RangeError'),
        logTail: Buffer.from('a line'),
      } as never);
    });
    const { events } = await invoke(true);
    expect(router.requests[0]?.tail).toBe(true);
    expect(await rest(events)).toEqual({
      text: 'half',
      chunks: 1,
      complete: {
        ErrorCode: 'Unhandled',
        ErrorDetails: '{"errorType":"RangeError"}',
        LogResult: Buffer.from('a line').toString('base64'),
      },
    });
  });

  it('is a stream with an end alone when the function fails before it responds', async () => {
    streams((_sink, settle) => settle(failed({ errorType: 'Sandbox.Timedout' }, 'x')));
    const { events } = await invoke();
    expect(await rest(events)).toEqual({
      text: '',
      chunks: 0,
      complete: { ErrorCode: 'Unhandled', ErrorDetails: '{"errorType":"Sandbox.Timedout"}' },
    });
  });

  it('answers what the platform refuses as an ordinary error', async () => {
    const reason = 'ReservedFunctionConcurrentInvocationLimitExceeded';
    streams((_sink, settle) =>
      settle({
        kind: 'refused',
        error: new OrchestratorError('throttled', 'no room', { details: { reason } }),
      }),
    );
    await expect(invoke()).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      Reason: reason,
      $metadata: { httpStatusCode: 429 },
    });
    const unknown = new InvokeWithResponseStreamCommand({ FunctionName: 'nobody' });
    await expect(client.send(unknown)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('ends a stream that has begun when the platform fails', async () => {
    streams((sink, settle) => {
      sink.begin(HEAD);
      settle({ kind: 'refused', error: new OrchestratorError('shutting-down', 'it stopped') });
    });
    const { events } = await invoke();
    expect((await rest(events)).complete).toEqual({
      ErrorCode: 'ServiceUnavailableException',
      ErrorDetails: 'it stopped',
    });
  });

  it('makes a dry run, and knows no events', async () => {
    streams(none);
    const ask = (type: string) =>
      api.ask('/2021-11-15/functions/streams/response-streaming-invocations', {
        method: 'POST',
        body: '{}',
        headers: { 'X-Amz-Invocation-Type': type },
      });
    expect((await ask('DryRun')).status).toBe(204);
    expect(router.requests).toEqual([]);
    expect(await ask('Event')).toMatchObject({
      status: 400,
      json: {
        message:
          "1 validation error detected: Value 'Event' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [RequestResponse, DryRun]",
      },
    });
  });

  it('holds up whoever writes while the client does not read, and lets go when it hangs up', async () => {
    // More than all buffers of the system between the two hold.
    const piece = Buffer.alloc(32 * 2 ** 20);
    let settled: Settle | undefined;
    let waits: () => void = none;
    const waiting = new Promise<void>((resolve) => (waits = resolve));
    const released = new Promise<ResponseSink>((resolve) => {
      streams((sink, settle) => {
        settled = settle;
        sink.begin(HEAD);
        if (!sink.write(piece, () => resolve(sink))) waits();
      });
    });
    const socket = api.socket();
    socket.write(
      'POST /2021-11-15/functions/streams/response-streaming-invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}',
    );
    await waiting;
    socket.destroy();
    const sink = await released;
    expect(sink.write(piece, none)).toBe(true);
    settled?.(succeeded(''));
  });
});
