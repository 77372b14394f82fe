/**
 * Function URLs on the port of the Lambda API, told apart by their host name (contract 8.10, 11.4):
 * `<url id>.lambda-url.<region>.localhost`, or with AWS's own ending where somebody makes that lead
 * here. A request becomes an invocation of the function or alias the URL belongs to.
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS } from '../config/defaults.js';
import { messageOf } from '../errors.js';
import { sendError, sendJson } from '../invoke-api/answer.js';
import { functionNotFound, requestTooLarge, serviceError } from '../invoke-api/errors.js';
import { readBody } from '../invoke-api/request-body.js';
import { traceIdOf } from '../invocation/trace-id.js';
import type { InvocationRequest } from '../invocation/invocation.js';
import type { InvocationRouter } from '../router/router.js';
import { corsHeaders, preflightHeaders, type Cors } from '../http-events/cors.js';
import { requestOf } from '../http-events/incoming.js';
import { eventOf } from './event.js';
import { isOpen } from './permission.js';
import { UrlResponse } from './url-response.js';

/** A URL and what it leads to. */
export interface FunctionUrl {
  readonly functionName: string;
  /** Absent: the function itself. */
  readonly qualifier?: string;
  readonly authType: 'NONE' | 'AWS_IAM';
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors?: Cors;
  readonly statements: readonly Readonly<Record<string, unknown>>[];
}

export interface FunctionUrlParts {
  find(urlId: string): FunctionUrl | undefined;
  readonly router: InvocationRouter;
  readonly region: string;
  readonly accountId: string;
  /** Unix ms. */
  now(): number;
  tell(message: string): void;
}

const HOST = /^([a-z0-9]{32})\.lambda-url\.([a-z0-9-]+)\.(?:localhost|on\.aws)(?::\d{1,5})?$/i;
const SIGNED = /^AWS4-HMAC-SHA256 .*Credential=([^/,\s]+)\//;

interface Visit {
  readonly url: FunctionUrl;
  readonly urlId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

export class FunctionUrls {
  readonly #parts: FunctionUrlParts;

  constructor(parts: FunctionUrlParts) {
    this.#parts = parts;
  }

  /** Whether the host is that of a URL here: whoever answers for others is not asked. */
  owns(host: string | undefined): boolean {
    return this.#find(host) !== undefined;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomUUID();
    const found = this.#find(request.headers.host);
    if (found === undefined) {
      sendError({ response, requestId }, serviceError('The URL is gone.'));
      return;
    }
    const visit = { ...found, request, response, requestId };
    const { cors } = found.url;
    const { origin } = request.headers;
    const asks = request.headers['access-control-request-method'] !== undefined;
    if (request.method === 'OPTIONS' && asks && origin !== undefined && cors !== undefined) {
      response.writeHead(200, { ...preflightHeaders(cors, origin), 'content-length': '0' }).end();
      return;
    }
    const accessKey = SIGNED.exec(request.headers.authorization ?? '')?.[1];
    if (!this.#isAllowed(visit, accessKey)) return;
    readBody(request, LIMITS.payloadBytes, (body) => {
      if (!Buffer.isBuffer(body)) {
        sendError({ response, requestId }, requestTooLarge(LIMITS.payloadBytes, body.readToEnd));
        return;
      }
      this.#invoke(visit, body, accessKey);
    });
  }

  #find(host: string | undefined): { url: FunctionUrl; urlId: string } | undefined {
    // Nearly no request is for a URL.
    if (host?.includes('.lambda-url.') !== true) return undefined;
    const [, id = '', region = ''] = HOST.exec(host) ?? [];
    const urlId = id.toLowerCase();
    const isHere = urlId !== '' && region.toLowerCase() === this.#parts.region;
    const url = isHere ? this.#parts.find(urlId) : undefined;
    return url === undefined ? undefined : { url, urlId };
  }

  #isAllowed({ url, response, requestId, request }: Visit, accessKey: string | undefined): boolean {
    const allowed = url.authType === 'NONE' ? isOpen(url.statements) : accessKey !== undefined;
    if (allowed) return true;
    const message =
      url.authType === 'NONE'
        ? 'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html'
        : 'Forbidden';
    request.resume();
    sendJson({ response, requestId }, 403, { Message: message }, [
      'x-amzn-ErrorType',
      'AccessDeniedException',
    ]);
    return false;
  }

  #invoke(visit: Visit, body: Buffer, accessKey: string | undefined): void {
    const { url, urlId, request, response, requestId } = visit;
    const { router, region, accountId, now, tell } = this.#parts;
    const { functionName, qualifier, invokeMode, authType } = url;
    const version = router.find(functionName, qualifier);
    if (version === undefined) {
      sendError({ response, requestId }, functionNotFound(functionName));
      return;
    }
    const traceId = traceIdOf(textOf(request.headers['x-amzn-trace-id']), now());
    const event = eventOf(requestOf(request, body), {
      urlId,
      region,
      accountId,
      requestId,
      traceId,
      nowMs: now(),
      ...(authType === 'AWS_IAM' && accessKey !== undefined ? { accessKey } : {}),
    });
    const arn =
      qualifier === undefined ? version.functionArn : `${version.functionArn}:${qualifier}`;
    const cors = corsHeaders(url.cors, request.headers.origin);
    const answer = new UrlResponse({
      response,
      requestId,
      traceId,
      functionArn: arn,
      cors,
      tell,
    });
    const invocation: InvocationRequest = {
      requestId,
      payload: Buffer.from(JSON.stringify(event)),
      contentType: 'application/json',
      invokedFunctionArn: arn,
      ...(qualifier === undefined ? {} : { qualifier }),
      traceId,
      tail: false,
    };
    try {
      if (invokeMode === 'BUFFERED') {
        router.invoke(functionName, invocation, (outcome) => answer.settleWhole(outcome));
      } else {
        const streamed = { ...invocation, sink: answer };
        router.invoke(functionName, streamed, (outcome) => answer.settleStream(outcome));
      }
    } catch (error) {
      sendError({ response, requestId }, serviceError(messageOf(error)));
    }
  }
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
