/** The AWS CLI; one process for each call. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianSuite } from '../../../src/function/runtimes.js';
import { ClientContainer } from './client-container.js';
import {
  ClientFailure,
  clientContextHeader,
  decodeTail,
  environmentOf,
  type AwsLambdaClient,
  type Bytes,
  type ClientKind,
  type Endpoint,
  type FunctionFacts,
  type InvokeAnswer,
  type InvokeInput,
  type Members,
} from './client.js';

/** Version 2 adds the other members of the error behind an empty line. */
const FAILURE =
  /An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: ([^]*?)\s*(?:$|\n\nAdditional error details:)/;

/** The client itself checks nothing: what is wrong with a call is ours to say. */
const CONFIG = '[default]\nparameter_validation = false\n';
const OPERATIONS = `
import botocore.session, json
model = botocore.session.get_session().get_service_model('lambda')
print(json.dumps(model.operation_names))
`;

export function cliOf(suite: DebianSuite): ClientKind {
  return {
    name: `AWS CLI of Debian ${suite}`,
    processPerCall: true,
    open: async (endpoint) => {
      const container = await ClientContainer.start(suite);
      const config = join(container.folder, 'config');
      await writeFile(config, CONFIG);
      const variables = { ...environmentOf(endpoint), AWS_CONFIG_FILE: config };
      const { stdout } = await container.run(['aws', '--version'], variables);
      const version = `AWS CLI ${/^aws-cli\/(\S+)/.exec(stdout)?.[1]}`;
      // Debian's CLI runs on Debian's botocore.
      const told = await container.run(['python3', '-c', OPERATIONS], variables);
      const operations = new Set(JSON.parse(told.stdout) as string[]);
      return new CliClient({ container, endpoint, variables, version, operations });
    },
  };
}

interface OpenCli {
  readonly container: ClientContainer;
  readonly endpoint: Endpoint;
  readonly variables: Readonly<Record<string, string>>;
  readonly version: string;
  readonly operations: ReadonlySet<string>;
}

class CliClient implements AwsLambdaClient {
  readonly #cli: OpenCli;
  #calls = 0;

  constructor(cli: OpenCli) {
    this.#cli = cli;
  }

  get version(): string {
    return this.#cli.version;
  }

  knows(operation: string): boolean {
    return this.#cli.operations.has(operation);
  }

  async call(operation: string, input: Members): Promise<Members> {
    const file = this.#path('input');
    await writeFile(file, JSON.stringify(plain(input)));
    const command = operation
      .replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`)
      .toLowerCase();
    const told = await this.#run(command, '--cli-input-json', `file://${file}`);
    return (told ?? {}) as Members;
  }

  async invoke(input: InvokeInput): Promise<InvokeAnswer> {
    const answer = this.#path('answer');
    const flags: string[] = [];
    if (input.payload !== undefined) {
      const payload = this.#path('payload');
      await writeFile(payload, input.payload);
      flags.push('--payload', `fileb://${payload}`);
    }
    if (input.type !== undefined) flags.push('--invocation-type', input.type);
    if (input.tail === true) flags.push('--log-type', 'Tail');
    if (input.qualifier !== undefined) flags.push('--qualifier', input.qualifier);
    if (input.clientContext !== undefined) {
      flags.push('--client-context', clientContextHeader(input.clientContext));
    }
    const told = (await this.#run('invoke', '--function-name', input.name, ...flags, answer)) as {
      StatusCode: number;
      FunctionError?: string;
      ExecutedVersion?: string;
      LogResult?: string;
    };
    return {
      status: told.StatusCode,
      payload: await readFile(answer),
      functionError: told.FunctionError,
      executedVersion: told.ExecutedVersion,
      logTail: decodeTail(told.LogResult),
    };
  }

  async listFunctions(): Promise<readonly FunctionFacts[]> {
    const told = (await this.#run('list-functions', '--page-size', '1')) as {
      Functions: FunctionFacts[];
    };
    return told.Functions;
  }

  async getFunction(name: string): Promise<FunctionFacts> {
    const told = (await this.#run('get-function', '--function-name', name)) as {
      Configuration: FunctionFacts;
    };
    return told.Configuration;
  }

  async getFunctionConfiguration(name: string): Promise<FunctionFacts> {
    const told = await this.#run('get-function-configuration', '--function-name', name);
    return told as FunctionFacts;
  }

  async close(): Promise<void> {
    await this.#cli.container.remove();
  }

  #path(name: string): string {
    this.#calls += 1;
    return join(this.#cli.container.folder, `${name}-${this.#calls}`);
  }

  async #run(...words: string[]): Promise<unknown> {
    const { container, endpoint, variables } = this.#cli;
    const command = ['aws', '--endpoint-url', endpoint.url, '--output', 'json', 'lambda', ...words];
    const end = await container.run(command, variables);
    if (end.code === 0) return end.stdout === '' ? undefined : JSON.parse(end.stdout);
    const [, code, message] = FAILURE.exec(end.stderr) ?? [];
    if (code === undefined) throw new Error(`aws exited with ${end.code}: ${end.stderr}`);
    throw new ClientFailure(code, message ?? '');
  }
}

/** The CLI takes blobs in JSON as base64 text. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('$bytes' in value) return (value as Bytes).$bytes;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
