/**
 * Who may call a route (contract 11.3): Lambda authorizers with their cache, JSON Web Tokens, user
 * pools, signatures. What goes wrong is an answer, never an exception.
 */

import type { Clock } from '../../async/clock.js';
import type { Outcome } from '../../invocation/outcome.js';
import { iamIdentity } from '../../http-events/request.js';
import type { Invoker } from '../../router/invoker.js';
import type {
  AuthorizerDefinition,
  CognitoAuthorizerDefinition,
  JwtAuthorizerDefinition,
  LambdaAuthorizerDefinition,
} from '../../stack/http.js';
import type { GatewayError } from '../gateway-response.js';
import { v1AuthorizerEventOf } from '../v1-event.js';
import { v2AuthorizerEventOf } from '../v2-event.js';
import { methodArn, type Authorized, type Visit } from '../visit.js';
import { AnswerCache } from './answer-cache.js';
import { identityOf } from './identity.js';
import { claimTexts, scopesOf, Tokens, type TokenVerdict } from './jwt.js';
import { judge, lambdaAnswerOf, type LambdaAnswer } from './lambda-verdict.js';

export interface AuthorizersParts {
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly clock: Clock;
  /** Answers are kept as long as this one says. */
  readonly queueClock: Clock;
  tell(message: string): void;
}

export type Authorization =
  | {
      readonly kind: 'authorized';
      /** As payload 1.0 and 2.0 have it. */
      readonly v1?: Authorized;
      readonly v2?: Authorized;
      readonly accessKey?: string;
      /** The key of usage plans, where an authorizer says which. */
      readonly apiKey?: string;
    }
  | { readonly kind: 'refused'; readonly error: GatewayError };

/** Of HTTP APIs; REST APIs wait as long as for any function. */
const TIMEOUT_MS = { http: 10_000, rest: 29_000 } as const;
const SIGNED = /^AWS4-HMAC-SHA256 .*Credential=([^/,\s]+)\//;

export class Authorizers {
  readonly #parts: AuthorizersParts;
  readonly #cache: AnswerCache;
  readonly #tokens: Tokens;

  constructor(parts: AuthorizersParts) {
    this.#parts = parts;
    this.#cache = new AnswerCache(parts.queueClock);
    this.#tokens = new Tokens(parts.clock);
  }

  check(visit: Visit, name: string, definition: AuthorizerDefinition): Promise<Authorization> {
    switch (definition.kind) {
      case 'iam':
        return Promise.resolve(this.#signed(visit));
      case 'jwt':
        return this.#token(visit, definition);
      case 'cognito':
        return this.#userPool(visit, definition);
      case 'token':
      case 'request':
        return this.#lambda(visit, name, definition);
    }
  }

  #signed({ request, accountId }: Visit): Authorization {
    const headers = request.rawHeaders;
    const at = headers.findIndex(
      (name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization',
    );
    const accessKey = at < 0 ? undefined : SIGNED.exec(headers[at + 1] ?? '')?.[1];
    if (accessKey === undefined) return refused({ type: 'MISSING_AUTHENTICATION_TOKEN' });
    return { kind: 'authorized', v2: { iam: iamIdentity(accessKey, accountId) }, accessKey };
  }

  async #lambda(
    visit: Visit,
    name: string,
    definition: LambdaAuthorizerDefinition,
  ): Promise<Authorization> {
    const { identitySources, validation, cacheSeconds, simpleResponses } = definition;
    const { api } = visit;
    const identity = identityOf(visit, identitySources);
    if (identity === undefined) return refused({ type: 'UNAUTHORIZED' });
    if (validation !== undefined && !wholly(validation, identity[0] ?? '')) {
      return refused({ type: 'UNAUTHORIZED' });
    }
    const arn = methodArn(visit);
    const key = JSON.stringify([api.id, name, ...identity]);
    // Without an identity there is nothing to keep an answer under.
    const seconds = identity.length === 0 ? 0 : cacheSeconds;
    const startedAt = this.#parts.clock.monotonic();
    const answer = await this.#cache.get(key, seconds, async () =>
      lambdaAnswerOf(await this.#ask(visit, definition, { arn, identity }), {
        api: api.kind,
        simpleResponses,
      }),
    );
    if (answer.kind === 'failed') {
      this.#parts.tell(
        `the authorizer ${name} (${definition.target.functionName}): ${answer.reason}`,
      );
    }
    const judged = judge(answer, arn, api.kind);
    if (judged.kind === 'refused') return judged;
    return lambdaAuthorization(judged.answer, api.kind, {
      latencyMs: Math.round(this.#parts.clock.monotonic() - startedAt),
    });
  }

  #ask(
    visit: Visit,
    definition: LambdaAuthorizerDefinition,
    asked: { arn: string; identity: readonly string[] },
  ): Promise<Outcome> {
    const event = Buffer.from(JSON.stringify(eventOf(visit, definition, asked)));
    const { invoker, clock } = this.#parts;
    return new Promise((resolve) => {
      const timer = clock.setTimer(TIMEOUT_MS[visit.api.kind], () => {
        const payload = Buffer.from('{"errorMessage":"it did not answer in time"}');
        resolve({ kind: 'function-failed', payload, ...NOTHING_RAN });
      });
      const options = { traceId: visit.traceId };
      void invoker.invoke(definition.target, event, options).then((outcome) => {
        timer.cancel();
        resolve(outcome);
      });
    });
  }

  async #token(visit: Visit, definition: JwtAuthorizerDefinition): Promise<Authorization> {
    const [written] = identityOf(visit, definition.identitySources) ?? [];
    if (written === undefined) return unauthorized();
    const verdict = await this.#tokens.check(bare(written), definition);
    if (verdict.kind === 'invalid') {
      this.#tellInvalid(definition.issuer, verdict);
      return unauthorized(verdict.reason);
    }
    const scopes = scopesOf(verdict.claims);
    const { scopes: wanted = [] } = visit.route;
    if (!holdsOne(wanted, scopes)) return refused({ type: 'INSUFFICIENT_SCOPE' });
    const found = wanted.length === 0 ? null : scopes;
    const jwt = { claims: claimTexts(verdict.claims), scopes: found };
    return { kind: 'authorized', v1: jwt, v2: { jwt } };
  }

  async #userPool(visit: Visit, definition: CognitoAuthorizerDefinition): Promise<Authorization> {
    const [written] = identityOf(visit, definition.identitySources) ?? [];
    if (written === undefined) return refused({ type: 'UNAUTHORIZED' });
    let last: TokenVerdict | undefined;
    for (const { issuer, verified } of definition.pools) {
      last = await this.#tokens.check(bare(written), { issuer, verified, audience: [] });
      if (last.kind === 'invalid') this.#tellInvalid(issuer, last);
      else break;
    }
    if (last?.kind !== 'valid') {
      const expired = last?.kind === 'invalid' && last.expired === true;
      return refused({ type: expired ? 'EXPIRED_TOKEN' : 'UNAUTHORIZED' });
    }
    if (!holdsOne(visit.route.scopes ?? [], scopesOf(last.claims))) {
      return refused({ type: 'UNAUTHORIZED' });
    }
    return { kind: 'authorized', v1: { claims: claimTexts(last.claims) } };
  }

  #tellInvalid(issuer: string, verdict: TokenVerdict & { kind: 'invalid' }): void {
    if (verdict.unreachable !== true) return;
    this.#parts.tell(`tokens of ${issuer} cannot be checked: ${verdict.reason}`);
  }
}

const NOTHING_RAN = {
  contentType: 'application/json',
  executedVersion: '$LATEST',
  errorType: 'Timeout',
} as const;

function eventOf(
  visit: Visit,
  { kind, payloadFormat }: LambdaAuthorizerDefinition,
  { arn, identity }: { arn: string; identity: readonly string[] },
): object {
  if (kind === 'token') return { type: 'TOKEN', methodArn: arn, authorizationToken: identity[0] };
  if (visit.api.kind === 'rest') return v1AuthorizerEventOf(visit, arn);
  if (payloadFormat === '2.0') return v2AuthorizerEventOf(visit, arn, identity);
  const joined = identity.join(',');
  return {
    version: '1.0',
    ...v1AuthorizerEventOf(visit, arn),
    identitySource: joined,
    authorizationToken: joined,
  };
}

function lambdaAuthorization(
  answer: LambdaAnswer & { kind: 'simple' | 'policy' },
  api: 'rest' | 'http',
  { latencyMs }: { latencyMs: number },
): Authorization {
  const principal = answer.kind === 'policy' ? { principalId: answer.principalId } : {};
  const latency = api === 'rest' ? { integrationLatency: latencyMs } : {};
  return {
    kind: 'authorized',
    v1: { ...answer.context, ...principal, ...latency },
    v2: { lambda: Object.keys(answer.context).length === 0 ? null : answer.context },
    ...(answer.kind === 'policy' && answer.apiKey !== undefined ? { apiKey: answer.apiKey } : {}),
  };
}

function refused(error: GatewayError): Authorization {
  return { kind: 'refused', error };
}

/** As HTTP APIs tell it. */
function unauthorized(reason?: string): Authorization {
  const described =
    reason === undefined
      ? ''
      : ` scope="" error="invalid_token" error_description="${reason.replace(/[^\x20-\x7e]|"/g, "'")}"`;
  const headers = ['www-authenticate', `Bearer${described}`];
  return refused({ type: 'UNAUTHORIZED', headers });
}

function bare(token: string): string {
  return token.replace(/^Bearer +/i, '');
}

function holdsOne(wanted: readonly string[], held: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((scope) => held.includes(scope));
}

/** A pattern that cannot be read was refused when the template was. */
function wholly(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text);
}
