/** AWS SDK for JavaScript. */

import * as lambda from '@aws-sdk/client-lambda';
import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type LambdaClient,
  LambdaServiceException,
  paginateListFunctions,
} from '@aws-sdk/client-lambda';
import {
  bytes,
  ClientFailure,
  clientContextHeader,
  decodeTail,
  type AwsLambdaClient,
  type Bytes,
  type ClientKind,
  type Endpoint,
  type FunctionFacts,
  type InvokeAnswer,
  type InvokeInput,
  type Members,
} from './client.js';
import { lambdaClient } from './lambda-client.js';

export const SDK: ClientKind = {
  name: 'AWS SDK for JavaScript',
  processPerCall: false,
  open: (endpoint) => Promise.resolve(new SdkClient(endpoint)),
};

type AnyCommand = new (input: unknown) => InvokeCommand;

class SdkClient implements AwsLambdaClient {
  readonly version = 'AWS SDK for JavaScript';
  readonly #client: LambdaClient;

  constructor({ url, region }: Endpoint) {
    this.#client = lambdaClient(url, region);
  }

  knows(operation: string): boolean {
    return commandOf(operation) !== undefined;
  }

  async call(operation: string, input: Members): Promise<Members> {
    const Command = commandOf(operation);
    if (Command === undefined) throw new Error(`the SDK knows no ${operation}`);
    const { $metadata: _metadata, ...members } = await translated(
      this.#client.send(new Command(decoded(input))),
    );
    for (const [name, value] of Object.entries(members)) {
      if (isEventStream(value)) return { ...encodedMembers(members), [name]: await listOf(value) };
    }
    return encodedMembers(members);
  }

  async invoke(input: InvokeInput): Promise<InvokeAnswer> {
    const { payload, type, tail, clientContext, qualifier } = input;
    const command = new InvokeCommand({
      FunctionName: input.name,
      ...(payload === undefined ? {} : { Payload: payload }),
      ...(type === undefined ? {} : { InvocationType: type }),
      ...(tail === true ? { LogType: 'Tail' } : {}),
      ...(clientContext === undefined ? {} : { ClientContext: clientContextHeader(clientContext) }),
      ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
    });
    const answer = await translated(this.#client.send(command));
    return {
      status: answer.StatusCode ?? 0,
      payload: Buffer.from(answer.Payload ?? []),
      functionError: answer.FunctionError,
      executedVersion: answer.ExecutedVersion,
      logTail: decodeTail(answer.LogResult),
    };
  }

  async listFunctions(): Promise<readonly FunctionFacts[]> {
    const functions: FunctionFacts[] = [];
    for await (const page of paginateListFunctions({ client: this.#client, pageSize: 1 }, {})) {
      functions.push(...((page.Functions ?? []) as FunctionFacts[]));
    }
    return functions;
  }

  async getFunction(name: string): Promise<FunctionFacts> {
    const answer = await translated(
      this.#client.send(new GetFunctionCommand({ FunctionName: name })),
    );
    return answer.Configuration as FunctionFacts;
  }

  async getFunctionConfiguration(name: string): Promise<FunctionFacts> {
    const command = new GetFunctionConfigurationCommand({ FunctionName: name });
    return (await translated(this.#client.send(command))) as FunctionFacts;
  }

  close(): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }
}

function commandOf(operation: string): AnyCommand | undefined {
  return (lambda as unknown as Record<string, AnyCommand>)[`${operation}Command`];
}

/** Blobs as the SDK takes them. */
function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== 'object' || value === null) return value;
  if ('$bytes' in value) return Buffer.from((value as Bytes).$bytes, 'base64');
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decoded(one)]));
}

function encodedMembers(members: object): Members {
  return encoded(members) as Members;
}

function isEventStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

async function listOf(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const list = [];
  for await (const event of events) list.push(encoded(event));
  return list;
}

function encoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encoded);
  if (value instanceof Uint8Array) return bytes(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, encoded(one)]));
}

async function translated<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof LambdaServiceException)) throw error;
    throw new ClientFailure(error.name, error.message);
  }
}
