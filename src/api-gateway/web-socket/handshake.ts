/**
 * Whether a connection is made: its authorizer and the function of `$connect` are asked before the
 * client hears of it.
 */

import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { lastWord } from '../../http-port/http-port.js';
import { splitTarget } from '../../http-events/request.js';
import type { Outcome } from '../../invocation/outcome.js';
import type { FunctionTarget } from '../../stack/function-target.js';
import type { WebSocketApiDefinition } from '../../stack/web-socket.js';
import { judge, lambdaAnswerOf } from '../authorizers/lambda-verdict.js';
import { gatewayAnswer, type GatewayErrorType } from '../gateway-response.js';
import { answerOf } from './answers.js';
import {
  authorizerEvent,
  connectEvent,
  type ConnectionFacts,
  type HandshakeRequest,
} from './events.js';
import { newId } from './ids.js';
import { WEB_SOCKET_LIMITS } from './limits.js';
import { CONNECT } from './selection.js';

export interface HandshakeParts {
  readonly region: string;
  readonly accountId: string;
  /** Unix ms. */
  now(): number;
  invoke(
    target: FunctionTarget,
    event: object,
    call: { readonly timeoutMs: number; readonly about: string },
  ): Promise<Outcome | 'timed-out'>;
  tell(message: string): void;
}

export type Verdict =
  | { readonly kind: 'accepted'; readonly facts: ConnectionFacts; readonly protocol?: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface Refusal {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const SIGNED = /^AWS4-HMAC-SHA256 .*Credential=([^/,\s]+)\/|[?&]X-Amz-Signature=/;
const SOURCE = /^route\.request\.(header|querystring)\.(.+)$|^(?:stageVariables|context)\.(.+)$/;

export async function shakeHands(
  api: WebSocketApiDefinition,
  before: ConnectionFacts,
  request: HandshakeRequest,
  parts: HandshakeParts,
): Promise<Verdict> {
  const route = api.routes.find(({ routeKey }) => routeKey === CONNECT);
  if (route === undefined) return { kind: 'accepted', facts: before };
  const authorized = await authorize(api, before, request, parts);
  if ('type' in authorized) return refused(authorized.type);
  const { facts } = authorized;
  if (route.target === undefined) return { kind: 'accepted', facts };
  const moment = { requestId: newId(), nowMs: parts.now() };
  const event = connectEvent(facts, request, moment);
  const outcome = await parts.invoke(route.target, event, { ...route, about: CONNECT });
  if (outcome === 'timed-out') return refused('INTEGRATION_TIMEOUT');
  const answer = answerOf(outcome);
  if (answer === undefined) return refused('FUNCTION_FAILED');
  const { status, headers, body } = answer;
  const { 'sec-websocket-protocol': protocol } = headers;
  if (status >= 200 && status < 300) {
    return { kind: 'accepted', facts, ...(protocol === undefined ? {} : { protocol }) };
  }
  const type = headers['content-type'] ?? 'application/json';
  return { kind: 'refused', refusal: { status, headers: ['Content-Type', type], body } };
}

type Authorization = { readonly facts: ConnectionFacts } | { readonly type: GatewayErrorType };

async function authorize(
  api: WebSocketApiDefinition,
  facts: ConnectionFacts,
  request: HandshakeRequest,
  parts: HandshakeParts,
): Promise<Authorization> {
  const authorizer = api.routes.find(({ routeKey }) => routeKey === CONNECT)?.authorizer;
  if (authorizer === undefined) return { facts };
  if (authorizer.kind === 'iam') {
    const signed =
      SIGNED.test(headerOf(request, 'authorization') ?? '') || SIGNED.test(request.target);
    return signed ? { facts } : { type: 'MISSING_AUTHENTICATION_TOKEN' };
  }
  const missing = authorizer.identitySources.some((source) => !isPresent(source, api, request));
  if (missing) return { type: 'UNAUTHORIZED' };
  const { region, accountId } = parts;
  const started = parts.now();
  const methodArn = `arn:aws:execute-api:${region}:${accountId}:${api.id}/${api.stage}/${CONNECT}`;
  const event = authorizerEvent(facts, request, { requestId: newId(), nowMs: started, methodArn });
  const outcome = await parts.invoke(authorizer.target, event, {
    timeoutMs: WEB_SOCKET_LIMITS.authorizerMs,
    about: 'authorizer',
  });
  if (outcome === 'timed-out') return { type: 'AUTHORIZER_FAILURE' };
  const answer = lambdaAnswerOf(outcome, { api: 'rest', simpleResponses: false });
  if (answer.kind === 'failed') {
    const { functionName } = authorizer.target;
    parts.tell(`the authorizer ${functionName} of ${api.name} is not understood: ${answer.reason}`);
  }
  const judged = judge(answer, methodArn, 'rest');
  if (judged.kind === 'refused') return { type: judged.error.type };
  const context = {
    ...judged.answer.context,
    ...(judged.answer.kind === 'policy' ? { principalId: judged.answer.principalId } : {}),
    integrationLatency: parts.now() - started,
  };
  return { facts: { ...facts, authorizer: context } };
}

export function isIdentitySource(text: string): boolean {
  return SOURCE.test(text);
}

/** The context is always there. */
function isPresent(
  source: string,
  { stageVariables }: WebSocketApiDefinition,
  request: HandshakeRequest,
): boolean {
  const [, where, name = '', variable] = SOURCE.exec(source) ?? [];
  if (where === 'header') return (headerOf(request, name) ?? '') !== '';
  if (where === 'querystring') {
    return (new URLSearchParams(splitTarget(request.target).query).get(name) ?? '') !== '';
  }
  return !source.startsWith('stageVariables.') || (stageVariables[variable ?? ''] ?? '') !== '';
}

export function headerOf(
  { rawHeaders }: Pick<HandshakeRequest, 'rawHeaders'>,
  name: string,
): string | undefined {
  const wanted = name.toLowerCase();
  const at = rawHeaders.findIndex(
    (header, index) => index % 2 === 0 && header.toLowerCase() === wanted,
  );
  return at < 0 ? undefined : rawHeaders[at + 1];
}

export function refused(type: GatewayErrorType): Verdict {
  const { status, headers, body } = gatewayAnswer(
    { kind: 'rest', gatewayResponses: {} },
    { type },
    { requestId: newId(), extendedRequestId: newId() },
  );
  return { kind: 'refused', refusal: { status, headers, body } };
}

/** Ends the connection of a handshake with an HTTP answer. */
export function refuse(stream: Duplex, { status, headers, body }: Refusal): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`];
  for (let index = 0; index < headers.length; index += 2) {
    lines.push(`${headers[index]}: ${String(headers[index + 1]).replace(/[\r\n]/g, ' ')}`);
  }
  lines.push(`Content-Length: ${body.length}`, 'Connection: close', '', '');
  lastWord(stream, Buffer.concat([Buffer.from(lines.join('\r\n')), body]));
}

/** Whether it is one that can be accepted: nobody is asked about others. */
export function isHandshake({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
    (headers['sec-websocket-version'] === '13' || headers['sec-websocket-version'] === '8')
  );
}
