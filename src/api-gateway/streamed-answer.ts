/**
 * The answer of a REST API whose integration passes a response on as it is made: status and headers
 * are those of its prelude (contract 7.7), the rest goes to the client at its own pace. What goes
 * wrong before the head is out is an error of the API; after that the connection breaks.
 */

import type { ServerResponse } from 'node:http';
import { messageOf } from '../errors.js';
import { rawHeaders } from '../http-events/answer.js';
import { writeAtPace } from '../invoke-api/back-pressure.js';
import { HttpPrelude, type HttpMetadata } from '../invocation/http-prelude.js';
import type { Outcome } from '../invocation/outcome.js';
import type { ResponseSink } from '../invocation/response-sink.js';

export interface StreamedAnswerParts {
  readonly response: ServerResponse;
  /** What the API adds, names and values in turn. */
  readonly added: readonly string[];
  /** Nothing went out yet: the API says what is wrong; `reason` is for the developer. */
  fail(reason: string): void;
}

export class StreamedAnswer implements ResponseSink {
  readonly #parts: StreamedAnswerParts;
  readonly #prelude = new HttpPrelude();
  #state: 'prelude' | 'body' | 'over' = 'prelude';

  constructor(parts: StreamedAnswerParts) {
    this.#parts = parts;
  }

  /** Whether the client has got something, so that it is too late for another answer. */
  get begun(): boolean {
    return this.#state !== 'prelude';
  }

  begin(): void {
    // The prelude says what the head is.
  }

  write(chunk: Buffer, ready: () => void): boolean {
    if (this.#state === 'body') return writeAtPace(this.#parts.response, chunk, ready);
    if (this.#state === 'over') return true;
    const step = this.#prelude.feed(chunk);
    if (step.kind === 'incomplete') return true;
    if (step.kind === 'malformed') this.#fail(step.reason);
    else if (this.#head(step.metadata)) {
      return step.body.length === 0 || writeAtPace(this.#parts.response, step.body, ready);
    }
    return true;
  }

  /** The invocation is over. */
  settle(outcome: Outcome): void {
    const { response } = this.#parts;
    if (outcome.kind === 'succeeded') {
      // What did not come as a stream is in the outcome.
      if (this.#state === 'prelude') this.write(outcome.payload, () => undefined);
      if (this.#state === 'prelude') this.#fail('the response ended before its prelude did');
      if (this.#state === 'body') response.end();
    } else if (this.#state === 'body') response.destroy();
    else if (this.#state === 'prelude') {
      this.#fail(outcome.kind === 'refused' ? outcome.error.message : outcome.errorType);
    }
    this.#state = 'over';
  }

  /** It took too long. */
  giveUp(): void {
    if (this.#state === 'body') this.#parts.response.destroy();
    this.#state = 'over';
  }

  #head({ statusCode, headers, cookies, multiValueHeaders = {} }: HttpMetadata): boolean {
    const { response, added } = this.#parts;
    if (response.headersSent || response.destroyed) return false;
    const named = new Map(
      [...Object.entries(headers), ...Object.entries(multiValueHeaders)].map(
        ([name, value]) => [name.toLowerCase(), [name, value] as const] as const,
      ),
    );
    if (!named.has('content-type')) named.set('content-type', ['Content-Type', 'application/json']);
    const own = rawHeaders(Object.fromEntries(named.values()));
    try {
      const cookieHeaders = cookies.flatMap((cookie) => ['Set-Cookie', cookie]);
      response.writeHead(statusCode, [...own, ...cookieHeaders, ...added]);
    } catch (error) {
      this.#fail(messageOf(error));
      return false;
    }
    this.#state = 'body';
    response.flushHeaders();
    return true;
  }

  #fail(reason: string): void {
    this.#state = 'over';
    this.#parts.fail(reason);
  }
}
