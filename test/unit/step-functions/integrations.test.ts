import { describe, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import type { Outcome } from '../../../src/invocation/outcome.js';
import type { InvokeOptions, Invoker } from '../../../src/router/invoker.js';
import type { ServiceClients } from '../../../src/services/clients.js';
import type { FunctionTarget } from '../../../src/stack/function-target.js';
import { perform, type PerformParts } from '../../../src/step-functions/integrations/perform.js';
import { SdkClients } from '../../../src/step-functions/integrations/sdk.js';
import type { TaskCall } from '../../../src/step-functions/interpreter/effects.js';
import { StateFailed, type Failure } from '../../../src/step-functions/interpreter/failure.js';
import type { Json, JsonMap } from '../../../src/step-functions/interpreter/json.js';
import { parseResource } from '../../../src/step-functions/interpreter/resource.js';
import { TargetError, Targets, type TargetMessage } from '../../../src/targets/targets.js';
import { EXECUTION, FUNCTION, MACHINE } from '../../support/state-machine-run.js';

const PLACE = { region: 'us-east-1', accountId: '123456789012' };

interface Asked {
  readonly target: FunctionTarget;
  readonly payload: string;
  readonly options: InvokeOptions | undefined;
}

class Bench {
  readonly asked: Asked[] = [];
  readonly sent: { arn: string; message: TargetMessage }[] = [];
  readonly commands: { name: string; input: unknown }[] = [];
  outcome: Outcome = succeeded('{"ok":true}');
  accepts: () => void = () => undefined;
  sends: () => void = () => undefined;
  answers: () => object = () => ({});
  readonly #parts: PerformParts;

  constructor() {
    const client = {
      send: async (command: { constructor: { name: string }; input: unknown }) => {
        this.commands.push({ name: command.constructor.name, input: command.input });
        return this.answers();
      },
    };
    const get = () => Promise.resolve(client);
    const clients = { sqs: get, sns: get, dynamodb: get, s3: get, logs: get, kinesis: get };
    const invoker: Pick<Invoker, 'invoke' | 'accept'> = {
      invoke: (target, payload, options) => {
        this.asked.push({ target, payload: payload.toString(), options });
        return Promise.resolve(this.outcome);
      },
      accept: async (target, payload, options) => {
        this.accepts();
        this.asked.push({ target, payload: payload.toString(), options });
        return 'id';
      },
    };
    const targets = new Targets();
    targets.serve('events', async (arn, message) => {
      this.sends();
      this.sent.push({ arn, message });
    });
    this.#parts = {
      invoker: invoker as Invoker,
      targets,
      sdk: new SdkClients(clients as unknown as ServiceClients),
      place: PLACE,
      startMachine: () => Promise.reject(new Error('no machines here')),
    };
  }

  run(resource: string, input: Json): Promise<Json> {
    const call: TaskCall = {
      resource: parseResource(resource)!,
      input,
      key: 'one',
      submitted: () => undefined,
      signal: new AbortController().signal,
      isSuspended: () => false,
      execution: { arn: EXECUTION, machineArn: MACHINE },
    };
    return perform(this.#parts, call);
  }

  async failure(resource: string, input: Json): Promise<Failure> {
    try {
      return { error: 'none', cause: JSON.stringify(await this.run(resource, input)) };
    } catch (error) {
      if (error instanceof StateFailed) return error.failure;
      throw error;
    }
  }
}

function succeeded(payload: string): Outcome {
  const bytes = Buffer.from(payload);
  const contentType = 'application/json';
  return { kind: 'succeeded', payload: bytes, contentType, executedVersion: '7' };
}

function failed(payload: string, errorType: string): Outcome {
  return { ...(succeeded(payload) as object), kind: 'function-failed', errorType } as Outcome;
}

const INVOKE = 'arn:aws:states:::lambda:invoke';
const RAW = 'arn:aws:states:::aws-sdk:lambda:invoke';

describe('functions as tasks', () => {
  it('by their ARN get the input and give their answer', async () => {
    const bench = new Bench();
    expect(await bench.run(`${FUNCTION}:live`, { a: 1 })).toEqual({ ok: true });
    expect(bench.asked).toMatchObject([
      { target: { functionName: 'work', qualifier: 'live' }, payload: '{"a":1}' },
    ]);
  });

  it('by lambda:invoke give it in the answer of the API', async () => {
    const bench = new Bench();
    const ClientContext = Buffer.from('{"custom":{"k":1}}').toString('base64');
    const input = { FunctionName: FUNCTION, Qualifier: 'live', Payload: { a: 1 }, ClientContext };
    const answer = (await bench.run(INVOKE, input)) as JsonMap;
    expect(answer).toEqual({
      ExecutedVersion: '7',
      Payload: { ok: true },
      SdkHttpMetadata: {
        AllHttpHeaders: { 'x-amzn-RequestId': [expect.any(String)] },
        HttpHeaders: { 'x-amzn-RequestId': expect.any(String) },
        HttpStatusCode: 200,
      },
      SdkResponseMetadata: { RequestId: bench.asked[0]?.options?.requestId },
      StatusCode: 200,
    });
    expect(bench.asked[0]).toMatchObject({
      target: { functionName: 'work', qualifier: 'live' },
      options: { clientContext: '{"custom":{"k":1}}' },
    });
    await bench.run(INVOKE, { FunctionName: 'work' });
    expect(bench.asked[1]?.payload).toBe('{}');
  });

  it('by lambda:invoke as an event are told only that it was taken', async () => {
    const bench = new Bench();
    const input = { FunctionName: 'work', InvocationType: 'Event', Payload: { a: 1 } };
    expect(await bench.run(INVOKE, input)).toMatchObject({ StatusCode: 202, Payload: '' });
  });

  it('by aws-sdk keep the payload a text, and an error in it', async () => {
    const bench = new Bench();
    const input = { FunctionName: 'work', Payload: '{"a":1}' };
    expect(await bench.run(RAW, input)).toEqual({
      ExecutedVersion: '7',
      Payload: '{"ok":true}',
      StatusCode: 200,
    });
    expect(bench.asked[0]?.payload).toBe('{"a":1}');
    bench.outcome = failed('{"errorType":"E"}', 'E');
    expect(await bench.run(RAW, input)).toMatchObject({
      FunctionError: 'Unhandled',
      Payload: '{"errorType":"E"}',
    });
  });

  it.each<readonly [string, Outcome, string]>([
    ['its own error', failed('{"errorType":"Sold","errorMessage":"x"}', 'Sold'), 'Sold'],
    [
      'a timeout',
      failed('{"errorType":"Sandbox.Timedout","errorMessage":"x"}', 'Sandbox.Timedout'),
      'Sandbox.Timedout',
    ],
    ['an error without a type', failed('{"errorMessage":"x"}', 'Error'), 'Lambda.Unknown'],
    [
      'a throttle',
      { kind: 'refused', error: new OrchestratorError('throttled', 'x') },
      'Lambda.TooManyRequestsException',
    ],
    [
      'a missing function',
      { kind: 'refused', error: new OrchestratorError('function-not-found', 'x') },
      'Lambda.ResourceNotFoundException',
    ],
    [
      'whatever else the platform refuses',
      { kind: 'refused', error: new OrchestratorError('environment-failed', 'x') },
      'Lambda.ServiceException',
    ],
  ])('fail by %s', async (_, outcome, error) => {
    const bench = new Bench();
    bench.outcome = outcome;
    const found = await bench.failure(FUNCTION, {});
    expect(found.error).toBe(error);
    if (outcome.kind !== 'refused') expect(found.cause).toBe(outcome.payload.toString());
    else expect(found.cause).toMatch(/\(Service: Lambda, Status Code: \d+, Request ID: .+\)$/);
  });
});

describe('services as tasks', () => {
  it('send messages as the text of their JSON', async () => {
    const bench = new Bench();
    bench.answers = () => ({ MessageId: 'm', $metadata: { requestId: 'r' } });
    const answer = await bench.run('arn:aws:states:::sqs:sendMessage', {
      QueueUrl: 'q',
      MessageBody: { a: 1 },
    });
    expect(bench.commands).toEqual([
      { name: 'SendMessageCommand', input: { QueueUrl: 'q', MessageBody: '{"a":1}' } },
    ]);
    expect(answer).toMatchObject({ MessageId: 'm', SdkResponseMetadata: { RequestId: 'r' } });
    await bench.run('arn:aws:states:::sns:publish', { TopicArn: 't', Message: 'text' });
    expect(bench.commands[1]).toEqual({
      name: 'PublishCommand',
      input: { TopicArn: 't', Message: 'text' },
    });
  });

  it('through aws-sdk give what the API gives, as JSON', async () => {
    const bench = new Bench();
    bench.answers = () => ({
      Body: { transformToString: () => Promise.resolve('content') },
      LastModified: new Date(0),
      ETag: undefined,
      Checksum: new Uint8Array([1, 2]),
      $metadata: {},
    });
    const input = { Bucket: 'b', Key: 'k' };
    expect(await bench.run('arn:aws:states:::aws-sdk:s3:getObject', input)).toEqual({
      Body: 'content',
      LastModified: '1970-01-01T00:00:00.000Z',
      Checksum: 'AQI=',
    });
    bench.answers = () => ({ logGroups: [{ logGroupName: 'g' }] });
    const groups = 'arn:aws:states:::aws-sdk:cloudwatchlogs:describeLogGroups';
    expect(await bench.run(groups, { Limit: 1 })).toEqual({ LogGroups: [{ LogGroupName: 'g' }] });
    expect(bench.commands[1]?.input).toEqual({ limit: 1 });
  });

  it.each([
    ['arn:aws:states:::dynamodb:putItem', 'DynamoDB.ConditionalCheckFailedException'],
    ['arn:aws:states:::aws-sdk:dynamodb:putItem', 'DynamoDb.ConditionalCheckFailedException'],
  ])('%s fails in its service’s name', async (resource, error) => {
    const bench = new Bench();
    bench.answers = () => {
      throw Object.assign(new Error('The conditional request failed'), {
        name: 'ConditionalCheckFailedException',
        $metadata: { httpStatusCode: 400, requestId: 'r' },
      });
    };
    expect(await bench.failure(resource, { TableName: 't', Item: {} })).toEqual({
      error,
      cause: expect.stringMatching(
        /^The conditional request failed \(Service: DynamoD[Bb], Status Code: 400, Request ID: r\)$/,
      ),
    });
    bench.answers = () => {
      throw new Error('connect ECONNREFUSED');
    };
    const refused = await bench.failure(resource, { TableName: 't', Item: {} });
    expect(refused.error).toMatch(/\.SdkClientException$/);
  });

  it('put events onto buses, with the execution among their resources', async () => {
    const bench = new Bench();
    const Entries = [
      { Source: 's', DetailType: 'd', Detail: { a: 1 }, EventBusName: 'orders', Resources: ['r'] },
    ];
    expect(await bench.run('arn:aws:states:::events:putEvents', { Entries })).toMatchObject({
      Entries: [{ EventId: expect.any(String) }],
      FailedEntryCount: 0,
    });
    expect(bench.sent).toEqual([
      {
        arn: 'arn:aws:events:us-east-1:123456789012:event-bus/orders',
        message: {
          body: Buffer.from('{"a":1}'),
          event: { source: 's', detailType: 'd', resources: ['r', EXECUTION, MACHINE] },
        },
      },
    ]);
    bench.sends = () => {
      throw new TargetError('ResourceNotFoundException', 'no such bus', false);
    };
    expect((await bench.failure('arn:aws:states:::events:putEvents', { Entries })).error).toBe(
      'EventBridge.FailedEntry',
    );
    expect(await bench.run('arn:aws:states:::aws-sdk:eventbridge:putEvents', { Entries })).toEqual({
      Entries: [{ ErrorCode: 'ResourceNotFoundException', ErrorMessage: 'no such bus' }],
      FailedEntryCount: 1,
    });
  });
});
