/** Step Functions behind a port, as the orchestrator serves it, with functions of the test. */

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  type DescribeExecutionOutput,
  type StateMachineType,
} from '@aws-sdk/client-sfn';
import { VirtualClock } from '../../src/async/virtual-clock.js';
import { systemClock } from '../../src/async/clock.js';
import { AwsEndpoint } from '../../src/aws-endpoint/aws-endpoint.js';
import { openStepFunctions } from '../../src/composition/step-functions.js';
import type { Settings } from '../../src/config/config.js';
import type { Logger } from '../../src/log/logger.js';
import type { Outcome } from '../../src/invocation/outcome.js';
import type { Invoker } from '../../src/router/invoker.js';
import type { Source, SourceParts } from '../../src/sources/source.js';
import type { StateMachineDefinition } from '../../src/stack/state-machines.js';
import { emptyStack } from '../../src/stack/stack.js';
import { Targets } from '../../src/targets/targets.js';

export const ROLE = 'arn:aws:iam::123456789012:role/any';

export type Work = (name: string, event: unknown) => unknown;

export class StepFunctionsServer {
  readonly directory: string;
  readonly awsEndpoint = new AwsEndpoint();
  readonly targets = new Targets();
  readonly messages: string[] = [];
  clock = new VirtualClock(systemClock);
  work: Work = (_, event) => event;
  #source: Source | undefined;
  #server: Server | undefined;
  #client: SFNClient | undefined;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'step-functions-'));
  }

  get source(): Source {
    return this.#source!;
  }

  get client(): SFNClient {
    return this.#client!;
  }

  async start(machines: readonly StateMachineDefinition[] = []): Promise<this> {
    const { awsEndpoint } = this;
    const told = (message: string): void => void this.messages.push(message);
    const log = { info: told, warn: told, error: told } as unknown as Logger;
    this.#source = openStepFunctions({
      settings: {
        region: 'us-east-1',
        accountId: '123456789012',
        stateDirectory: this.directory,
      } as Settings,
      clock: systemClock,
      queueClock: this.clock,
      onTimeMoved: (moved: () => void) => void this.clock.onMoved.add(moved),
      invoker: this.#invoker(),
      services: { clients: {} },
      targets: this.targets,
      awsEndpoint,
      log,
    } as unknown as SourceParts);
    await this.#source.apply({ ...emptyStack(), stateMachines: [...machines] });
    this.#server = createServer((request, response) => {
      const handler = awsEndpoint.handlerOf(request);
      if (handler === undefined) response.writeHead(404).end();
      else handler(request, response);
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    this.#client = new SFNClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      disableHostPrefix: true,
      maxAttempts: 1,
    });
    return this;
  }

  async create(
    name: string,
    definition: object,
    type: StateMachineType = 'STANDARD',
  ): Promise<string> {
    const made = { name, definition: JSON.stringify(definition), roleArn: ROLE, type };
    const { stateMachineArn } = await this.client.send(new CreateStateMachineCommand(made));
    return String(stateMachineArn);
  }

  async execute(stateMachineArn: string, input: unknown = {}, name?: string): Promise<string> {
    const asked = { stateMachineArn, input: JSON.stringify(input), name };
    const { executionArn } = await this.client.send(new StartExecutionCommand(asked));
    return String(executionArn);
  }

  describe(executionArn: string): Promise<DescribeExecutionOutput> {
    return this.client.send(new DescribeExecutionCommand({ executionArn }));
  }

  /** Asks until it is over. */
  async ended(executionArn: string): Promise<DescribeExecutionOutput> {
    for (;;) {
      const found = await this.describe(executionArn);
      if (found.status !== 'RUNNING') return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Ends, in order or at once, and leaves the state folder. */
  async stop(how: 'drain' | 'now' = 'now'): Promise<void> {
    this.#client?.destroy();
    if (how === 'drain') await this.#source?.drain();
    await this.#source?.close();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #invoker(): Invoker {
    const invoke: Invoker['invoke'] = async ({ functionName }, payload) => {
      const answer = { contentType: 'application/json', executedVersion: '$LATEST' };
      try {
        const result = await this.work(functionName, JSON.parse(payload.toString('utf8')));
        const bytes = Buffer.from(JSON.stringify(result ?? null));
        return { kind: 'succeeded', payload: bytes, ...answer } satisfies Outcome;
      } catch (error) {
        const { name: errorType, message: errorMessage } = error as Error;
        const bytes = Buffer.from(JSON.stringify({ errorType, errorMessage, trace: [] }));
        return { kind: 'function-failed', payload: bytes, errorType, ...answer } satisfies Outcome;
      }
    };
    return { invoke } as unknown as Invoker;
  }
}

/** Name and message of the error that a client sees. */
export async function refusal(asked: Promise<unknown>): Promise<readonly [string, string]> {
  const error = await asked.then(
    () => new Error('it was not refused'),
    (raised: unknown) => raised as Error,
  );
  return [error.name, error.message];
}
