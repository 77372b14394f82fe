/**
 * One request to run a function, as every part between the door and the bootstrap sees it.
 * The payload is bytes and stays bytes.
 */

import type { Outcome } from './outcome.js';
import type { ResponseSink } from './response-sink.js';

export interface InvocationRequest {
  /** UUID. */
  readonly requestId: string;
  readonly payload: Buffer;
  readonly contentType: string;
  /** ARN as the caller wrote it, with the qualifier if one was given (contract 4.3). */
  readonly invokedFunctionArn: string;
  /** `$LATEST`, a version or an alias, as asked for; absent: `$LATEST`. */
  readonly qualifier?: string | undefined;
  /** X-Ray header value (contract 1.2). */
  readonly traceId: string;
  /** Decoded client context JSON, when sent. */
  readonly clientContext?: string | undefined;
  /** Of functions with tenant isolation (contract 7.9). */
  readonly tenantId?: string | undefined;
  /** The caller wants the last 4 KB of the log with the answer. */
  readonly tail: boolean;
  /** An event of the queue: the rate of requests is one of synchronous calls (contract 10.1). */
  readonly asynchronous?: true;
  /** The caller takes a streamed response as it is made; without it one is collected. */
  readonly sink?: ResponseSink;
}

/** Where an outcome goes; called exactly once. */
export type Settle = (outcome: Outcome) => void;
