/** One load balancer: from a request by its rules to the answer of a function (contract 11.5). */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import { writeAnswer, type HttpAnswer } from '../http-events/answer.js';
import { requestOf } from '../http-events/incoming.js';
import { splitTarget } from '../http-events/request.js';
import { hostName } from '../invoke-api/admission.js';
import { readBody } from '../invoke-api/request-body.js';
import { traceIdOf } from '../invocation/trace-id.js';
import type { Invoker } from '../router/invoker.js';
import type {
  LoadBalancerAction,
  LoadBalancerDefinition,
  LoadBalancerRule,
} from '../stack/http.js';
import { loadBalancerAnswerOf, loadBalancerError } from './answer.js';
import { loadBalancerEventOf } from './event.js';
import { findRule } from './rules.js';

export interface LoadBalancerParts {
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly clock: Clock;
  tell(message: string): void;
}

export interface LoadBalancerCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** UUID. */
  readonly requestId: string;
}

type FunctionAction = Extract<LoadBalancerAction, { kind: 'function' }>;
type Redirect = Extract<LoadBalancerAction, { kind: 'redirect' }>;

const MOST_BODY_BYTES = 1024 * 1024;

export class LoadBalancer {
  readonly definition: LoadBalancerDefinition;
  readonly #parts: LoadBalancerParts;

  constructor(definition: LoadBalancerDefinition, parts: LoadBalancerParts) {
    this.definition = definition;
    this.#parts = parts;
  }

  /** The rule a request meets. */
  find(request: IncomingMessage): LoadBalancerRule | undefined {
    const { path, query } = splitTarget(request.url ?? '/');
    return findRule(this.definition.rules, {
      method: request.method ?? '',
      path,
      query,
      host: hostName(request.headers.host) ?? '',
      rawHeaders: request.rawHeaders,
      sourceIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    });
  }

  functionOf(request: IncomingMessage): string | undefined {
    const action = this.find(request)?.action;
    return action?.kind === 'function' ? action.target.functionName : undefined;
  }

  serve(call: LoadBalancerCall): void {
    const action = this.find(call.request)?.action;
    if (action?.kind === 'function') {
      this.#forward(call, action);
      return;
    }
    call.request.resume();
    if (action === undefined) writeAnswer(call.response, loadBalancerError(404));
    else if (action.kind === 'redirect')
      writeAnswer(call.response, redirected(call.request, action));
    else {
      const { status, contentType, body } = action;
      const headers = ['Server', 'awselb/2.0', 'Content-Type', contentType];
      writeAnswer(call.response, { status, headers, body: Buffer.from(body) });
    }
  }

  #forward({ request, response, requestId }: LoadBalancerCall, action: FunctionAction): void {
    const { clock, invoker, tell } = this.#parts;
    readBody(request, MOST_BODY_BYTES, (body) => {
      if (!Buffer.isBuffer(body)) {
        if (!body.readToEnd) response.shouldKeepAlive = false;
        writeAnswer(response, loadBalancerError(413));
        return;
      }
      const sent = request.headers['x-amzn-trace-id'];
      const traceId = traceIdOf(typeof sent === 'string' ? sent : undefined, clock.now());
      const event = loadBalancerEventOf(requestOf(request, body), { ...action, traceId });
      const payload = Buffer.from(JSON.stringify(event));
      void invoker.invoke(action.target, payload, { requestId, traceId }).then((outcome) => {
        if (outcome.kind !== 'succeeded') {
          if (outcome.kind === 'refused')
            tell(`${action.target.functionName}: ${outcome.error.message}`);
          writeAnswer(response, loadBalancerError(502));
          return;
        }
        const made = loadBalancerAnswerOf(outcome.payload, action.multiValueHeaders);
        this.#answer(response, made, action);
      });
    });
  }

  #answer(response: ServerResponse, made: HttpAnswer | string, action: FunctionAction): void {
    let problem = typeof made === 'string' ? made : undefined;
    try {
      if (typeof made !== 'string') writeAnswer(response, made);
    } catch (error) {
      problem = messageOf(error);
    }
    if (problem === undefined) return;
    this.#parts.tell(`what ${action.target.functionName} returned is no answer: ${problem}`);
    writeAnswer(response, loadBalancerError(502));
  }
}

function redirected(request: IncomingMessage, { status, location }: Redirect): HttpAnswer {
  const { path, query } = splitTarget(request.url ?? '/');
  const host = hostName(request.headers.host) ?? '';
  const parts: Readonly<Record<string, string>> = {
    host,
    path: path.slice(1),
    query,
    port: String(request.socket.localPort ?? ''),
    protocol: 'http',
  };
  const to = location.replace(/#\{(\w+)\}/g, (whole, name: string) => parts[name] ?? whole);
  return {
    status,
    headers: ['Server', 'awselb/2.0', 'Location', to],
    body: Buffer.alloc(0),
  };
}
