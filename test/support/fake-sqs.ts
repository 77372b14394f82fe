/** A queue behind an SQS client, for tests: it hands out what is in it and notes what is deleted. */

import type { SQSClient } from '@aws-sdk/client-sqs';

export class FakeSqs {
  readonly deleted: string[] = [];
  /** What it answers instead of messages. */
  trouble: Error | undefined;
  polls = 0;
  readonly #waiting: object[] = [];
  #count = 0;
  #wake: (() => void) | undefined;

  readonly client = {
    send: (command: object, options?: { abortSignal: AbortSignal }) => this.#send(command, options),
  } as unknown as SQSClient;

  put(body: string): void {
    const id = `${this.#count}`;
    this.#count += 1;
    const Attributes = { SentTimestamp: '5' };
    this.#waiting.push({ MessageId: id, Body: body, ReceiptHandle: id, Attributes });
    this.#wake?.();
  }

  async #send(command: object, options?: { abortSignal: AbortSignal }): Promise<object> {
    const { input } = command as { input: { ReceiptHandle?: string } };
    switch (command.constructor.name) {
      case 'DeleteMessageCommand':
        this.deleted.push(input.ReceiptHandle ?? '');
        return {};
      case 'ReceiveMessageCommand':
        return this.#receive(options?.abortSignal);
      default:
        return { QueueUrl: 'http://queue' };
    }
  }

  async #receive(signal: AbortSignal | undefined): Promise<object> {
    this.polls += 1;
    if (this.trouble !== undefined) throw this.trouble;
    if (this.#waiting.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    }
    return { Messages: this.#waiting.splice(0, 10) };
  }
}
