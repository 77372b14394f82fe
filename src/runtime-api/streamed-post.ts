/**
 * `POST …/response` with the response mode `streaming` (contract 1.3): what arrives is passed on at
 * once, as fast as it is taken, and what comes after the last piece says whether all went well.
 */

import type { IncomingMessage } from 'node:http';
import type { Channel } from '../environment/channel.js';
import { verdictReply, type Reply } from './replies.js';
import { INVOCATION_ID, RESPONSE_MODE } from './routes.js';

const PATH = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/response$/;
const ERROR_TYPE = 'lambda-runtime-function-error-type';
const ERROR_BODY = 'lambda-runtime-function-error-body';

/** The request id such a post is for; undefined for every other request. */
export function streamedFor(request: IncomingMessage): string | undefined {
  if (request.headers[RESPONSE_MODE] !== 'streaming' || request.method !== 'POST') return undefined;
  return PATH.exec(request.url ?? '')?.[1];
}

/** `reply` is called once, unless the sender goes away before the end. */
export function receive(
  channel: Channel,
  requestId: string,
  request: IncomingMessage,
  reply: (reply: Reply) => void,
): void {
  const { phase } = channel;
  const invocationId = request.headers[INVOCATION_ID];
  const streamed = channel.stream(requestId, {
    contentType: request.headers['content-type'] ?? 'application/octet-stream',
    invocationId: typeof invocationId === 'string' ? invocationId : undefined,
  });
  if (typeof streamed === 'string') {
    reply(verdictReply(streamed, phase, 'InvocationResponse'));
    return;
  }
  const resume = (): void => void request.resume();
  request.on('data', (piece: Buffer) => {
    if (!streamed.write(piece, resume)) request.pause();
  });
  request.on('end', () => {
    const { [ERROR_TYPE]: errorType, [ERROR_BODY]: errorBody } = request.trailers;
    const verdict = streamed.end({ errorType, errorBody });
    reply(verdictReply(verdict, channel.phase, 'RuntimeResponseSentState'));
  });
  // Its connection broke, or ended before its last piece was taken.
  request.on('error', () => undefined);
  request.on('close', () => streamed.cut());
}
