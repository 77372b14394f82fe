// Calling a handler in each of its styles (contract 3.6) until there is a result or an error.

import { PassThrough } from 'node:stream';
import { createContext } from './context.mjs';
import { runtimeError } from './errors.mjs';
import { PROMISES_ONLY, STREAMING } from './handler.mjs';

const PRELUDE_END = Buffer.alloc(8);
const INTEGRATION_TYPE = 'application/vnd.awslambda.http-integration-response';

/** Resolves to what the handler gave; rejects with what it threw. */
export function callHandler(handler, event, headers) {
  if (handler[STREAMING] !== undefined) return callStreaming(handler, event, headers);
  if (PROMISES_ONLY) return Promise.resolve(handler(event, createContext(headers)));
  return callWithCallback(handler, event, headers);
}

/** Node.js 22 and before: promise, callback, completion functions, or nothing at all. */
function callWithCallback(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let ended = false;
    const onEmptyLoop = [];
    const onBeforeExit = () => (onEmptyLoop[0] ?? fallThrough)();
    let fallThrough = () => settle(null, null);
    const settle = (error, result) => {
      process.removeListener('beforeExit', onBeforeExit);
      if (error === undefined || error === null) resolve(result);
      else reject(error);
    };
    const end = (error, result, atOnce) => {
      if (ended) return;
      ended = true;
      if (atOnce || !context.callbackWaitsForEmptyEventLoop) setImmediate(settle, error, result);
      else onEmptyLoop.push(() => settle(error, result));
    };
    const context = createContext(headers, {
      done: (error, result) => end(error, result, true),
      succeed: (result) => end(null, result, true),
      fail: (error) => end(error ?? new Error('null'), undefined, true),
    });
    process.on('beforeExit', onBeforeExit);
    const returned = handler(event, context, (error, result) => end(error, result, false));
    if (typeof returned?.then !== 'function') return;
    // An async function that waits for something that can no longer happen.
    fallThrough = () =>
      settle(
        runtimeError(
          'Runtime.NodeJsExit',
          'The promise of the handler can no longer settle: the event loop is empty',
        ),
      );
    returned.then(
      (result) => settle(null, result),
      (error) => settle(error ?? new Error('undefined')),
    );
  });
}

/** The chunks are collected and answered as one response. */
async function callStreaming(handler, event, headers) {
  const pieces = [];
  const stream = new PassThrough();
  let contentType = 'application/octet-stream';
  stream.setContentType = (type) => {
    contentType = type;
  };
  stream.on('data', (piece) => pieces.push(piece));
  await handler(event, stream, createContext(headers));
  if (!stream.writableEnded) stream.end();
  if (!stream.readableEnded) await new Promise((resolve) => stream.once('end', resolve));
  return new Streamed(Buffer.concat(pieces), contentType);
}

export class Streamed {
  constructor(body, contentType) {
    this.body = body;
    this.contentType = contentType;
  }
}

export const awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = 'response';
    if (options?.highWaterMark !== undefined) {
      handler[Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')] =
        options.highWaterMark;
    }
    return handler;
  },
  HttpResponseStream: {
    from(stream, metadata) {
      stream.setContentType(INTEGRATION_TYPE);
      stream.write(JSON.stringify(metadata));
      stream.write(PRELUDE_END);
      return stream;
    },
  },
};
