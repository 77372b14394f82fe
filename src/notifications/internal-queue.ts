/** Queues of our own that stand between a service and functions. */

import { createHash } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { queueArn, type Place } from '../stack/arns.js';

export interface InternalQueue {
  readonly name: string;
  readonly arn: string;
}

/** The same at every start on the same state folder; nobody else's. */
export function internalQueue(place: Place, stateDirectory: string, what: string): InternalQueue {
  const hash = createHash('sha256').update(`${stateDirectory}\0${what}`).digest('hex').slice(0, 16);
  const name = `orchestrator-${hash}`;
  return { name, arn: queueArn(place, name) };
}

/** What is there stays. */
export async function makeQueue(sqs: SQSClient, { name, arn }: InternalQueue): Promise<void> {
  const exists = await sqs.send(new GetQueueUrlCommand({ QueueName: name })).then(
    () => true,
    () => false,
  );
  if (exists) return;
  await sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: {
        // Of AWS itself: services may send to it.
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: ['s3.amazonaws.com', 'sns.amazonaws.com'] },
              Action: 'sqs:SendMessage',
              Resource: arn,
            },
          ],
        }),
      },
    }),
  );
}

export async function queueUrl(sqs: SQSClient, { name }: InternalQueue): Promise<string> {
  return (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? '';
}

export async function removeQueue(sqs: SQSClient, queue: InternalQueue): Promise<void> {
  await sqs.send(new DeleteQueueCommand({ QueueUrl: await queueUrl(sqs, queue) }));
}
