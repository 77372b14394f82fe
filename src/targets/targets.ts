/** Sends something to whatever an ARN names: a function, queue, topic, bus, stream, state machine, bucket or log group. */

export interface TargetMessage {
  readonly body: Buffer;
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

export interface Targets {
  /** Resolves when the target has it. Rejects with a `TargetError`. */
  send(arn: string, message: TargetMessage): Promise<void>;
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
