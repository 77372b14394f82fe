/**
 * The answer of a function URL: whole (`BUFFERED`), or as it is made (`RESPONSE_STREAM`), where an
 * HTTP-shaped stream sets status and headers and every other stream is the body itself (contract
 * 7.7). What goes wrong before the head is out is a 502; after that the connection breaks.
 */

import type { ServerResponse } from 'node:http';
import { writeAtPace } from '../invoke-api/back-pressure.js';
import { sendError } from '../invoke-api/answer.js';
import { refusalError } from '../invoke-api/errors.js';
import { HTTP_INTEGRATION_TYPE, HttpPrelude } from '../invocation/http-prelude.js';
import type { Outcome } from '../invocation/outcome.js';
import type { ResponseHead, ResponseSink } from '../invocation/response-sink.js';
import { isOfConnection } from '../http-events/answer.js';
import { v2AnswerOf, type V2Answer } from '../http-events/v2-answer.js';

export interface UrlResponseParts {
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly traceId: string;
  readonly functionArn: string;
  /** In every answer of the function. */
  readonly cors: Readonly<Record<string, string>>;
  /** Something the developer should know of. */
  readonly tell: (message: string) => void;
}

const OCTET_STREAM = 'application/octet-stream';

export class UrlResponse implements ResponseSink {
  readonly #parts: UrlResponseParts;
  #prelude: HttpPrelude | undefined;
  #state: 'waiting' | 'prelude' | 'body' | 'broken' = 'waiting';

  constructor(parts: UrlResponseParts) {
    this.#parts = parts;
  }

  begin({ contentType }: ResponseHead): void {
    if (contentType === HTTP_INTEGRATION_TYPE) {
      this.#state = 'prelude';
      this.#prelude = new HttpPrelude();
    } else {
      this.#head(200, { 'content-type': contentType || OCTET_STREAM });
    }
  }

  write(chunk: Buffer, ready: () => void): boolean {
    const { response } = this.#parts;
    if (this.#state === 'body') return writeAtPace(response, chunk, ready);
    if (this.#state !== 'prelude' || this.#prelude === undefined) return true;
    const step = this.#prelude.feed(chunk);
    if (step.kind === 'incomplete') return true;
    if (step.kind === 'malformed') {
      this.#break(step.reason);
      return true;
    }
    const { statusCode, headers, cookies } = step.metadata;
    const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const given = { 'content-type': OCTET_STREAM, ...Object.fromEntries(named) };
    if (!this.#head(statusCode, given, cookies)) return true;
    return step.body.length === 0 || writeAtPace(response, step.body, ready);
  }

  /** Of an invocation whose response was asked for as a stream. */
  settleStream(outcome: Outcome): void {
    const { response } = this.#parts;
    if (outcome.kind !== 'succeeded') {
      if (this.#state === 'body') response.destroy();
      else this.settleWhole(outcome);
      return;
    }
    if (this.#state === 'waiting') {
      this.begin(outcome);
      this.write(outcome.payload, () => undefined);
    }
    if (this.#state === 'prelude') this.#break('the response ended before its prelude did');
    if (this.#state === 'body') response.end();
  }

  settleWhole(outcome: Outcome): void {
    const { response, requestId, functionArn } = this.#parts;
    if (outcome.kind === 'refused') {
      sendError({ response, requestId }, refusalError(outcome.error, functionArn));
      return;
    }
    if (outcome.kind === 'function-failed') {
      this.#fail();
      return;
    }
    if (outcome.contentType === HTTP_INTEGRATION_TYPE) {
      this.settleStream(outcome);
      return;
    }
    const answer = v2AnswerOf(outcome.payload);
    if (answer === undefined) {
      this.#break('the function returned neither JSON nor an HTTP response');
      return;
    }
    this.#whole(answer);
  }

  #whole({ status, headers, cookies, body }: V2Answer): void {
    if (this.#head(status, headers, cookies, body.length)) this.#parts.response.end(body);
  }

  /**
   * Whether the head went out: a function can name headers that no answer may have. Without
   * `length` the body comes in chunks.
   */
  #head(
    status: number,
    headers: Readonly<Record<string, string>>,
    cookies: readonly string[] = [],
    length?: number,
  ): boolean {
    const { response, requestId, traceId, cors } = this.#parts;
    if (response.destroyed || response.headersSent) return false;
    try {
      const own = Object.entries(headers).filter(([name]) => !isOfConnection(name));
      response.writeHead(status, {
        ...Object.fromEntries(own),
        ...(length === undefined || status === 204 || status === 304
          ? {}
          : { 'content-length': String(length) }),
        ...cors,
        ...(cookies.length === 0 ? {} : { 'set-cookie': [...cookies] }),
        'x-amzn-RequestId': requestId,
        'X-Amzn-Trace-Id': traceId,
      });
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
      return false;
    }
    this.#state = 'body';
    response.flushHeaders();
    return true;
  }

  #break(reason: string): void {
    this.#state = 'broken';
    this.#parts.tell(`the response of ${this.#parts.functionArn} is malformed: ${reason}`);
    this.#fail();
  }

  #fail(): void {
    const { response, requestId, traceId, cors } = this.#parts;
    if (response.headersSent || response.destroyed) return;
    const body = 'Internal Server Error';
    response.writeHead(502, {
      ...cors,
      'content-type': 'application/json',
      'content-length': String(body.length),
      'x-amzn-RequestId': requestId,
      'X-Amzn-Trace-Id': traceId,
    });
    response.end(body);
  }
}
