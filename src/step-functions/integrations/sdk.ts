/**
 * Services through the clients of the AWS SDK, loaded when first used: their commands are the
 * actions of integrations. Parameters and answers are called as the SDK for Java calls them, which
 * is PascalCase throughout.
 */

import { createRequire } from 'node:module';
import type { AwsServices, ServiceClientConfig } from '../../services/aws-services.js';
import { runtimeError, StateFailed } from '../interpreter/failure.js';
import { isJsonMap, type Json, type JsonMap } from '../interpreter/json.js';

interface Service {
  readonly module: string;
  readonly client: string;
  /** In front of error names of `aws-sdk` integrations. */
  readonly prefix: string;
  /** Members begin in lower case on the wire. */
  readonly lower?: true;
}

const SERVICES: Readonly<Record<string, Service>> = {
  cloudwatchlogs: {
    module: '@aws-sdk/client-cloudwatch-logs',
    client: 'CloudWatchLogsClient',
    prefix: 'CloudWatchLogs',
    lower: true,
  },
  dynamodb: {
    module: '@aws-sdk/client-dynamodb',
    client: 'DynamoDBClient',
    prefix: 'DynamoDb',
  },
  kinesis: { module: '@aws-sdk/client-kinesis', client: 'KinesisClient', prefix: 'Kinesis' },
  s3: { module: '@aws-sdk/client-s3', client: 'S3Client', prefix: 'S3' },
  sns: { module: '@aws-sdk/client-sns', client: 'SNSClient', prefix: 'Sns' },
  sqs: { module: '@aws-sdk/client-sqs', client: 'SQSClient', prefix: 'Sqs' },
};

interface Client {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<object>;
  destroy(): void;
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
  readonly #services: AwsServices;
  readonly #loaded = new Map<string, Promise<Loaded>>();

  constructor(services: AwsServices) {
    this.#services = services;
  }

  /** Raises `StateFailed`. */
  async call(call: SdkCall): Promise<SdkAnswer> {
    const service = SERVICES[call.service];
    if (service === undefined) throw runtimeError(`There is no service ${call.service} here.`);
    const { client, commands } = await this.#load(call.service, service);
    const name = `${call.action.charAt(0).toUpperCase()}${call.action.slice(1)}Command`;
    const Command = commands[name];
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

  async close(): Promise<void> {
    for (const loading of this.#loaded.values()) {
      await loading.then(({ client }) => client.destroy()).catch(() => undefined);
    }
  }

  #load(name: string, service: Service): Promise<Loaded> {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const loading = this.#services.clientConfig().then((config) => load(service, config));
    // What did not come is tried again next time.
    loading.catch(() => this.#loaded.delete(name));
    this.#loaded.set(name, loading);
    return loading;
  }
}

/** Whether the action exists; used when machines are checked. */
export function hasAction(service: string, action: string): boolean {
  const known = SERVICES[service];
  if (known === undefined) return false;
  const commands = createRequire(import.meta.url)(known.module) as Record<string, unknown>;
  return `${action.charAt(0).toUpperCase()}${action.slice(1)}Command` in commands;
}

async function load(service: Service, config: ServiceClientConfig): Promise<Loaded> {
  const [commands, { NodeHttpHandler }] = await Promise.all([
    import(service.module) as Promise<Record<string, unknown>>,
    import('@smithy/node-http-handler'),
  ]);
  const Client = commands[service.client] as new (config: object) => Client;
  // What serves instead of AWS speaks HTTP/1.1.
  const client = new Client({ ...config, requestHandler: new NodeHttpHandler() });
  return { client, commands: commands as Loaded['commands'] };
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
