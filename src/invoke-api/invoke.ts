/**
 * `POST /2015-03-31/functions/{name}/invocations` (contract 8.3, 8.4).
 */

import { isUtf8 } from 'node:buffer';
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS } from '../config/defaults.js';
import type { InvocationRequest } from '../invocation/invocation.js';
import type { Outcome } from '../invocation/outcome.js';
import { messageOf } from '../errors.js';
import type { ApiContext } from './context.js';
import {
  constraintViolated,
  invalidParameter,
  notJson,
  refusalError,
  requestTooLarge,
  type ApiError,
} from './errors.js';
import { resolveFunction } from './reference.js';

/** Contract 4.3. */
const LONGEST_CLIENT_CONTEXT = 3583;
const EMPTY_EVENT = Buffer.from('{}');
const INVOCATION_TYPES = ['RequestResponse', 'Event', 'DryRun'];
const LOG_TYPES = ['None', 'Tail'];

export function invoke(
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
  nameInPath: string,
  query: URLSearchParams,
): void {
  const requestId = randomUUID();
  const traceId = textHeader(request, 'x-amzn-trace-id') ?? newTraceId(context.now());
  response.setHeader('x-amzn-RequestId', requestId);
  response.setHeader('X-Amzn-Trace-Id', traceId);
  const target = resolveFunction(context, nameInPath, query.get('Qualifier'));
  readBody(request, (payload) => {
    const refusal =
      'error' in target ? target.error : (headerProblem(request) ?? bodyProblem(payload));
    if (refusal !== undefined || 'error' in target || !Buffer.isBuffer(payload)) {
      context.refuse(response, refusal ?? notJson('the body could not be read'));
      return;
    }
    const clientContext = decodeClientContext(textHeader(request, 'x-amz-client-context'));
    const type = textHeader(request, 'x-amz-invocation-type') ?? 'RequestResponse';
    if (type === 'DryRun') {
      response.writeHead(204).end();
      return;
    }
    const invocation: InvocationRequest = {
      requestId,
      traceId,
      payload: payload.length === 0 ? EMPTY_EVENT : payload,
      contentType: 'application/json',
      invokedFunctionArn: target.invokedArn,
      // Contract 4.3: client context is delivered with synchronous invocations only.
      ...(clientContext === undefined || type === 'Event' ? {} : { clientContext }),
      tail: type !== 'Event' && textHeader(request, 'x-amz-log-type') === 'Tail',
    };
    if (type === 'Event') {
      context.router.invoke(target.name, invocation, (outcome) => {
        if (outcome.kind === 'refused') context.lost(target.name, requestId, outcome.error);
      });
      response.writeHead(202, { 'Content-Length': 0 }).end();
      return;
    }
    context.router.invoke(target.name, invocation, (outcome) => {
      answer(context, response, outcome, target.qualifiedArn);
    });
  });
}

function answer(
  context: ApiContext,
  response: ServerResponse,
  outcome: Outcome,
  arn: string,
): void {
  if (response.destroyed) return;
  if (outcome.kind === 'refused') {
    context.refuse(response, refusalError(outcome.error, arn));
    return;
  }
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': outcome.payload.length,
    'X-Amz-Executed-Version': outcome.executedVersion,
    'x-amzn-Remapped-Content-Length': '0',
  };
  if (outcome.kind === 'function-failed') headers['X-Amz-Function-Error'] = 'Unhandled';
  if (outcome.logTail !== undefined) {
    headers['X-Amz-Log-Result'] = outcome.logTail.toString('base64');
  }
  response.writeHead(200, headers);
  response.end(outcome.payload);
}

function headerProblem(request: IncomingMessage): ApiError | undefined {
  const type = textHeader(request, 'x-amz-invocation-type');
  if (type !== undefined && !INVOCATION_TYPES.includes(type)) {
    return constraintViolated(type, 'invocationType', enumRule(INVOCATION_TYPES));
  }
  const logType = textHeader(request, 'x-amz-log-type');
  if (logType !== undefined && !LOG_TYPES.includes(logType)) {
    return constraintViolated(logType, 'logType', enumRule(LOG_TYPES));
  }
  const encoded = textHeader(request, 'x-amz-client-context');
  if (encoded === undefined) return undefined;
  if (encoded.length > LONGEST_CLIENT_CONTEXT) {
    return invalidParameter(
      `Client context must be no more than ${LONGEST_CLIENT_CONTEXT} bytes when base64-encoded.`,
    );
  }
  return decodeClientContext(encoded) === undefined
    ? notJson('Client context must be a valid Base64-encoded JSON object.')
    : undefined;
}

function enumRule(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(', ')}]`;
}

function decodeClientContext(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the payload may go to a function; it is not changed and not kept. */
function bodyProblem(payload: Buffer | { readonly tooLargeBytes: number }): ApiError | undefined {
  if (!Buffer.isBuffer(payload)) {
    return requestTooLarge(payload.tooLargeBytes, LIMITS.payloadBytes);
  }
  if (payload.length === 0) return undefined;
  if (!isUtf8(payload)) return notJson('Invalid UTF-8 in the request body');
  try {
    JSON.parse(payload.toString('utf8'));
    return undefined;
  } catch (error) {
    return notJson(messageOf(error));
  }
}

/** Reads the whole body with one copy at most; what is too large is counted, not kept. */
function readBody(
  request: IncomingMessage,
  done: (payload: Buffer | { readonly tooLargeBytes: number }) => void,
): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= LIMITS.payloadBytes) pieces.push(piece);
    else pieces.length = 0;
  });
  request.on('end', () => {
    const [only] = pieces;
    if (bytes > LIMITS.payloadBytes) done({ tooLargeBytes: bytes });
    else done(pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, bytes));
  });
  // A client that hangs up before its event is complete has asked for nothing.
  request.on('error', () => undefined);
}

function textHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === '' ? undefined : text;
}

function newTraceId(nowMs: number): string {
  const time = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0');
  const random = randomBytes(20).toString('hex');
  return `Root=1-${time}-${random.slice(0, 24)};Parent=${random.slice(24)};Sampled=0`;
}
