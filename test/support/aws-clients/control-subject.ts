/** One client with a function of its own at the control API, and the ways tests ask of it. */

import { randomBytes } from 'node:crypto';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AwsLambdaClient, ClientKind, Endpoint, Members } from './client.js';
import { until } from '../project.js';

const TIMEOUT_MS = 300_000;
/** The image of a client is made when it is first used. */
const OPEN_MS = 600_000;

export class ControlSubject {
  /** Operations any of the clients has called, whatever the answer was. */
  static readonly called = new Set<string>();
  readonly name = `control-${randomBytes(4).toString('hex')}`;
  readonly #getEndpoint: () => Endpoint;
  #client: AwsLambdaClient | undefined;

  /** To be made while tests are described: opens the client before them, closes it after. */
  constructor(kind: ClientKind, getEndpoint: () => Endpoint) {
    this.#getEndpoint = getEndpoint;
    beforeAll(async () => {
      this.#client = await kind.open(getEndpoint());
    }, OPEN_MS);
    afterAll(() => this.client.close());
  }

  get client(): AwsLambdaClient {
    if (this.#client === undefined) throw new Error('the client is not open');
    return this.#client;
  }

  readonly test = (title: string, run: () => Promise<void>): void => it(title, run, TIMEOUT_MS);

  readonly call = (operation: string, input: Members = {}): Promise<Members> => {
    ControlSubject.called.add(operation);
    return this.client.call(operation, input);
  };

  /** The call is refused with the exception, its message holding the text. */
  readonly refused = (
    operation: string,
    input: Members,
    code: string,
    text?: string,
  ): Promise<void> =>
    expect(this.call(operation, input)).rejects.toMatchObject({
      code,
      ...(text === undefined ? {} : { message: expect.stringContaining(text) }),
    });

  /** The ARN of a new queue, made at the same endpoint. */
  readonly queue = async (): Promise<string> => {
    const { url, region, accountId } = this.#getEndpoint();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new SQSClient({ endpoint: url, region, credentials });
    await client.send(new CreateQueueCommand({ QueueName: this.name }));
    client.destroy();
    return `arn:aws:sqs:${region}:${accountId}:${this.name}`;
  };

  /** Of the function, or of something else in the account. */
  readonly arnOf = (what = `function:${this.name}`): string => {
    const { region, accountId } = this.#getEndpoint();
    return `arn:aws:lambda:${region}:${accountId}:${what}`;
  };

  /** The configuration once nothing is under way any more. */
  readonly settled = async (qualifier?: string): Promise<Members> => {
    let configuration: Members = {};
    await until(async () => {
      configuration = await this.call('GetFunctionConfiguration', {
        FunctionName: this.name,
        ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
      });
      const { State, LastUpdateStatus } = configuration;
      return State !== 'Pending' && LastUpdateStatus !== 'InProgress';
    });
    return configuration;
  };

  /** The result of the function, which must not fail. */
  readonly invoked = async (qualifier?: string): Promise<Members> => {
    const answer = await this.client.invoke({
      name: this.name,
      ...(qualifier === undefined ? {} : { qualifier }),
    });
    expect(answer.functionError).toBeUndefined();
    return JSON.parse(answer.payload.toString()) as Members;
  };

  /** Older clients know fewer operations. */
  readonly ifKnown = async (operation: string, run: () => Promise<unknown>): Promise<void> => {
    if (this.client.knows(operation)) await run();
  };
}
