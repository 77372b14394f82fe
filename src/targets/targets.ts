/** Sends something to whatever an ARN names: a function, queue, topic, bus, stream, state machine, bucket or log group. */

import { parseArn } from '../stack/arns.js';

export interface TargetMessage {
  readonly body: Buffer;
  /** Of topics. */
  readonly subject?: string;
  /** Message attributes of queues and topics. */
  readonly attributes?: Readonly<
    Record<string, { readonly type: 'String' | 'Number'; readonly value: string }>
  >;
  /** Of FIFO queues and topics. */
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** Of streams. */
  readonly partitionKey?: string;
  /** Of buses: the envelope of PutEvents, whose detail the body is. */
  readonly event?: {
    readonly source: string;
    readonly detailType: string;
    readonly resources: readonly string[];
  };
  /** Of buckets. */
  readonly key?: string;
}

export type SendToTarget = (arn: string, message: TargetMessage) => Promise<void>;

export class Targets {
  readonly #senders = new Map<string, SendToTarget>();

  /** Says how targets of the service with this name in ARNs, such as `sqs`, are sent to. */
  serve(service: string, send: SendToTarget): void {
    this.#senders.set(service, send);
  }

  /** Resolves when the target has it. Rejects with a `TargetError`. */
  send(arn: string, message: TargetMessage): Promise<void> {
    const send = this.#senders.get(parseArn(arn)?.service ?? '');
    if (send !== undefined) return send(arn, message);
    return Promise.reject(
      new TargetError('InvalidParameterException', `nothing can be sent to ${arn} here`, false),
    );
  }
}

export class TargetError extends Error {
  /** Whether trying again may help. */
  readonly retryable: boolean;
  /** As AWS would call it, such as `AWS.SimpleQueueService.NonExistentQueue`. */
  readonly code: string;

  constructor(code: string, message: string, retryable: boolean) {
    super(message);
    this.name = 'TargetError';
    this.code = code;
    this.retryable = retryable;
  }
}
