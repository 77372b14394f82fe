/** Queues, topics, streams, buckets and log groups as targets, at the services endpoint. */

import { randomUUID } from 'node:crypto';
import type { AwsServices } from '../services/aws-services.js';
import { parseArn, type ArnParts } from '../stack/arns.js';
import { targetFailure } from './failure.js';
import { TargetError, type SendToTarget, type TargetMessage, type Targets } from './targets.js';

export interface ServiceTargetsParts {
  readonly services: Pick<AwsServices, 'kind' | 'clients'>;
  /** Unix ms. */
  now(): number;
}

/** Says how each of them is sent to. */
export function serveServices(targets: Targets, parts: ServiceTargetsParts): void {
  const senders = new ServiceSenders(parts);
  targets.serve(
    'sqs',
    senders.of((arn, message) => senders.toQueue(arn, message)),
  );
  targets.serve(
    'sns',
    senders.of((arn, message) => senders.toTopic(arn, message)),
  );
  targets.serve(
    'kinesis',
    senders.of((arn, message) => senders.toStream(arn, message)),
  );
  targets.serve(
    's3',
    senders.of((arn, message) => senders.toBucket(arn, message)),
  );
  targets.serve(
    'logs',
    senders.of((arn, message) => senders.toLogGroup(arn, message)),
  );
}

class ServiceSenders {
  readonly #parts: ServiceTargetsParts;
  readonly #queueUrls = new Map<string, string>();
  readonly #logStreams = new Set<string>();

  constructor(parts: ServiceTargetsParts) {
    this.#parts = parts;
  }

  of(send: (arn: ArnParts, message: TargetMessage) => Promise<unknown>): SendToTarget {
    return async (text, message) => {
      const arn = parseArn(text);
      if (arn === undefined) {
        throw new TargetError('InvalidParameterException', `${text} is no ARN`, false);
      }
      if (this.#parts.services.kind === 'none') {
        throw new TargetError('services-unavailable', 'the services are turned off', false);
      }
      try {
        await send(arn, message);
      } catch (error) {
        throw targetFailure(error);
      }
    };
  }

  async toQueue({ resource, accountId }: ArnParts, message: TargetMessage): Promise<void> {
    const [sqs, { GetQueueUrlCommand, SendMessageCommand }] = await Promise.all([
      this.#parts.services.clients.sqs(),
      import('@aws-sdk/client-sqs'),
    ]);
    const key = `${accountId}/${resource}`;
    let url = this.#queueUrls.get(key);
    if (url === undefined) {
      const input = { QueueName: resource, QueueOwnerAWSAccountId: accountId };
      url = (await sqs.send(new GetQueueUrlCommand(input))).QueueUrl ?? '';
      this.#queueUrls.set(key, url);
    }
    const { groupId, deduplicationId } = message;
    try {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: message.body.toString('utf8'),
          MessageAttributes: attributesOf(message),
          ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
          ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
        }),
      );
    } catch (error) {
      // The queue may have been made again, elsewhere.
      this.#queueUrls.delete(key);
      throw error;
    }
  }

  async toTopic(arn: ArnParts, message: TargetMessage): Promise<void> {
    const [sns, { PublishCommand }] = await Promise.all([
      this.#parts.services.clients.sns(),
      import('@aws-sdk/client-sns'),
    ]);
    const { subject, groupId, deduplicationId } = message;
    await sns.send(
      new PublishCommand({
        TopicArn: `arn:${arn.partition}:sns:${arn.region}:${arn.accountId}:${arn.resource}`,
        Message: message.body.toString('utf8'),
        ...(subject === undefined ? {} : { Subject: subject }),
        MessageAttributes: attributesOf(message),
        ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
        ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
      }),
    );
  }

  async toStream({ resource }: ArnParts, { body, partitionKey }: TargetMessage): Promise<void> {
    const [kinesis, { PutRecordCommand }] = await Promise.all([
      this.#parts.services.clients.kinesis(),
      import('@aws-sdk/client-kinesis'),
    ]);
    await kinesis.send(
      new PutRecordCommand({
        StreamName: resource.replace(/^stream\//, ''),
        Data: body,
        PartitionKey: partitionKey ?? randomUUID(),
      }),
    );
  }

  async toBucket({ resource }: ArnParts, { body, key }: TargetMessage): Promise<void> {
    const [s3, { PutObjectCommand }] = await Promise.all([
      this.#parts.services.clients.s3(),
      import('@aws-sdk/client-s3'),
    ]);
    await s3.send(
      new PutObjectCommand({
        Bucket: resource,
        Key: key ?? randomUUID(),
        Body: body,
        ContentType: 'application/json',
      }),
    );
  }

  /** One log event, in a stream of the day. */
  async toLogGroup({ resource }: ArnParts, { body }: TargetMessage): Promise<void> {
    const [logs, { CreateLogStreamCommand, PutLogEventsCommand }] = await Promise.all([
      this.#parts.services.clients.logs(),
      import('@aws-sdk/client-cloudwatch-logs'),
    ]);
    const logGroupName = resource.replace(/^log-group:/, '').replace(/:\*$/, '');
    const timestamp = this.#parts.now();
    const logStreamName = new Date(timestamp).toISOString().slice(0, 10);
    const stream = `${logGroupName}:${logStreamName}`;
    if (!this.#logStreams.has(stream)) {
      await logs
        .send(new CreateLogStreamCommand({ logGroupName, logStreamName }))
        .catch((error: unknown) => {
          const { name } = error as Error;
          if (name !== 'ResourceAlreadyExistsException') throw error;
        });
      this.#logStreams.add(stream);
    }
    const logEvents = [{ timestamp, message: body.toString('utf8') }];
    await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
  }
}

function attributesOf({ attributes = {} }: TargetMessage) {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }]),
  );
}
