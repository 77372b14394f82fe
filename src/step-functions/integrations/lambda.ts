/** Functions as tasks: by their ARN, or through `lambda:invoke` (contract 11.16). */

import { randomUUID } from 'node:crypto';
import { isOrchestratorError } from '../../errors.js';
import { parseFunctionReference } from '../../function/arn.js';
import type { Outcome } from '../../invocation/outcome.js';
import type { Invoker } from '../../router/invoker.js';
import type { FunctionTarget } from '../../stack/function-target.js';
import { runtimeError, StateFailed } from '../interpreter/failure.js';
import { isJsonMap, parseJson, type Json, type JsonMap } from '../interpreter/json.js';
import { metadata } from './metadata.js';

const LATEST = '$LATEST';

/** A function's ARN as the resource: event in, answer out. */
export async function callFunction(invoker: Invoker, arn: string, input: Json): Promise<Json> {
  const requestId = randomUUID();
  const payload = Buffer.from(JSON.stringify(input));
  const outcome = await invoker.invoke(targetOf(arn), payload, { requestId });
  return answerOf(outcome, requestId).value;
}

/** `lambda:invoke`, and the same through `aws-sdk`, which keeps the payload a text. */
export async function invokeFunction(
  invoker: Invoker,
  input: JsonMap,
  { raw }: { readonly raw: boolean },
): Promise<Json> {
  const { FunctionName: name, Qualifier: qualifier, InvocationType: type } = input;
  if (typeof name !== 'string') throw runtimeError('FunctionName is missing from the parameters.');
  const target = targetOf(name, qualifier);
  const payload = payloadOf(input['Payload'], raw);
  const requestId = randomUUID();
  const around = raw ? {} : metadata(requestId);
  if (type === 'Event') {
    await accept(invoker, { target, payload, requestId });
    return { ...around, ...(raw ? {} : { Payload: '' }), StatusCode: 202 };
  }
  const clientContext = contextIn(input);
  const outcome = await invoker.invoke(target, payload, {
    requestId,
    ...(clientContext === undefined ? {} : { clientContext }),
  });
  const { value, text, executedVersion } = raw
    ? rawAnswer(outcome, requestId)
    : answerOf(outcome, requestId);
  return {
    ExecutedVersion: executedVersion,
    Payload: raw ? text : value,
    ...around,
    ...(raw && outcome.kind === 'function-failed' ? { FunctionError: 'Unhandled' } : {}),
    StatusCode: 200,
  };
}

/** Base64 of JSON, as the header of Invoke holds it. */
function contextIn({ ClientContext: written }: JsonMap): string | undefined {
  if (written === undefined) return undefined;
  const text = Buffer.from(String(written), 'base64').toString('utf8');
  if (isJsonMap(parseJson(text))) return text;
  throw new StateFailed(
    'Lambda.InvalidRequestContentException',
    'Client context must be a valid Base64-encoded JSON object.',
  );
}

async function accept(
  invoker: Invoker,
  { target, payload, requestId }: { target: FunctionTarget; payload: Buffer; requestId: string },
): Promise<void> {
  try {
    await invoker.accept(target, payload, { requestId });
  } catch (error) {
    throw refused(error, requestId);
  }
}

function targetOf(reference: string, qualifier?: Json): FunctionTarget {
  const parsed = parseFunctionReference(reference);
  if (parsed === undefined) {
    throw new StateFailed('Lambda.ValidationException', `'${reference}' names no function`);
  }
  const found = typeof qualifier === 'string' ? qualifier : parsed.qualifier;
  return {
    functionName: parsed.name,
    ...(found === undefined || found === LATEST ? {} : { qualifier: found }),
  };
}

function payloadOf(written: Json | undefined, raw: boolean): Buffer {
  if (written === undefined) return Buffer.from('{}');
  return Buffer.from(raw && typeof written === 'string' ? written : JSON.stringify(written));
}

interface Answer {
  readonly value: Json;
  readonly text: string;
  readonly executedVersion: string;
}

function rawAnswer(outcome: Outcome, requestId: string): Answer {
  if (outcome.kind === 'refused') throw refused(outcome.error, requestId);
  const text = outcome.payload.toString('utf8');
  return { value: text, text, executedVersion: outcome.executedVersion };
}

/** Raises `StateFailed` with what the function failed with. */
function answerOf(outcome: Outcome, requestId: string): Answer {
  const answer = rawAnswer(outcome, requestId);
  const value = parseJson(answer.text) ?? answer.text;
  if (outcome.kind === 'succeeded') return { ...answer, value };
  const named = isJsonMap(value) ? value['errorType'] : undefined;
  throw new StateFailed(typeof named === 'string' ? named : 'Lambda.Unknown', answer.text);
}

/** What the platform refused, in the names that `Retry` blocks know. */
function refused(error: unknown, requestId: string): StateFailed {
  const [name, text, status] = refusal(error);
  const cause = `${text} (Service: Lambda, Status Code: ${status}, Request ID: ${requestId})`;
  return new StateFailed(`Lambda.${name}`, cause);
}

function refusal(error: unknown): readonly [string, string, number] {
  const text = error instanceof Error ? error.message : String(error);
  if (isOrchestratorError(error, 'throttled') || isOrchestratorError(error, 'queue-full')) {
    return ['TooManyRequestsException', 'Rate Exceeded.', 429];
  }
  if (isOrchestratorError(error, 'function-not-found')) {
    return ['ResourceNotFoundException', `Function not found: ${text}`, 404];
  }
  return ['ServiceException', text, 500];
}
