import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  paginateListEventSourceMappings,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventSourceMappingCommand,
  waitUntilFunctionActiveV2,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import { ACCOUNT_ARN, ControlBench, creation } from '../../support/control-bench.js';

const FunctionName = 'orders';
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:jobs';
const STREAM = 'arn:aws:kinesis:us-east-1:123456789012:stream/clicks';
const TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
let bench: ControlBench;

beforeEach(async () => {
  bench = await new ControlBench().start();
  await bench.client.send(new CreateFunctionCommand(creation(FunctionName)));
  await waitUntilFunctionActiveV2(
    { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 },
    { FunctionName },
  );
});
afterEach(() => bench.close());

function create(input: Partial<CreateEventSourceMappingCommandInput>) {
  return bench.client.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: QUEUE, ...input }),
  );
}

describe('event source mappings', () => {
  it('of a queue are made, told and deleted as recorded', async () => {
    const { $metadata, ...made } = await create({});
    expect($metadata.httpStatusCode).toBe(202);
    expect(made).toEqual({
      UUID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      EventSourceArn: QUEUE,
      EventSourceMappingArn: `${ACCOUNT_ARN}:event-source-mapping:${made.UUID}`,
      FunctionArn: `${ACCOUNT_ARN}:function:orders`,
      FunctionResponseTypes: [],
      LastModified: expect.any(Date),
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
    });
    const { UUID } = made;
    const { State, $metadata: read } = await bench.client.send(
      new GetEventSourceMappingCommand({ UUID }),
    );
    expect([read.httpStatusCode, State]).toEqual([200, 'Enabled']);
    const gone = await bench.client.send(new DeleteEventSourceMappingCommand({ UUID }));
    expect([gone.$metadata.httpStatusCode, gone.State]).toEqual([202, 'Deleting']);
    await expect(
      bench.client.send(new GetEventSourceMappingCommand({ UUID })),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
    });
  });

  it('of a stream are made with Lambda’s defaults', async () => {
    const { $metadata: _, ...made } = await create({
      EventSourceArn: STREAM,
      StartingPosition: 'LATEST',
    });
    expect(made).toEqual({
      UUID: made.UUID,
      StartingPosition: 'LATEST',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 1,
      EventSourceArn: STREAM,
      EventSourceMappingArn: `${ACCOUNT_ARN}:event-source-mapping:${made.UUID}`,
      FunctionArn: `${ACCOUNT_ARN}:function:orders`,
      LastModified: expect.any(Date),
      LastProcessingResult: 'No records processed',
      State: 'Creating',
      StateTransitionReason: 'User action',
      DestinationConfig: { OnFailure: {} },
      MaximumRecordAgeInSeconds: -1,
      BisectBatchOnFunctionError: false,
      MaximumRetryAttempts: -1,
      TumblingWindowInSeconds: 0,
      FunctionResponseTypes: [],
    });
  });

  it('keep what they are given, and change only what is named', async () => {
    const { UUID } = await create({
      EventSourceArn: TABLE,
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 7,
      FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: QUEUE } },
      BisectBatchOnFunctionError: true,
      MetricsConfig: { Metrics: ['EventCount'] },
      Enabled: false,
    });
    const updated = await bench.client.send(
      new UpdateEventSourceMappingCommand({
        UUID,
        MaximumRetryAttempts: 2,
        FilterCriteria: {},
        DestinationConfig: { OnFailure: {} },
      }),
    );
    expect(updated).toMatchObject({
      BatchSize: 7,
      MaximumRetryAttempts: 2,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: {} },
      BisectBatchOnFunctionError: true,
      MetricsConfig: { Metrics: ['EventCount'] },
      State: 'Disabled',
    });
    expect(updated.FilterCriteria).toBeUndefined();
  });

  it('outlive a restart', async () => {
    const { UUID } = await create({ BatchSize: 3 });
    bench = await bench.restart();
    const kept = await bench.client.send(new GetEventSourceMappingCommand({ UUID }));
    expect(kept).toMatchObject({ BatchSize: 3, EventSourceArn: QUEUE });
  });

  it('are listed in pages, by source and by function', async () => {
    await create({});
    await create({ EventSourceArn: `${QUEUE}-2` });
    await create({ EventSourceArn: STREAM, StartingPosition: 'LATEST' });
    const uuids: string[] = [];
    const pages = paginateListEventSourceMappings({ client: bench.client, pageSize: 2 }, {});
    for await (const { EventSourceMappings = [] } of pages) {
      expect(EventSourceMappings.length).toBeLessThanOrEqual(2);
      uuids.push(...EventSourceMappings.map(({ UUID = '' }) => UUID));
    }
    expect(new Set(uuids).size).toBe(3);
    const bySource = await bench.client.send(
      new ListEventSourceMappingsCommand({ EventSourceArn: STREAM, FunctionName }),
    );
    expect(bySource.EventSourceMappings).toHaveLength(1);
    const others = await bench.client.send(
      new ListEventSourceMappingsCommand({ FunctionName: 'other' }),
    );
    expect(others.EventSourceMappings).toEqual([]);
  });

  it('have tags', async () => {
    const { EventSourceMappingArn: Resource } = await create({ Tags: { team: 'a' } });
    await bench.client.send(new TagResourceCommand({ Resource, Tags: { stage: 'b' } }));
    await bench.client.send(new UntagResourceCommand({ Resource, TagKeys: ['team'] }));
    const { Tags } = await bench.client.send(new ListTagsCommand({ Resource }));
    expect(Tags).toEqual({ stage: 'b' });
  });

  it.each<[string, Partial<CreateEventSourceMappingCommandInput>, string, string]>([
    [
      'an unknown function',
      { FunctionName: 'nobody' },
      'InvalidParameterValueException',
      'Function does not exist',
    ],
    [
      'an unknown source',
      { EventSourceArn: 'arn:aws:lambda:us-east-1:123456789012:function:x' },
      'InvalidParameterValueException',
      'Unrecognized event source.',
    ],
    [
      'no source',
      { EventSourceArn: undefined },
      'InvalidParameterValueException',
      'Unrecognized event source.',
    ],
    [
      'a stream without a position',
      { EventSourceArn: STREAM },
      'InvalidParameterValueException',
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    ],
    [
      'a pattern that is none',
      { FilterCriteria: { Filters: [{ Pattern: 'single-string' }] } },
      'InvalidParameterValueException',
      'Invalid filter pattern definition.',
    ],
    [
      'a large batch without a window',
      { BatchSize: 100 },
      'InvalidParameterValueException',
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ],
    [
      'too much concurrency',
      { ScalingConfig: { MaximumConcurrency: 1001 } },
      'ValidationException',
      "1 validation error detected: Value '1001' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value less than or equal to 1000",
    ],
  ])('are refused for %s', async (_what, input, name, message) => {
    await expect(create(input)).rejects.toMatchObject({ name, message });
  });

  it('are not made twice', async () => {
    const { UUID } = await create({});
    await expect(create({})).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: `An event source mapping with SQS arn (" ${QUEUE} ") and function (" orders ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    });
    const stream = { EventSourceArn: STREAM, StartingPosition: 'LATEST' } as const;
    const { UUID: other } = await create(stream);
    await expect(create(stream)).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: `The event source arn (" ${STREAM} ") and function (" orders ") provided mapping already exists. Please update or delete the existing mapping with UUID ${other}`,
    });
  });

  it('cannot be changed while they are being changed, nor when there are none', async () => {
    const { UUID } = await create({});
    const record = bench.parts.mappings.get(UUID ?? '');
    bench.parts.mappings.follower = {
      ...bench.parts.mappings.follower,
      statusOf: () =>
        record === undefined ? undefined : { state: 'Updating', lastResult: 'OK', record },
    };
    const busy = { name: 'ResourceInUseException' };
    await expect(
      bench.client.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 1 })),
    ).rejects.toMatchObject({
      ...busy,
      message: 'Cannot update the event source mapping because it is in use.',
    });
    await expect(
      bench.client.send(new DeleteEventSourceMappingCommand({ UUID })),
    ).rejects.toMatchObject(busy);
    await expect(
      bench.client.send(new DeleteEventSourceMappingCommand({ UUID: UNKNOWN })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
