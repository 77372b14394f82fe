/** What a mapping needs of a queue. */

export interface QueueReader {
  /** A request that is aborted takes no messages with it. */
  readonly takesAborts: boolean;
  /** Finds the queue. */
  open(): Promise<{ readonly visibilityMs: number }>;
  /**
   * Waits for messages for a while; at most ten at once. `busy`: message groups are under way, which
   * some servers look at when a request comes only. Rejects when `signal` is aborted.
   */
  receive(most: number, busy: boolean, signal: AbortSignal): Promise<readonly QueueMessage[]>;
  /** Resolves with the receipt handles that are still there. */
  remove(receiptHandles: readonly string[]): Promise<readonly string[]>;
  /** Makes messages visible again at once. */
  release(receiptHandles: readonly string[]): Promise<void>;
  close(): void;
}

export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, QueueMessageAttribute>>;
  readonly md5OfBody: string;
  readonly md5OfMessageAttributes?: string;
}

export interface QueueMessageAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
}
