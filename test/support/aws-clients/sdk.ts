/** AWS SDK for JavaScript. */

import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  LambdaServiceException,
  paginateListFunctions,
} from '@aws-sdk/client-lambda';
import {
  ClientFailure,
  clientContextHeader,
  decodeTail,
  type AwsLambdaClient,
  type ClientKind,
  type Endpoint,
  type FunctionFacts,
  type InvokeAnswer,
  type InvokeInput,
} from './client.js';

export const SDK: ClientKind = {
  name: 'AWS SDK for JavaScript',
  open: (endpoint) => new SdkClient(endpoint),
};

class SdkClient implements AwsLambdaClient {
  readonly #client: LambdaClient;

  constructor({ url, region }: Endpoint) {
    this.#client = new LambdaClient({
      endpoint: url,
      region,
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
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

  close(): void {
    this.#client.destroy();
  }
}

async function translated<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof LambdaServiceException)) throw error;
    throw new ClientFailure(error.name, error.message);
  }
}
