/**
 * Services through the clients of the AWS SDK, loaded when first used: their commands are the
 * actions of integrations. Parameters and answers are called as the SDK for Java calls them, which
 * is PascalCase throughout.
 */

import { messageOf } from '../../errors.js';
import type { ServiceClients } from '../../services/clients.js';
import { runtimeError, StateFailed } from '../interpreter/failure.js';
import { isJsonMap, type Json, type JsonMap } from '../interpreter/json.js';
import { commandOf, SDK_MODULES } from './actions.js';

interface Service {
  readonly client: (clients: ServiceClients) => Promise<unknown>;
  /** In front of error names of `aws-sdk` integrations. */
  readonly prefix: string;
  /** Members begin in lower case on the wire. */
  readonly lower?: true;
}

const SERVICES: Readonly<Record<string, Service>> = {
  cloudwatchlogs: {
    client: (clients) => clients.logs(),
    prefix: 'CloudWatchLogs',
    lower: true,
  },
  dynamodb: {
    client: (clients) => clients.dynamodb(),
    prefix: 'DynamoDb',
  },
  kinesis: {
    client: (clients) => clients.kinesis(),
    prefix: 'Kinesis',
  },
  s3: { client: (clients) => clients.s3(), prefix: 'S3' },
  sns: { client: (clients) => clients.sns(), prefix: 'Sns' },
  sqs: { client: (clients) => clients.sqs(), prefix: 'Sqs' },
};

interface Client {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<object>;
}

interface Loaded {
  readonly client: Client;
  readonly commands: Readonly<Record<string, new (input: object) => object>>;
}

export interface SdkCall {
  /** Such as `dynamodb`. */
  readonly service: string;
  /** Such as `getItem`. */
  readonly action: string;
  readonly input: JsonMap;
  readonly signal: AbortSignal;
  /** Name of the service in errors; absent: that of `aws-sdk` integrations. */
  readonly errorPrefix?: string;
}

export interface SdkAnswer {
  readonly output: JsonMap;
  readonly requestId: string;
}

export class SdkClients {
  readonly #clients: ServiceClients;

  constructor(clients: ServiceClients) {
    this.#clients = clients;
  }

  /** Raises `StateFailed`. */
  async call(call: SdkCall): Promise<SdkAnswer> {
    const service = SERVICES[call.service];
    if (service === undefined) throw runtimeError(`There is no service ${call.service} here.`);
    const { client, commands } = await load(service, this.#clients, call);
    const Command = commands[commandOf(call.action)];
    if (Command === undefined) {
      throw runtimeError(`The service ${call.service} has no action ${call.action}.`);
    }
    const input = service.lower === true ? (recased(call.input, 'lower') as JsonMap) : call.input;
    try {
      const answer = await client.send(new Command(input), { abortSignal: call.signal });
      return await answerOf(answer, service);
    } catch (error) {
      throw failureOf(error, call.errorPrefix ?? service.prefix);
    }
  }
}

async function load(
  service: Service,
  clients: ServiceClients,
  { service: name, errorPrefix = service.prefix }: SdkCall,
): Promise<Loaded> {
  try {
    const [client, commands] = await Promise.all([
      service.client(clients),
      import(SDK_MODULES[name] ?? '') as Promise<Record<string, unknown>>,
    ]);
    return { client: client as Client, commands: commands as Loaded['commands'] };
  } catch (error) {
    // The services cannot be reached: as a client without a connection says it.
    throw new StateFailed(`${errorPrefix}.SdkClientException`, messageOf(error));
  }
}

async function answerOf(answer: object, service: Service): Promise<SdkAnswer> {
  const { $metadata: meta, ...rest } = answer as { $metadata?: { requestId?: string } };
  const plain = (await jsonOf(rest)) as JsonMap;
  return {
    output: (service.lower === true ? recased(plain, 'upper') : plain) as JsonMap,
    requestId: meta?.requestId ?? '',
  };
}

/** Times as text, bytes as base64, bodies as their text. */
async function jsonOf(value: unknown): Promise<Json | undefined> {
  if (value === undefined || typeof value === 'function') return undefined;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) {
    return Promise.all(value.map(async (item) => (await jsonOf(item)) ?? null));
  }
  if (typeof value !== 'object' || value === null) return value as Json;
  const { transformToString } = value as { transformToString?: () => Promise<string> };
  if (typeof transformToString === 'function') return transformToString.call(value);
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, item]) => [key, await jsonOf(item)] as const),
  );
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined)) as JsonMap;
}

function recased(value: Json, to: 'lower' | 'upper'): Json {
  if (Array.isArray(value)) return value.map((item: Json) => recased(item, to));
  if (!isJsonMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const first = to === 'lower' ? key.charAt(0).toLowerCase() : key.charAt(0).toUpperCase();
      return [`${first}${key.slice(1)}`, recased(item, to)];
    }),
  );
}

function failureOf(error: unknown, prefix: string): StateFailed {
  const {
    name = 'SdkClientException',
    message = String(error),
    $metadata: meta,
  } = error as {
    name?: string;
    message?: string;
    $metadata?: { httpStatusCode?: number; requestId?: string };
  };
  // As in the SDK for Java, every error that a service gives is an exception.
  if (meta?.httpStatusCode === undefined) {
    return new StateFailed(`${prefix}.SdkClientException`, message);
  }
  const called = /(Exception|Error)$/.test(name) ? name : `${name}Exception`;
  const { httpStatusCode: status, requestId = '' } = meta;
  const cause = `${message} (Service: ${prefix}, Status Code: ${status}, Request ID: ${requestId})`;
  return new StateFailed(`${prefix}.${called}`, cause);
}
