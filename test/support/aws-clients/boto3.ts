/** boto3, in one Python process for each client. */

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DebianSuite } from '../../../src/function/runtimes.js';
import { packageRoot } from '../../../src/package-root.js';
import { ClientContainer, type ContainerProcess } from './client-container.js';
import {
  bytes,
  ClientFailure,
  clientContextHeader,
  decodeTail,
  environmentOf,
  type AwsLambdaClient,
  type Bytes,
  type ClientKind,
  type FunctionFacts,
  type InvokeAnswer,
  type InvokeInput,
  type Members,
} from './client.js';

const DRIVER = join(packageRoot(), 'test/support/aws-clients/boto3_driver.py');

interface Line {
  readonly answer?: unknown;
  readonly failure?: { readonly Code: string; readonly Message: string };
  readonly problem?: string;
}

interface Greeting {
  readonly version: string;
  readonly operations: readonly string[];
}

export function boto3Of(suite: DebianSuite): ClientKind {
  return {
    name: `boto3 of Debian ${suite}`,
    processPerCall: false,
    open: async (endpoint) => {
      const container = await ClientContainer.start(suite);
      const driver = join(container.folder, 'driver.py');
      await copyFile(DRIVER, driver);
      const command = ['python3', '-W', 'ignore', driver, endpoint.url];
      const process = await container.spawn(command, environmentOf(endpoint));
      const client = new Boto3Client(container, process);
      await client.greeted;
      return client;
    },
  };
}

class Boto3Client implements AwsLambdaClient {
  readonly greeted: Promise<void>;
  readonly #container: ClientContainer;
  readonly #process: ContainerProcess;
  readonly #waiting: { resolve: (line: Line) => void; reject: (error: Error) => void }[] = [];
  #greeting: Greeting | undefined;
  #stderr = '';

  constructor(container: ClientContainer, process: ContainerProcess) {
    this.#container = container;
    this.#process = process;
    process.stderr.on('data', (piece: Buffer) => (this.#stderr += piece.toString()));
    this.greeted = new Promise((resolve, reject) => {
      createInterface({ input: process.stdout })
        .on('line', (line) => {
          if (this.#greeting === undefined) {
            this.#greeting = JSON.parse(line) as Greeting;
            resolve();
          } else {
            this.#waiting.shift()?.resolve(JSON.parse(line) as Line);
          }
        })
        .on('close', () => {
          const error = new Error(`boto3 ended: ${this.#stderr}`);
          reject(error);
          for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
        });
    });
  }

  get version(): string {
    return `boto3 ${this.#greeting?.version}`;
  }

  knows(operation: string): boolean {
    return this.#greeting?.operations.includes(operation) === true;
  }

  async call(operation: string, input: Members): Promise<Members> {
    return (await this.#ask(operation, input)) as Members;
  }

  async invoke(input: InvokeInput): Promise<InvokeAnswer> {
    const { clientContext, payload } = input;
    const told = (await this.#ask('Invoke', {
      FunctionName: input.name,
      Payload: payload === undefined ? undefined : bytes(payload),
      InvocationType: input.type,
      LogType: input.tail === true ? 'Tail' : undefined,
      ClientContext: clientContext === undefined ? undefined : clientContextHeader(clientContext),
      Qualifier: input.qualifier,
    })) as {
      StatusCode: number;
      Payload: Bytes;
      FunctionError?: string;
      ExecutedVersion?: string;
      LogResult?: string;
    };
    return {
      status: told.StatusCode,
      payload: Buffer.from(told.Payload.$bytes, 'base64'),
      functionError: told.FunctionError,
      executedVersion: told.ExecutedVersion,
      logTail: decodeTail(told.LogResult),
    };
  }

  async listFunctions(): Promise<readonly FunctionFacts[]> {
    return (await this.#ask('every function', {})) as FunctionFacts[];
  }

  async getFunction(name: string): Promise<FunctionFacts> {
    const told = await this.call('GetFunction', { FunctionName: name });
    return told['Configuration'] as FunctionFacts;
  }

  async getFunctionConfiguration(name: string): Promise<FunctionFacts> {
    const told: unknown = await this.call('GetFunctionConfiguration', { FunctionName: name });
    return told as FunctionFacts;
  }

  async close(): Promise<void> {
    await this.#container.remove();
  }

  async #ask(operation: string, parameters: object): Promise<unknown> {
    const { answer, failure, problem } = await new Promise<Line>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ operation, parameters })}\n`);
    });
    if (problem !== undefined) throw new Error(problem);
    if (failure !== undefined) throw new ClientFailure(failure.Code, failure.Message);
    return answer;
  }
}
