/** Does what Task states ask for (contract 11.16). */

import { randomUUID } from 'node:crypto';
import type { Invoker } from '../../router/invoker.js';
import { busArn, type Place } from '../../stack/arns.js';
import { TargetError, type Targets } from '../../targets/targets.js';
import type { TaskCall } from '../interpreter/effects.js';
import { runtimeError, StateFailed } from '../interpreter/failure.js';
import { isJsonMap, type Json, type JsonMap } from '../interpreter/json.js';
import type { Resource } from '../interpreter/resource.js';
import { callFunction, invokeFunction } from './lambda.js';
import { metadata } from './metadata.js';
import type { SdkClients } from './sdk.js';

type Integration = Extract<Resource, { kind: 'integration' }>;

export interface PerformParts {
  readonly invoker: Invoker;
  readonly targets: Targets;
  readonly sdk: SdkClients;
  readonly place: Place;
  /** Machines started by machines. */
  startMachine(call: TaskCall, input: JsonMap, options: StartOptions): Promise<Json>;
}

export interface StartOptions {
  readonly mode: 'start' | 'sync' | 'sync:2' | 'startSync';
  /** Through `aws-sdk`: without what optimised integrations add. */
  readonly raw: boolean;
}

/** Names of the services in the errors of optimised integrations. */
const ERROR_PREFIXES: Readonly<Record<string, string>> = {
  dynamodb: 'DynamoDB',
  sns: 'SNS',
  sqs: 'SQS',
};

export async function perform(parts: PerformParts, call: TaskCall): Promise<Json> {
  const { resource, input } = call;
  if (resource.kind === 'function') return callFunction(parts.invoker, resource.arn, input);
  if (resource.kind === 'activity') throw runtimeError('Activities are done by workers.');
  if (!isJsonMap(input)) throw runtimeError('The parameters of an integration must be an object.');
  const { service } = resource;
  return service.startsWith('aws-sdk:')
    ? viaSdk(parts, call, { service: service.slice('aws-sdk:'.length), resource, input })
    : optimised(parts, call, { service, resource, input });
}

interface Wanted {
  readonly service: string;
  readonly resource: Integration;
  readonly input: JsonMap;
}

async function optimised(
  parts: PerformParts,
  call: TaskCall,
  { service, resource, input }: Wanted,
): Promise<Json> {
  const { action, pattern } = resource;
  if (service === 'lambda') return invokeFunction(parts.invoker, input, { raw: false });
  if (service === 'events')
    return { ...(await putEvents(parts, call, input)), ...metadata(randomUUID()) };
  if (service === 'states') {
    const mode = pattern === 'sync' || pattern === 'sync:2' ? pattern : 'start';
    return parts.startMachine(call, input, { mode, raw: false });
  }
  const errorPrefix = ERROR_PREFIXES[service] ?? service;
  const { signal } = call;
  const written = asText(service, input);
  const answer = await parts.sdk.call({ service, action, input: written, signal, errorPrefix });
  return { ...answer.output, ...metadata(answer.requestId) };
}

async function viaSdk(
  parts: PerformParts,
  call: TaskCall,
  { service, resource, input }: Wanted,
): Promise<Json> {
  const { action } = resource;
  if (service === 'lambda') return invokeFunction(parts.invoker, input, { raw: true });
  if (service === 'eventbridge') return putEvents(parts, call, input);
  if (service === 'sfn') {
    const mode = action === 'startSyncExecution' ? 'startSync' : 'start';
    return parts.startMachine(call, input, { mode, raw: true });
  }
  const { output } = await parts.sdk.call({ service, action, input, signal: call.signal });
  return output;
}

/** Bodies of messages may be written as JSON; what is sent is its text. */
function asText(service: string, input: JsonMap): JsonMap {
  const member = { sqs: 'MessageBody', sns: 'Message' }[service];
  const body = member === undefined ? undefined : input[member];
  if (member === undefined || body === undefined || typeof body === 'string') return input;
  return { ...input, [member]: JSON.stringify(body) };
}

async function putEvents(parts: PerformParts, call: TaskCall, input: JsonMap): Promise<JsonMap> {
  const { Entries: entries } = input;
  if (!Array.isArray(entries)) throw runtimeError('Entries is missing from the parameters.');
  const results = await Promise.all(
    (entries as readonly Json[]).map((entry) =>
      putEvent(parts, call, isJsonMap(entry) ? entry : {}),
    ),
  );
  const failed = results.filter((result) => 'ErrorCode' in result).length;
  if (failed > 0 && call.resource.kind === 'integration' && call.resource.service === 'events') {
    throw new StateFailed('EventBridge.FailedEntry', JSON.stringify(results));
  }
  return { Entries: results, FailedEntryCount: failed };
}

async function putEvent(
  { targets, place }: PerformParts,
  { execution }: TaskCall,
  entry: JsonMap,
): Promise<JsonMap> {
  const { EventBusName: bus = 'default', Detail: detail, Resources: resources } = entry;
  const arn = String(bus).startsWith('arn:') ? String(bus) : busArn(place, String(bus));
  const body = Buffer.from(typeof detail === 'string' ? detail : JSON.stringify(detail ?? {}));
  const event = {
    source: String(entry['Source'] ?? ''),
    detailType: String(entry['DetailType'] ?? ''),
    // AWS adds the two.
    resources: [
      ...(Array.isArray(resources) ? resources.map(String) : []),
      execution.arn,
      execution.machineArn,
    ],
  };
  try {
    await targets.send(arn, { body, event });
    return { EventId: randomUUID() };
  } catch (error) {
    const code = error instanceof TargetError ? error.code : 'InternalFailure';
    return {
      ErrorCode: code,
      ErrorMessage: error instanceof Error ? error.message : String(error),
    };
  }
}
