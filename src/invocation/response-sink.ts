/**
 * Where a streamed response goes while it is being made. The invocation still settles with an
 * outcome; what of the payload has not come this way is in it.
 */

export interface ResponseHead {
  readonly contentType: string;
  readonly executedVersion: string;
}

/** Nothing is called any more once the invocation has settled. */
export interface ResponseSink {
  /** The runtime has begun to respond. Called at most once, before the first `write`. */
  begin(head: ResponseHead): void;
  /** Whether more may follow at once. If not, `ready` is called when it may, or nobody listens. */
  write(chunk: Buffer, ready: () => void): boolean;
}
