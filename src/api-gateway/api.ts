/**
 * One API: from a request to the answer of a route's function, by the rules of its kind (contract
 * 11.1–11.3, 11.18).
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../async/clock.js';
import { LIMITS } from '../config/defaults.js';
import { messageOf } from '../errors.js';
import { rawHeaders, writeAnswer, type HttpAnswer } from '../http-events/answer.js';
import { headBytes, requestOf } from '../http-events/incoming.js';
import { v2AnswerOf } from '../http-events/v2-answer.js';
import { readBody } from '../invoke-api/request-body.js';
import type { Outcome } from '../invocation/outcome.js';
import { traceIdOf } from '../invocation/trace-id.js';
import type { Invoker } from '../router/invoker.js';
import type { FunctionTarget } from '../stack/function-target.js';
import type { ApiDefinition, IntegrationDefinition } from '../stack/http.js';
import { Authorizers, type Authorization } from './authorizers/authorizers.js';
import { headerOf } from './authorizers/identity.js';
import { isPreflight, preflightAnswerHeaders, withCors } from './cors.js';
import { gatewayAnswer, type GatewayError } from './gateway-response.js';
import { mockAnswer, proxyAnswer } from './integrations.js';
import { API_LIMITS } from './limits.js';
import { RouteTable } from './route-table.js';
import { StreamedAnswer } from './streamed-answer.js';
import { v1AnswerOf } from './v1-answer.js';
import { v1EventOf } from './v1-event.js';
import { v2EventOf } from './v2-event.js';
import { extendedIdOf, type Visit } from './visit.js';

export interface ApiParts {
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly clock: Clock;
  readonly queueClock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** Something the developer should know of. */
  tell(message: string): void;
}

/** A request that is for this API. */
export interface ApiCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** UUID. */
  readonly requestId: string;
  /** Without the stage. */
  readonly path: string;
  readonly query: string;
}

type FunctionIntegration = Extract<IntegrationDefinition, { kind: 'function' }>;
type HttpIntegration = Extract<IntegrationDefinition, { kind: 'http' }>;

interface Answering {
  readonly api: ApiDefinition;
  readonly call: ApiCall;
  readonly extendedRequestId: string;
  readonly traceId: string;
  tell(message: string): void;
}

export class Api {
  readonly definition: ApiDefinition;
  readonly table: RouteTable;
  readonly #parts: ApiParts;
  readonly #authorizers: Authorizers;

  constructor(definition: ApiDefinition, parts: ApiParts) {
    this.definition = definition;
    this.#parts = parts;
    this.table = new RouteTable(definition);
    this.#authorizers = new Authorizers(parts);
  }

  /** The function a request leads to, if it does. */
  functionOf(method: string, path: string): string | undefined {
    const integration = this.table.find(method, path)?.route.integration;
    return integration?.kind === 'function' ? integration.target.functionName : undefined;
  }

  serve(call: ApiCall): void {
    const { definition: api } = this;
    const { request, path, query, requestId } = call;
    const { clock, region, accountId } = this.#parts;
    const method = request.method ?? '';
    const nowMs = clock.now();
    const traceId = traceIdOf(headerOf(request.rawHeaders, 'x-amzn-trace-id'), nowMs);
    const extendedRequestId = extendedIdOf(requestId);
    const { tell } = this.#parts;
    const answering = { api, call, traceId, extendedRequestId, tell };
    const fail = (error: GatewayError): void => {
      request.resume();
      answer(answering, gatewayAnswer(api, error, { ...answering, requestId }));
    };
    if (headBytes(request) > API_LIMITS.headBytes) {
      fail({ type: 'REQUEST_HEADERS_TOO_LARGE' });
      return;
    }
    const found = this.table.find(method, path);
    const asks = api.cors !== undefined && isPreflight(method, request.headers);
    if (asks && found?.route.authorizer === undefined) {
      request.resume();
      this.#allow(answering);
      return;
    }
    if (found === undefined) {
      fail({ type: api.kind === 'rest' ? 'MISSING_AUTHENTICATION_TOKEN' : 'RESOURCE_NOT_FOUND' });
      return;
    }
    readBody(request, API_LIMITS.bodyBytes, (body) => {
      if (!Buffer.isBuffer(body)) {
        if (!body.readToEnd) call.response.shouldKeepAlive = false;
        fail({ type: 'REQUEST_TOO_LARGE' });
        return;
      }
      const visit: Visit = {
        ...found,
        api,
        request: requestOf(request, body),
        path,
        query,
        region,
        accountId,
        requestId,
        extendedRequestId,
        traceId,
        nowMs,
      };
      void this.#admit(visit, answering, fail);
    });
  }

  /** Never rejects. */
  async #admit(
    visit: Visit,
    answering: Answering,
    fail: (error: GatewayError) => void,
  ): Promise<void> {
    try {
      const { authorizer: name } = visit.route;
      const definition = name === undefined ? undefined : visit.api.authorizers[name];
      if (name !== undefined && definition === undefined) {
        this.#parts.tell(`${visit.route.path}: there is no authorizer ${name}`);
        fail({ type: 'AUTHORIZER_FAILURE' });
        return;
      }
      const authorization =
        definition === undefined
          ? undefined
          : await this.#authorizers.check(visit, name ?? '', definition);
      if (authorization?.kind === 'refused') {
        fail(authorization.error);
        return;
      }
      if (
        visit.api.cors !== undefined &&
        isPreflight(visit.request.method, answering.call.request.headers)
      ) {
        this.#allow(answering);
        return;
      }
      const accessKey = authorization?.accessKey;
      const keyed = withApiKey(visit, authorization);
      if (keyed === undefined) {
        fail({ type: 'INVALID_API_KEY' });
        return;
      }
      const allowed = accessKey === undefined ? keyed : { ...keyed, accessKey };
      const { integration } = visit.route;
      if (integration.kind === 'function' && integration.streaming === true) {
        await this.#stream(allowed, { integration, authorization, answering, fail });
        return;
      }
      const result = await this.#integrate(allowed, authorization);
      if ('type' in result) fail(result);
      else answer(answering, result);
    } catch (error) {
      this.#parts.tell(`${visit.request.method} ${visit.path}: ${messageOf(error)}`);
      fail({ type: 'INTERNAL_ERROR' });
    }
  }

  #allow(answering: Answering): void {
    const { cors } = this.definition;
    const { origin = '' } = answering.call.request.headers;
    if (cors === undefined) return;
    const headers = preflightAnswerHeaders(cors, origin);
    answer(answering, { status: 204, headers, body: Buffer.alloc(0) }, true);
  }

  async #integrate(
    visit: Visit,
    authorization: (Authorization & { kind: 'authorized' }) | undefined,
  ): Promise<HttpAnswer | GatewayError> {
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
    authorization: (Authorization & { kind: 'authorized' }) | undefined,
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

  /** The route's time is that until the function has done, not until it begins to answer. */
  async #stream(visit: Visit, to: Streaming): Promise<void> {
    const { integration, authorization, answering, fail } = to;
    const { target } = integration;
    const payload = Buffer.from(JSON.stringify(v1EventOf(visit, authorization?.v1)));
    if (payload.length > LIMITS.payloadBytes) {
      fail({ type: 'REQUEST_TOO_LARGE' });
      return;
    }
    const sink = new StreamedAnswer({
      response: answering.call.response,
      added: addedHeaders(answering),
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

interface Streaming {
  readonly integration: FunctionIntegration;
  readonly authorization: (Authorization & { kind: 'authorized' }) | undefined;
  readonly answering: Answering;
  fail(error: GatewayError): void;
}

function v2Answer(payload: Buffer): HttpAnswer | string {
  const made = v2AnswerOf(payload);
  if (made === undefined) return 'it is neither JSON nor an HTTP response';
  const { status, headers, cookies, body } = made;
  const cookieHeaders = cookies.flatMap((cookie) => ['set-cookie', cookie]);
  return { status, headers: [...rawHeaders(headers), ...cookieHeaders], body };
}

/** Undefined: the route asks for a key, and there is none that is right. */
function withApiKey(visit: Visit, authorization: Authorization | undefined): Visit | undefined {
  const { api, route, request } = visit;
  if (route.apiKeyRequired !== true) return visit;
  const given = authorization?.kind === 'authorized' ? authorization.apiKey : undefined;
  const value = given ?? headerOf(request.rawHeaders, 'x-api-key');
  if (value === undefined || value === '') return undefined;
  const { apiKeys } = api;
  const known = apiKeys.find((key) => key.value === value);
  if (known === undefined && apiKeys.length > 0) return undefined;
  return { ...visit, apiKey: known ?? { id: 'any', value } };
}

/** Writes it with what the API adds; headers that no answer may have make it a failure. */
function answer(answering: Answering, made: HttpAnswer, isPreflightAnswer = false): void {
  const { api, call, extendedRequestId } = answering;
  const { request, response, requestId } = call;
  const { cors } = api;
  const shown =
    cors === undefined || isPreflightAnswer
      ? made.headers
      : withCors(made.headers, cors, request.headers.origin);
  const added = addedHeaders(answering);
  try {
    writeAnswer(response, { ...made, headers: [...shown, ...added] });
  } catch (error) {
    answering.tell(
      `the answer to ${request.method} ${call.path} cannot be sent: ${messageOf(error)}`,
    );
    const context = { requestId, extendedRequestId };
    const failure = gatewayAnswer(api, { type: 'FUNCTION_FAILED' }, context);
    writeAnswer(response, { ...failure, headers: [...failure.headers, ...added] });
  }
}

/** What an API says of itself in every answer. */
function addedHeaders({ api, call, traceId, extendedRequestId }: Answering): string[] {
  if (api.kind === 'http') return ['apigw-requestid', extendedRequestId];
  const ids = ['x-amzn-RequestId', call.requestId, 'x-amz-apigw-id', extendedRequestId];
  return [...ids, 'X-Amzn-Trace-Id', traceId];
}
