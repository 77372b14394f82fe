/**
 * Invoke and InvokeAsync (contract 8.3, 8.4): check the request, hand it to the router, write the
 * outcome where it settles. Once handed over, an invocation runs to its end whatever the client
 * does. An `Event` is answered when the queue has it, and is the queue's from then on.
 */

import { isUtf8 } from 'node:buffer';
import { LIMITS } from '../config/defaults.js';
import { messageOf } from '../errors.js';
import type { ConstraintViolation, FunctionReference } from '../function/arn.js';
import type { InvocationRequest } from '../invocation/invocation.js';
import type { Outcome, Refused } from '../invocation/outcome.js';
import { acceptEvent } from './accept-event.js';
import { send, sendError, type RawHeaders } from './answer.js';
import type { InvokeCall } from './call.js';
import {
  clientContextNotJson,
  clientContextTooLong,
  constraintsViolated,
  notJson,
  refusalError,
  requestTooLarge,
  serviceError,
  type ApiError,
} from './errors.js';
import { isJsonText } from './json-text.js';
import { INVOKE_LIMITS } from './limits.js';
import { findFunction, readReference, type ResolvedFunction } from './reference.js';
import { tenantProblem, tenantViolations } from './tenant.js';
import { traceIdOf } from '../invocation/trace-id.js';

type InvocationType = 'Event' | 'RequestResponse' | 'DryRun';

export interface Options {
  readonly type: InvocationType;
  readonly tail: boolean;
  readonly clientContext: string | undefined;
  readonly tenantId: string | undefined;
}

/** What the head of a request asks for, or what is wrong with it. */
export interface Reading {
  readonly reference: FunctionReference | Wrong;
  readonly options: Options | Wrong;
}

interface Wrong {
  readonly error: ApiError;
}

/** In the order of the model, as validation messages print them. */
const INVOCATION_TYPES: readonly string[] = ['Event', 'RequestResponse', 'DryRun'];
const LOG_TYPES: readonly string[] = ['None', 'Tail'];
const EMPTY_EVENT = Buffer.from('{}');
const JSON_TYPE = 'application/json';

export function invoke(call: InvokeCall): void {
  checked(call, invocationType(call), INVOCATION_TYPES, handOver);
}

export function invokeAsync(call: InvokeCall): void {
  checked(call, 'Event', INVOCATION_TYPES, handOver);
}

export function invocationType(call: InvokeCall): string {
  return header(call.request, 'x-amz-invocation-type') ?? 'RequestResponse';
}

/** Calls `handOn` with what may be run; answers everything else. */
export function checked<Asked extends InvokeCall>(
  call: Asked,
  type: string,
  types: readonly string[],
  handOn: (call: Asked, target: ResolvedFunction, options: Options, body: Buffer) => void,
): void {
  const { context } = call;
  const { reference, options } = readingOf(call, type, types);
  if ('error' in reference) {
    sendError(call, reference.error);
    return;
  }
  const target = findFunction(context, reference, 'invoke');
  if ('error' in target) {
    sendError(call, target.error);
    return;
  }
  if ('error' in options) {
    sendError(call, options.error);
    return;
  }
  const problem = tenantProblem(target.version.tenancy, options.tenantId);
  if (problem !== undefined) {
    sendError(call, problem);
    return;
  }
  const limit = options.type === 'Event' ? LIMITS.eventPayloadBytes : LIMITS.payloadBytes;
  call.body(limit, (body) => {
    if (!Buffer.isBuffer(body)) {
      sendError(call, requestTooLarge(limit, body.readToEnd));
      return;
    }
    const problem = payloadProblem(body);
    if (problem !== undefined) sendError(call, problem);
    else handOn(call, target, options, body);
  });
}

function readingOf(call: InvokeCall, type: string, types: readonly string[]): Reading {
  const { context, name, query, request, known } = call;
  if (known?.reading !== undefined) return known.reading;
  const reading = {
    reference: readReference(context, name, query.get('Qualifier'), 'invoke'),
    options: readOptions(request, type, types),
  };
  if (known !== undefined) known.reading = reading;
  return reading;
}

function handOver(
  call: InvokeCall,
  target: ResolvedFunction,
  options: Options,
  body: Buffer,
): void {
  const { context } = call;
  const { type } = options;
  const { name } = target.version;
  if (type === 'DryRun') {
    send(call, 204, []);
    return;
  }
  const invocation = invocationOf(call, target, options, body);
  try {
    if (type === 'Event') {
      acceptEvent(call, target, invocation);
      return;
    }
    context.router.invoke(name, invocation, (outcome) => {
      answer(call, invocation, outcome);
    });
  } catch (error) {
    sendError(call, serviceError(messageOf(error)));
  }
}

export function invocationOf(
  { context, request, requestId }: InvokeCall,
  target: ResolvedFunction,
  { type, tail, clientContext, tenantId }: Options,
  body: Buffer,
): InvocationRequest {
  return {
    requestId,
    payload: body.length === 0 ? EMPTY_EVENT : body,
    contentType: JSON_TYPE,
    invokedFunctionArn: target.arn,
    qualifier: target.qualifier,
    traceId: traceIdOf(header(request, 'x-amzn-trace-id'), context.now()),
    // Contract 4.3, 6.6: both belong to synchronous invocations only.
    clientContext: type === 'Event' ? undefined : clientContext,
    tenantId,
    tail: tail && type !== 'Event',
  };
}

function answer(call: InvokeCall, invocation: InvocationRequest, outcome: Outcome): void {
  if (outcome.kind === 'refused') {
    sendError(call, refusalOf(invocation, outcome));
    return;
  }
  const headers: RawHeaders = [
    'Content-Type',
    JSON_TYPE,
    'X-Amz-Executed-Version',
    outcome.executedVersion,
    'X-Amzn-Trace-Id',
    invocation.traceId,
    'x-amzn-Remapped-Content-Length',
    '0',
  ];
  if (outcome.kind === 'function-failed') headers.push('X-Amz-Function-Error', 'Unhandled');
  if (outcome.logTail !== undefined) {
    headers.push('X-Amz-Log-Result', outcome.logTail.toString('base64'));
  }
  send(call, 200, headers, outcome.payload);
  // Of a failure others may be told as well.
  if (outcome.kind !== 'succeeded') return;
  call.response.giveUp?.(invocation.payload);
  call.response.giveUp?.(outcome.payload);
}

export function refusalOf(invocation: InvocationRequest, { error }: Refused): ApiError {
  const { invokedFunctionArn: arn, qualifier } = invocation;
  const qualified = qualifier === undefined ? `${arn}:$LATEST` : arn;
  return refusalError(error, qualified);
}

function readOptions(
  request: InvokeCall['request'],
  type: string,
  types: readonly string[],
): Options | Wrong {
  const logType = header(request, 'x-amz-log-type') ?? 'None';
  const tenantId = header(request, 'x-amz-tenant-id');
  const violations = [
    ...enumViolations(type, 'invocationType', types),
    ...enumViolations(logType, 'logType', LOG_TYPES),
    ...(tenantId === undefined ? [] : tenantViolations(tenantId)),
  ];
  if (violations.length > 0) return { error: constraintsViolated(violations) };
  const encoded = header(request, 'x-amz-client-context');
  if (encoded !== undefined && encoded.length > INVOKE_LIMITS.clientContextBytes) {
    return { error: clientContextTooLong(INVOKE_LIMITS.clientContextBytes) };
  }
  const clientContext = encoded === undefined ? undefined : decodeClientContext(encoded);
  if (encoded !== undefined && clientContext === undefined) {
    return { error: clientContextNotJson() };
  }
  return { type: type as InvocationType, tail: logType === 'Tail', clientContext, tenantId };
}

function enumViolations(
  value: string,
  field: string,
  values: readonly string[],
): readonly ConstraintViolation[] {
  if (values.includes(value)) return [];
  const rule = `Member must satisfy enum value set: [${values.join(', ')}]`;
  return [{ value, field, rule }];
}

/** The JSON text; the Runtime API makes it fit for its header. */
function decodeClientContext(encoded: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the payload may go to a function; it is not changed, and no value is made of it. */
function payloadProblem(payload: Buffer): ApiError | undefined {
  if (payload.length === 0) return undefined;
  if (!isUtf8(payload)) return notJson('Invalid UTF-8');
  if (isJsonText(payload)) return undefined;
  try {
    // It knows what is wrong.
    JSON.parse(payload.toString('utf8'));
    return undefined;
  } catch (error) {
    return notJson(messageOf(error));
  }
}

/** An empty header is none. */
function header(request: InvokeCall['request'], name: string): string | undefined {
  const value = request.headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === '' ? undefined : text;
}
