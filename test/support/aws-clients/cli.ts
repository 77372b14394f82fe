/** The AWS CLI, every major version that is installed; one process for each call. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
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

/** Version 2 adds the other members of the error behind an empty line. */
const FAILURE =
  /An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: ([^]*?)\s*(?:$|\n\nAdditional error details:)/;

export function installedClis(): readonly ClientKind[] {
  const found = new Map<string, ClientKind>();
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  for (const file of new Set(folders.map((folder) => join(folder, 'aws')))) {
    const version = existsSync(file) ? versionOf(file) : undefined;
    const major = version?.split('.')[0];
    if (version === undefined || major === undefined || found.has(major)) continue;
    found.set(major, {
      name: `AWS CLI ${version}`,
      open: (endpoint) => new CliClient(file, endpoint),
    });
  }
  return [...found.values()];
}

function versionOf(file: string): string | undefined {
  try {
    const text = execFileSync(file, ['--version'], { encoding: 'utf8', stdio: 'pipe' });
    return /^aws-cli\/(\S+)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

class CliClient implements AwsLambdaClient {
  readonly #file: string;
  readonly #endpoint: Endpoint;
  readonly #folder = mkdtempSync(join(tmpdir(), 'aws-cli-'));
  #calls = 0;

  constructor(file: string, endpoint: Endpoint) {
    this.#file = file;
    this.#endpoint = endpoint;
  }

  async invoke(input: InvokeInput): Promise<InvokeAnswer> {
    this.#calls += 1;
    const [payload, answer] = ['payload', 'answer'].map((name) =>
      join(this.#folder, `${name}-${this.#calls}`),
    ) as [string, string];
    const flags: string[] = [];
    if (input.payload !== undefined) {
      writeFileSync(payload, input.payload);
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
      payload: readFileSync(answer),
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

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...words: string[]): Promise<unknown> {
    const all = ['--endpoint-url', this.#endpoint.url, '--output', 'json', 'lambda', ...words];
    return new Promise((resolve, reject) => {
      const env = environmentOf(this.#endpoint);
      execFile(this.#file, all, { env }, (error, stdout, stderr) => {
        const [, code, message] = FAILURE.exec(stderr) ?? [];
        if (error === null) resolve(JSON.parse(stdout));
        else if (code === undefined) reject(new Error(`${error.message}\n${stderr}`));
        else reject(new ClientFailure(code, message ?? ''));
      });
    });
  }
}
