/** What a runtime posts as the end of an invocation, and what it is answered (contract 1.3–1.6). */

/** What a runtime posted as the end of an invocation. */
export interface Posted {
  readonly kind: 'response' | 'error';
  readonly payload: Buffer;
  readonly contentType: string;
  /** `Lambda-Runtime-Function-Error-Type`, as sent; only with errors. */
  readonly errorTypeHeader?: string | undefined;
  /** Of a response that came in pieces. */
  readonly streamed?: {
    /** When it began to arrive, monotonic ms. */
    readonly beganAt: number;
    readonly bytes: number;
  };
}

/** A body too large to be kept arrives as its size only. */
export type PostedBody = Buffer | { readonly tooLargeBytes: number };

/** Answer to a post, to be rendered as contract 1.6 says. */
export type Verdict =
  | 'accepted'
  | 'invalid-request-id'
  | 'invalid-invocation-id'
  | 'invalid-state-transition'
  | 'too-large';

/** What a post says besides its body. */
export interface PostHeaders {
  readonly contentType: string;
  readonly errorType?: string | undefined;
  /** Echo of the delivery's; clients that know nothing of it send none (contract 1.2). */
  readonly invocationId?: string | undefined;
}
