// Calling a handler in each of its styles (contract 3.6) until there is a result or an error.

import { tell } from './console.mjs';
import { createContext, forgetEnvironment, InvokeStore, storedContext } from './context.mjs';
import { PROMISES_ONLY, runtimeError } from './errors.mjs';
import { STREAMING } from './handler.mjs';
import { HttpResponseStream, ResponseStream, STREAMED } from './response-stream.mjs';

const { types } = process.getBuiltinModule('node:util');

const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const store = new InvokeStore();
/** Runs when nothing is left that could call back; the invocation in progress says what it means. */
let onEmptyLoop;
process.on('beforeExit', () => onEmptyLoop?.());

/** The receiver of calls: traces and `this` show its class and method, as on Lambda. */
class Runtime {
  constructor(handler) {
    this.handler = handler;
  }
}

class BufferedInvokeProcessor extends Runtime {}
class StreamingInvokeProcessor extends Runtime {}

/** An error that is in the log already: lines written after a callback told of it come after it. */
export class Told {
  constructor(error) {
    this.error = error;
  }
}

/** Returns how to call `handler`: a function that resolves to its result or rejects with its error. */
export function callerOf(handler, client) {
  const streams = Boolean(handler[STREAMING]);
  const Processor = streams ? StreamingInvokeProcessor : BufferedInvokeProcessor;
  const runtime = PROMISES_ONLY ? new Processor(handler) : new Runtime(handler);
  if (streams) return (event, headers) => callStreaming(runtime, event, headers, client);
  if (!PROMISES_ONLY) return (event, headers) => callWithCallback(runtime, event, headers);
  return async (event, headers) => runtime.handler(event, createContext(headers));
}

/** `call` inside the context that `awslambda.InvokeStore` shows. */
export function withInvokeStore(headers, call) {
  return PROMISES_ONLY ? store.run(storedContext(headers), call) : call();
}

/** What has been kept of invocations is that of none. */
export function forgetInvocations() {
  store.run(undefined, () => undefined);
  forgetEnvironment();
}

/** Node.js 22 and before: promise, callback, completion functions, or nothing at all. */
function callWithCallback(runtime, event, headers) {
  let resolve;
  let reject;
  // The handler is called outside of its executor, which would show in traces.
  const outcome = new Promise((...both) => ([resolve, reject] = both));
  let ended = false;
  const settle = (told, result) => {
    onEmptyLoop = undefined;
    if (isNone(told)) resolve(result);
    else reject(told);
  };
  // Whichever style ends first counts; an error never waits for the loop.
  const end = (failure, result, when) => {
    if (ended) return;
    ended = true;
    const error = isNone(failure) ? null : new Told(tell(failure));
    if (when === 'empty loop' && isNone(error)) onEmptyLoop = () => settle(null, result);
    else if (when === 'now') settle(error, result);
    else setImmediate(settle, error, result);
  };
  const context = createContext(headers, {
    succeed: (result) => end(null, result, 'soon'),
    fail: (error) => end(error ?? 'handled', undefined, 'soon'),
    done: (error, result) => end(error, result, 'soon'),
  });
  const callback = (error, result) =>
    end(error, result, context.callbackWaitsForEmptyEventLoop ? 'empty loop' : 'soon');
  onEmptyLoop = () => end(types.isAsyncFunction(runtime.handler) ? unsettled() : null, null, 'now');
  try {
    const result = runtime.handler(event, context, callback);
    if (typeof result?.then === 'function') {
      const fail = (error) => end(error ?? 'handled', undefined, 'now');
      result.then((value) => end(null, value, 'now'), fail).catch(fail);
    }
  } catch (error) {
    callback(error);
  }
  return outcome;
}

function unsettled() {
  return runtimeError(
    'Runtime.NodeJsExit',
    'The promise of the handler can no longer settle: the event loop is empty',
  );
}

function isNone(error) {
  return error === undefined || error === null;
}

/** What it writes is sent meanwhile; it is over once the handler and its stream have ended. */
async function callStreaming(runtime, event, headers, client) {
  const stream = client.stream(
    headers.get('lambda-runtime-aws-request-id'),
    (post) => new ResponseStream(post, runtime.handler[HIGH_WATER_MARK]),
  );
  const returned = runtime.handler(event, stream, createContext(headers));
  if (typeof returned?.then !== 'function')
    throw failure('Streaming does not support non-async handlers.');
  const emptied = new Promise((resolve) => (onEmptyLoop = resolve));
  try {
    const outcome = await Promise.race([returned.then((result) => ({ result })), emptied]);
    if (outcome === undefined) throw unsettled();
    if (outcome.result !== undefined) console.warn('Streaming handlers ignore return values.');
    // Something may still be writing, such as a pipe nobody waits for.
    await Promise.race([stream.finished, emptied]);
  } finally {
    onEmptyLoop = undefined;
  }
  if (!stream.writableFinished) throw failure('Response stream is not finished.');
  return STREAMED;
}

/** The client of Node.js 22 and before fails with plain texts here. */
function failure(text) {
  return PROMISES_ONLY ? new Error(text) : text;
}

export const awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = 'response';
    if (typeof options?.highWaterMark === 'number') {
      handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    }
    return handler;
  },
  HttpResponseStream,
  ...(PROMISES_ONLY ? { InvokeStore: store } : {}),
};
