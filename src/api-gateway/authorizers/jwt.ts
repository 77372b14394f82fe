/**
 * JSON Web Tokens (contract 11.2, 11.3): signature by the issuer's keys, issuer, times, audience
 * and scopes. Where the issuer is made by the template itself there is nobody to ask for keys, and
 * the claims are believed. What is loaded for it is loaded at the first token.
 */

import type * as jose from 'jose';
import type { Clock } from '../../async/clock.js';
import { messageOf } from '../../errors.js';

export interface TokenRules {
  readonly issuer: string;
  /** One of them must be the token's `aud` or `client_id`; empty: any. */
  readonly audience: readonly string[];
  readonly verified: boolean;
}

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly claims: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'invalid';
      readonly reason: string;
      readonly expired?: boolean;
      /** The issuer could not be asked. */
      readonly unreachable?: boolean;
    };

/** All that API Gateway takes. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512'];
const RETRY_AFTER_MS = 5000;
const DISCOVERY_MS = 5000;

type Jose = typeof jose;
type Keys = ReturnType<Jose['createRemoteJWKSet']>;

interface Issuer {
  readonly keys: Promise<Keys>;
  readonly failedAtMs?: number;
}

export class Tokens {
  readonly #clock: Clock;
  readonly #issuers = new Map<string, Issuer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never rejects. */
  async check(token: string, rules: TokenRules): Promise<TokenVerdict> {
    const library = await import('jose');
    const currentDate = new Date(this.#clock.now());
    let claims: Readonly<Record<string, unknown>>;
    try {
      if (rules.verified) {
        const keys = await this.#keysOf(rules.issuer, library);
        const options = { issuer: rules.issuer, algorithms: ALGORITHMS, currentDate };
        claims = (await library.jwtVerify(token, keys, options)).payload;
      } else claims = believed(library.decodeJwt(token), currentDate);
    } catch (error) {
      return invalidity(error);
    }
    if (!audienceHolds(claims, rules.audience)) {
      return { kind: 'invalid', reason: 'the token is for another audience' };
    }
    return { kind: 'valid', claims };
  }

  async #keysOf(issuer: string, library: Jose): Promise<Keys> {
    const known = this.#issuers.get(issuer);
    const again =
      known?.failedAtMs !== undefined &&
      this.#clock.monotonic() - known.failedAtMs >= RETRY_AFTER_MS;
    if (known !== undefined && !again) return known.keys;
    const keys = discover(issuer, library);
    this.#issuers.set(issuer, { keys });
    keys.catch(() => this.#issuers.set(issuer, { keys, failedAtMs: this.#clock.monotonic() }));
    return keys;
  }
}

export class Unreachable extends Error {}

async function discover(issuer: string, library: Jose): Promise<Keys> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DISCOVERY_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const { jwks_uri: keys } = (await response.json()) as { jwks_uri?: unknown };
    if (typeof keys !== 'string') throw new Error('it names no jwks_uri');
    return library.createRemoteJWKSet(new URL(keys), { timeoutDuration: DISCOVERY_MS });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Unreachable(`${url} cannot be read: ${messageOf(cause)}`);
  }
}

/** Without a signature that could be checked, its time can be. */
function believed(claims: Readonly<Record<string, unknown>>, now: Date): typeof claims {
  const { exp } = claims;
  if (typeof exp === 'number' && exp * 1000 <= now.getTime()) {
    throw Object.assign(new Error('"exp" claim timestamp check failed'), {
      code: 'ERR_JWT_EXPIRED',
    });
  }
  return claims;
}

function invalidity(error: unknown): TokenVerdict {
  const code = (error as { code?: unknown }).code;
  const unreachable =
    error instanceof Unreachable ||
    code === 'ERR_JWKS_TIMEOUT' ||
    code === undefined ||
    code === 'ERR_JOSE_GENERIC';
  return {
    kind: 'invalid',
    reason: messageOf(error),
    ...(code === 'ERR_JWT_EXPIRED' ? { expired: true } : {}),
    ...(unreachable ? { unreachable } : {}),
  };
}

function audienceHolds(
  { aud, client_id: client }: Readonly<Record<string, unknown>>,
  audience: readonly string[],
): boolean {
  if (audience.length === 0) return true;
  const named: unknown[] = [...(Array.isArray(aud) ? aud : [aud]), client];
  return audience.some((one) => named.includes(one));
}

/** The scopes of a token, from `scope` or `scp`. */
export function scopesOf({ scope, scp }: Readonly<Record<string, unknown>>): string[] {
  const written = scope ?? scp;
  if (Array.isArray(written)) return written.map(String);
  return typeof written === 'string' ? written.split(' ').filter((one) => one !== '') : [];
}

/** Claims as functions see them: texts, lists in brackets. */
export function claimTexts(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, claimText(value)]),
  );
}

function claimText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
