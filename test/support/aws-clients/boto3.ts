/** boto3, in one Python process for each client. */

import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../src/package-root.js';
import {
  ClientFailure,
  clientContextHeader,
  decodeTail,
  environmentOf,
  type AwsLambdaClient,
  type ClientKind,
  type Endpoint,
  type FunctionFacts,
  type InvokeAnswer,
  type InvokeInput,
} from './client.js';

const DRIVER = join(packageRoot(import.meta.url), 'test/support/aws-clients/boto3_driver.py');

interface Line {
  readonly answer?: unknown;
  readonly failure?: { readonly Code: string; readonly Message: string };
}

export function installedBoto3s(): readonly ClientKind[] {
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      const program = 'import boto3; print(boto3.__version__)';
      const options = { encoding: 'utf8', stdio: 'pipe' } as const;
      const version = execFileSync(python, ['-W', 'ignore', '-c', program], options).trim();
      return [{ name: `boto3 ${version}`, open: (endpoint) => new Boto3Client(python, endpoint) }];
    } catch {
      // Not in this one.
    }
  }
  return [];
}

class Boto3Client implements AwsLambdaClient {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (line: Line) => void; reject: (error: Error) => void }[] = [];
  #stderr = '';

  constructor(python: string, endpoint: Endpoint) {
    const env = environmentOf(endpoint);
    this.#process = spawn(python, [DRIVER, endpoint.url], { env });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line) as Line);
    });
    this.#process.stderr.on('data', (piece: Buffer) => (this.#stderr += piece.toString()));
    this.#process.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(this.#stderr));
    });
  }

  async invoke(input: InvokeInput): Promise<InvokeAnswer> {
    const { clientContext } = input;
    const told = (await this.#call('invoke', {
      FunctionName: input.name,
      Payload: input.payload?.toString('base64'),
      InvocationType: input.type,
      LogType: input.tail === true ? 'Tail' : undefined,
      ClientContext: clientContext === undefined ? undefined : clientContextHeader(clientContext),
      Qualifier: input.qualifier,
    })) as {
      StatusCode: number;
      Payload: string;
      FunctionError?: string;
      ExecutedVersion?: string;
      LogResult?: string;
    };
    return {
      status: told.StatusCode,
      payload: Buffer.from(told.Payload, 'base64'),
      functionError: told.FunctionError,
      executedVersion: told.ExecutedVersion,
      logTail: decodeTail(told.LogResult),
    };
  }

  async listFunctions(): Promise<readonly FunctionFacts[]> {
    return (await this.#call('list_functions', {})) as FunctionFacts[];
  }

  async getFunction(name: string): Promise<FunctionFacts> {
    return (await this.#call('get_function', { FunctionName: name })) as FunctionFacts;
  }

  async getFunctionConfiguration(name: string): Promise<FunctionFacts> {
    const parameters = { FunctionName: name };
    return (await this.#call('get_function_configuration', parameters)) as FunctionFacts;
  }

  close(): void {
    this.#process.stdin.end();
  }

  async #call(operation: string, parameters: object): Promise<unknown> {
    const { answer, failure } = await new Promise<Line>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ operation, parameters })}\n`);
    });
    if (failure !== undefined) throw new ClientFailure(failure.Code, failure.Message);
    return answer;
  }
}
