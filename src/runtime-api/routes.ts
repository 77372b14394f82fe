/**
 * Method and path → what the channel is asked (contract 1.1), as one table.
 */

import type { Channel, Delivery, Poll } from '../environment/channel.js';
import type { PostedBody } from '../environment/post.js';
import {
  deliveryReply,
  errorReply,
  INVALID_RESPONSE_MODE,
  verdictReply,
  type Reply,
} from './replies.js';

/** One request, however it was framed. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: { get(name: string): string | undefined };
  readonly body: PostedBody;
}

/** Where the answer goes; `send` is called at most once. */
export interface Answer {
  send(reply: Reply): void;
  /** The caller has gone. */
  readonly lost: boolean;
}

const PREFIX = '/2018-06-01/runtime/';
const INVOCATIONS = `${PREFIX}invocation/`;
const INIT_ERROR = `${PREFIX}init/error`;
const RESPONSE = '/response';
const ERROR = '/error';
const NEXT = `${INVOCATIONS}next`;
export const INVOCATION_ID = 'lambda-runtime-invocation-id';
export const RESPONSE_MODE = 'lambda-runtime-function-response-mode';

/** What runtimes ask all the time. */
export function isInvocationCall({ path }: Call): boolean {
  return path.startsWith(INVOCATIONS);
}

/**
 * Serves one call on the channel it belongs to. Returns the poll when the call is one and stays
 * open, so that the connection can report its loss.
 */
export function serve(channel: Channel, call: Call, answer: Answer): Poll | undefined {
  const { method, path } = call;
  if (path === NEXT) return method === 'GET' ? next(channel, answer) : wrongMethod(call, answer);
  if (path === INIT_ERROR) {
    return method === 'POST' ? initError(channel, call, answer) : wrongMethod(call, answer);
  }
  if (!path.startsWith(INVOCATIONS)) return notFound(call, answer);
  if (path.endsWith(RESPONSE)) {
    if (method !== 'POST') return wrongMethod(call, answer);
    return response(channel, idIn(path, RESPONSE), call, answer);
  }
  if (path.endsWith(ERROR)) {
    if (method !== 'POST') return wrongMethod(call, answer);
    return invocationError(channel, idIn(path, ERROR), call, answer);
  }
  return notFound(call, answer);
}

/** Of a path that ends with `what`. */
function idIn(path: string, what: string): string {
  return path.slice(INVOCATIONS.length, path.length - what.length);
}

/** A `GET next` that is held until there is an event. */
class OpenPoll implements Poll {
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  get lost(): boolean {
    return this.#answer.lost;
  }
  deliver(delivery: Delivery): void {
    this.#answer.send(deliveryReply(delivery));
  }
}

function next(channel: Channel, answer: Answer): Poll | undefined {
  const poll = new OpenPoll(answer);
  const { phase } = channel;
  const verdict = channel.next(poll);
  if (verdict === 'accepted') return poll;
  answer.send(verdictReply(verdict, phase, 'Ready'));
  return undefined;
}

function response(channel: Channel, requestId: string, call: Call, answer: Answer): undefined {
  const { phase } = channel;
  const mode = call.headers.get(RESPONSE_MODE);
  const invocationId = call.headers.get(INVOCATION_ID);
  if (mode !== undefined && mode !== 'streaming') {
    const verdict = channel.post('error', requestId, INVALID_MODE_ERROR, {
      contentType: 'application/json',
      errorType: 'Runtime.InvalidResponseModeHeader',
      invocationId,
    });
    const accepted = verdict === 'accepted';
    answer.send(
      accepted ? INVALID_RESPONSE_MODE : verdictReply(verdict, phase, 'InvocationResponse'),
    );
    return;
  }
  const verdict = channel.post('response', requestId, call.body, {
    contentType: call.headers.get('content-type') ?? 'application/octet-stream',
    invocationId,
  });
  answer.send(verdictReply(verdict, phase, 'InvocationResponse'));
}

const INVALID_MODE_ERROR = Buffer.from(
  JSON.stringify({
    errorType: 'Runtime.InvalidResponseModeHeader',
    errorMessage: 'Invalid function response mode',
  }),
);

const CAUSE_CONTENT_TYPE = 'application/vnd.aws.lambda.error.cause+json';

function invocationError(
  channel: Channel,
  requestId: string,
  call: Call,
  answer: Answer,
): undefined {
  const { phase } = channel;
  const errorType = call.headers.get('lambda-runtime-function-error-type');
  const { body, contentType } = errorBody(call);
  const invocationId = call.headers.get(INVOCATION_ID);
  const verdict = channel.post('error', requestId, body, { contentType, errorType, invocationId });
  answer.send(verdictReply(verdict, phase, 'InvocationErrorResponse'));
}

function initError(channel: Channel, call: Call, answer: Answer): undefined {
  const { phase } = channel;
  const { payload, contentType } = initErrorBody(call);
  const verdict = channel.initError(payload, contentType);
  answer.send(verdictReply(verdict, phase, 'InitError'));
}

/** As what an error outside any invocation is kept. */
export function initErrorBody(call: Call): { payload: Buffer; contentType: string } {
  const { body, contentType } = errorBody(call);
  const payload = Buffer.isBuffer(body) ? body : Buffer.from('null');
  return { payload, contentType: isJson(payload) ? contentType : OCTET_STREAM };
}

const OCTET_STREAM = 'application/octet-stream';

/** An error with an X-Ray cause beside it: the cause is not for the invoker (contract 1.4). */
function errorBody(call: Call): { body: PostedBody; contentType: string } {
  const contentType = call.headers.get('content-type') ?? 'application/json';
  if (contentType !== CAUSE_CONTENT_TYPE || !Buffer.isBuffer(call.body)) {
    return { body: call.body, contentType };
  }
  try {
    const envelope = JSON.parse(call.body.toString('utf8')) as Record<string, unknown>;
    const { errorCause: _cause, ...rest } = envelope;
    return { body: Buffer.from(JSON.stringify(rest)), contentType: 'application/json' };
  } catch {
    return { body: Buffer.from('Invalid error body'), contentType: OCTET_STREAM };
  }
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

function notFound(call: Call, answer: Answer): undefined {
  const message = `The Runtime API has no route ${call.method} ${call.path}`;
  answer.send(errorReply(404, 'NotFound', message));
}

function wrongMethod(call: Call, answer: Answer): undefined {
  answer.send(errorReply(405, 'MethodNotAllowed', `${call.path} does not take ${call.method}`));
}
