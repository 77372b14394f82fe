/**
 * One API: from a request to the answer of a route's function, by the rules of its kind (contract
 * 11.1–11.3, 11.18).
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import { writeAnswer, type HttpAnswer } from '../http-events/answer.js';
import { headBytes, requestOf } from '../http-events/incoming.js';
import { readBody } from '../invoke-api/request-body.js';
import { traceIdOf } from '../invocation/trace-id.js';
import type { Invoker } from '../router/invoker.js';
import type { ApiDefinition } from '../stack/http.js';
import { Authorizers, type Authorization } from './authorizers/authorizers.js';
import { headerOf } from './authorizers/identity.js';
import { isPreflight, preflightAnswerHeaders, withCors } from './cors.js';
import { gatewayAnswer, type GatewayError } from './gateway-response.js';
import { IntegrationRunner } from './integration-runner.js';
import { API_LIMITS } from './limits.js';
import { RouteTable } from './route-table.js';
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
  readonly #runner: IntegrationRunner;

  constructor(definition: ApiDefinition, parts: ApiParts) {
    this.definition = definition;
    this.#parts = parts;
    this.table = new RouteTable(definition);
    this.#authorizers = new Authorizers(parts);
    this.#runner = new IntegrationRunner(parts);
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
        const { response } = answering.call;
        const to = { response, added: addedHeaders(answering), fail };
        await this.#runner.stream(allowed, authorization, to);
        return;
      }
      const result = await this.#runner.run(allowed, authorization);
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
