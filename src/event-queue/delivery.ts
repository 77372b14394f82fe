/** What is sent to a queue, topic, bus or bucket, and how it waits on disk. */

import type { Condition } from './queued-event.js';
import type { DeadLetter } from './record.js';

export type DestinationMessage =
  | {
      readonly kind: 'record';
      readonly record: Buffer;
      readonly condition: Condition;
      readonly functionName: string;
      /** Qualified. */
      readonly functionArn: string;
    }
  | ({ readonly kind: 'dead-letter' } & DeadLetter);

export interface Delivery {
  readonly id: number;
  /** Of the event that ended. */
  readonly requestId: string;
  readonly functionName: string;
  readonly arn: string;
  readonly message: DestinationMessage;
}

export interface DestinationSender {
  /**
   * Resolves when the target has it. Rejects when it will not, or, with `retryable: true`, when it
   * may at another time. After a kill the same message may come again.
   */
  send(arn: string, message: DestinationMessage): Promise<void>;
}

/** Whether what a sender rejected with may pass. */
export function mayPass(error: unknown): boolean {
  return (error as { readonly retryable?: unknown } | undefined)?.retryable === true;
}

/** Its bytes apart from the rest, which is JSON. */
export function storedMessage(message: DestinationMessage): { about: string; body: Buffer } {
  if (message.kind === 'record') {
    const { record, ...about } = message;
    return { about: JSON.stringify(about), body: record };
  }
  const { body, ...about } = message;
  return { about: JSON.stringify(about), body };
}

export function messageOfRow(about: string, body: Buffer): DestinationMessage {
  const rest = JSON.parse(about) as { kind: DestinationMessage['kind'] };
  return {
    ...rest,
    ...(rest.kind === 'record' ? { record: body } : { body }),
  } as DestinationMessage;
}
