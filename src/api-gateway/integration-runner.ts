/**
 * What a route leads to, run: a function, an HTTP server elsewhere or a fixed answer; and what comes
 * of it as an answer or an error of the API (contract 11.1, 11.2, 11.18).
 */

import type { ServerResponse } from 'node:http';
import type { Clock } from '../async/clock.js';
import { LIMITS } from '../config/defaults.js';
import { messageOf } from '../errors.js';
import { rawHeaders, type HttpAnswer } from '../http-events/answer.js';
import { v2AnswerOf } from '../http-events/v2-answer.js';
import type { Outcome } from '../invocation/outcome.js';
import type { Invoker } from '../router/invoker.js';
import type { FunctionTarget } from '../stack/function-target.js';
import type { IntegrationDefinition } from '../stack/http.js';
import type { Authorization } from './authorizers/authorizers.js';
import { headerOf } from './authorizers/identity.js';
import type { GatewayError } from './gateway-response.js';
import { mockAnswer, proxyAnswer } from './integrations.js';
import { StreamedAnswer } from './streamed-answer.js';
import { v1AnswerOf } from './v1-answer.js';
import { v1EventOf } from './v1-event.js';
import { v2EventOf } from './v2-event.js';
import type { Visit } from './visit.js';

export interface RunnerParts {
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly clock: Clock;
  /** Something the developer should know of. */
  tell(message: string): void;
}

type FunctionIntegration = Extract<IntegrationDefinition, { kind: 'function' }>;
type HttpIntegration = Extract<IntegrationDefinition, { kind: 'http' }>;
type Authorized = (Authorization & { kind: 'authorized' }) | undefined;

/** Where a stream goes. */
export interface StreamTo {
  readonly response: ServerResponse;
  /** What the API adds, names and values in turn. */
  readonly added: readonly string[];
  fail(error: GatewayError): void;
}

export class IntegrationRunner {
  readonly #parts: RunnerParts;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  async run(visit: Visit, authorization: Authorized): Promise<HttpAnswer | GatewayError> {
    const { integration } = visit.route;
    if (integration.kind === 'mock') {
      return mockAnswer(integration, headerOf(visit.request.rawHeaders, 'origin'));
    }
    if (integration.kind === 'http') return this.#pass(visit, integration);
    return this.#invoke(visit, integration, authorization);
  }

  async #pass(visit: Visit, integration: HttpIntegration): Promise<HttpAnswer | GatewayError> {
    const { clock, tell } = this.#parts;
    const late = new AbortController();
    const timer = clock.setTimer(visit.route.timeoutMs, () => late.abort());
    try {
      return await proxyAnswer(integration, visit, late.signal);
    } catch (error) {
      tell(`${visit.route.path}: ${integration.url} did not answer: ${messageOf(error)}`);
      return { type: late.signal.aborted ? 'INTEGRATION_TIMEOUT' : 'INTEGRATION_FAILURE' };
    } finally {
      timer.cancel();
    }
  }

  async #invoke(
    visit: Visit,
    integration: FunctionIntegration,
    authorization: Authorized,
  ): Promise<HttpAnswer | GatewayError> {
    const { target, payloadFormat } = integration;
    const event =
      payloadFormat === '1.0'
        ? v1EventOf(visit, authorization?.v1)
        : v2EventOf(visit, authorization?.v2);
    const payload = Buffer.from(JSON.stringify(event));
    if (payload.length > LIMITS.payloadBytes) return { type: 'REQUEST_TOO_LARGE' };
    const options = { requestId: visit.requestId, traceId: visit.traceId };
    const invoked = this.#parts.invoker.invoke(target, payload, options);
    const outcome = await this.#inTime(invoked, visit.route.timeoutMs);
    if (outcome !== 'late') return this.#answerOf(visit, outcome, integration);
    this.#tellLate(visit, target);
    return { type: 'INTEGRATION_TIMEOUT' };
  }

  /**
   * Of a route that passes its function's response on as it is made. Its time is that until the
   * function has done, not until it begins to answer.
   */
  async stream(visit: Visit, authorization: Authorized, to: StreamTo): Promise<void> {
    const { integration } = visit.route;
    if (integration.kind !== 'function') return;
    const { target } = integration;
    const { response, added, fail } = to;
    const payload = Buffer.from(JSON.stringify(v1EventOf(visit, authorization?.v1)));
    if (payload.length > LIMITS.payloadBytes) {
      fail({ type: 'REQUEST_TOO_LARGE' });
      return;
    }
    const sink = new StreamedAnswer({
      response,
      added,
      fail: (reason) => {
        const asked = `${visit.request.method} ${visit.path}`;
        this.#parts.tell(`${target.functionName} did not stream an answer to ${asked}: ${reason}`);
        fail({ type: 'FUNCTION_FAILED' });
      },
    });
    const { requestId, traceId } = visit;
    const invoked = this.#parts.invoker.invoke(target, payload, { requestId, traceId, sink });
    const outcome = await this.#inTime(invoked, visit.route.timeoutMs);
    if (outcome !== 'late') sink.settle(outcome);
    else {
      this.#tellLate(visit, target);
      if (!sink.begun) fail({ type: 'INTEGRATION_TIMEOUT' });
      sink.giveUp();
    }
  }

  #tellLate({ request, path, route }: Visit, { functionName }: FunctionTarget): void {
    const asked = `${request.method} ${path}`;
    this.#parts.tell(
      `${asked}: ${functionName} took longer than the ${route.timeoutMs} ms of the route (TimeoutInMillis)`,
    );
  }

  /** The function runs to its end all the same. */
  #inTime(invoked: Promise<Outcome>, timeoutMs: number): Promise<Outcome | 'late'> {
    return new Promise((resolve) => {
      const timer = this.#parts.clock.setTimer(timeoutMs, () => resolve('late'));
      void invoked.then((outcome) => {
        timer.cancel();
        resolve(outcome);
      });
    });
  }

  #answerOf(
    visit: Visit,
    outcome: Outcome,
    { payloadFormat, target }: FunctionIntegration,
  ): HttpAnswer | GatewayError {
    if (outcome.kind === 'refused') {
      const { code, message } = outcome.error;
      if (code === 'throttled' || code === 'queue-full') return { type: 'FUNCTION_THROTTLED' };
      this.#parts.tell(`${visit.request.method} ${visit.path}: ${target.functionName}: ${message}`);
      return { type: 'INTERNAL_ERROR' };
    }
    if (outcome.kind === 'function-failed') return { type: 'FUNCTION_FAILED' };
    const made =
      payloadFormat === '1.0'
        ? v1AnswerOf(outcome.payload, {
            kind: visit.api.kind,
            binaryMediaTypes: visit.api.binaryMediaTypes,
            accept: headerOf(visit.request.rawHeaders, 'accept'),
          })
        : v2Answer(outcome.payload);
    if (typeof made !== 'string') return made;
    this.#parts.tell(
      `what ${target.functionName} returned is no answer to ${visit.request.method} ${visit.path}: ${made}`,
    );
    return { type: 'FUNCTION_FAILED' };
  }
}

function v2Answer(payload: Buffer): HttpAnswer | string {
  const made = v2AnswerOf(payload);
  if (made === undefined) return 'it is neither JSON nor an HTTP response';
  const { status, headers, cookies, body } = made;
  const cookieHeaders = cookies.flatMap((cookie) => ['set-cookie', cookie]);
  return { status, headers: [...rawHeaders(headers), ...cookieHeaders], body };
}
