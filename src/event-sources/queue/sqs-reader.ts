/** A queue of SQS, by its API. */

import type * as Sdk from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { AwsServices } from '../../services/aws-services.js';
import { parseArn } from '../../stack/arns.js';
import { clientSettings, sourceError } from '../client-settings.js';
import type { QueueMessage, QueueMessageAttribute, QueueReader } from './queue-reader.js';

/** As long as AWS allows. */
const WAIT_SECONDS = 20;
/**
 * Of other servers: some go on with a poll whose client has gone, and what they give it then is
 * invisible for as long as the queue says.
 */
const OWN_WAIT_SECONDS = 2;
/** They hand out the next messages of a group to who asks after it became free. */
const BUSY_WAIT_SECONDS = 1;
const CONNECTIONS = 256;
/** What one request may name. */
const MOST_NAMED = 10;

export class SqsReader implements QueueReader {
  readonly #arn: string;
  readonly #services: AwsServices;
  #client: SQSClient | undefined;
  #sdk: typeof Sdk | undefined;
  #url = '';
  #waitSeconds = WAIT_SECONDS;
  #isOwn = false;

  constructor(arn: string, services: AwsServices) {
    this.#arn = arn;
    this.#services = services;
  }

  get takesAborts(): boolean {
    return !this.#isOwn;
  }

  async open(): Promise<{ readonly visibilityMs: number }> {
    const { region = '', accountId, resource } = parseArn(this.#arn) ?? {};
    const sdk = (this.#sdk ??= await import('@aws-sdk/client-sqs'));
    if (this.#client === undefined) {
      const { config, isOwn, handler } = await clientSettings(this.#services, region, CONNECTIONS);
      this.#isOwn = isOwn;
      this.#waitSeconds = isOwn ? OWN_WAIT_SECONDS : WAIT_SECONDS;
      this.#client = new sdk.SQSClient({
        ...config,
        requestHandler: handler,
        // What a queue is called by need not be where it is reached.
        ...(isOwn ? { useQueueUrlAsEndpoint: false } : {}),
      });
    }
    return this.#asked(async (client) => {
      const owner = accountId === undefined ? {} : { QueueOwnerAWSAccountId: accountId };
      const { QueueUrl = '' } = await client.send(
        new sdk.GetQueueUrlCommand({ QueueName: resource, ...owner }),
      );
      this.#url = QueueUrl;
      const { Attributes = {} } = await client.send(
        new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] }),
      );
      return { visibilityMs: Number(Attributes['VisibilityTimeout'] ?? 30) * 1000 };
    });
  }

  receive(most: number, busy: boolean, signal: AbortSignal): Promise<readonly QueueMessage[]> {
    return this.#asked(async (client, sdk) => {
      const command = new sdk.ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: most,
        WaitTimeSeconds: busy && this.#isOwn ? BUSY_WAIT_SECONDS : this.#waitSeconds,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      });
      const { Messages = [] } = await client.send(command, { abortSignal: signal });
      return Messages.map(messageOf);
    });
  }

  remove(receiptHandles: readonly string[]): Promise<readonly string[]> {
    return this.#asked(async (client, sdk) => {
      const left = await Promise.all(
        inTens(receiptHandles).map(async (handles) => {
          const Entries = handles.map((ReceiptHandle, index) => ({
            Id: `${index}`,
            ReceiptHandle,
          }));
          const { Failed = [] } = await client.send(
            new sdk.DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries }),
          );
          // A handle that is none any more will not become one.
          const failed = Failed.filter(({ Code }) => Code !== 'ReceiptHandleIsInvalid');
          return failed.flatMap(({ Id }) => handles[Number(Id)] ?? []);
        }),
      );
      return left.flat();
    });
  }

  release(receiptHandles: readonly string[]): Promise<void> {
    return this.#asked(async (client, sdk) => {
      for (const handles of inTens(receiptHandles)) {
        const Entries = handles.map((ReceiptHandle, index) => ({
          Id: `${index}`,
          ReceiptHandle,
          VisibilityTimeout: 0,
        }));
        await client.send(
          new sdk.ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries }),
        );
      }
    });
  }

  close(): void {
    this.#client?.destroy();
  }

  async #asked<T>(ask: (client: SQSClient, sdk: typeof Sdk) => Promise<T>): Promise<T> {
    if (this.#client === undefined || this.#sdk === undefined) throw new Error('not opened');
    try {
      return await ask(this.#client, this.#sdk);
    } catch (error) {
      throw sourceError(error);
    }
  }
}

function inTens(handles: readonly string[]): string[][] {
  const tens: string[][] = [];
  for (let at = 0; at < handles.length; at += MOST_NAMED) {
    tens.push(handles.slice(at, at + MOST_NAMED));
  }
  return tens;
}

function messageOf(message: Message): QueueMessage {
  const { MessageAttributes = {}, MD5OfMessageAttributes: md5 } = message;
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: (message.Attributes ?? {}) as Record<string, string>,
    messageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, value]): [string, QueueMessageAttribute] => {
        const { DataType: dataType = 'String', StringValue, BinaryValue } = value;
        return [
          name,
          {
            dataType,
            ...(StringValue === undefined ? {} : { stringValue: StringValue }),
            ...(BinaryValue === undefined
              ? {}
              : { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
          },
        ];
      }),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    ...(md5 === undefined ? {} : { md5OfMessageAttributes: md5 }),
  };
}
