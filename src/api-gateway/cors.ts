/**
 * Cross-origin answers of HTTP APIs (contract 12.4): questions of browsers are answered without a
 * function, and what functions say of it themselves is left out. Pure.
 */

import { corsHeaders, preflightHeaders, type Cors } from '../http-events/cors.js';
import type { CorsDefinition } from '../stack/http.js';

export function isPreflight(method: string, headers: Readonly<Record<string, unknown>>): boolean {
  return (
    method === 'OPTIONS' &&
    headers['origin'] !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

export function preflightAnswerHeaders(cors: CorsDefinition, origin: string): string[] {
  return Object.entries(preflightHeaders(inAwsWords(cors, origin), origin)).flat();
}

/** `headers` as the integration made them: names and values in turn. */
export function withCors(
  headers: readonly string[],
  cors: CorsDefinition,
  origin: string | undefined,
): string[] {
  const own = headers.filter((_, index) => !isCors(headers[index - (index % 2)] ?? ''));
  if (origin === undefined) return own;
  return [...own, ...Object.entries(corsHeaders(inAwsWords(cors, origin), origin)).flat()];
}

function isCors(name: string): boolean {
  return name.toLowerCase().startsWith('access-control-');
}

function inAwsWords(cors: CorsDefinition, origin: string): Cors {
  const { allowOrigins, maxAgeSeconds } = cors;
  // `https://*` stands for all origins of that scheme.
  const byScheme = allowOrigins.some(
    (one) => one !== '*' && one.endsWith('*') && origin.startsWith(one.slice(0, -1)),
  );
  return {
    AllowOrigins: byScheme ? [...allowOrigins, origin] : allowOrigins,
    AllowHeaders: cors.allowHeaders,
    AllowMethods: cors.allowMethods,
    ExposeHeaders: cors.exposeHeaders,
    AllowCredentials: cors.allowCredentials,
    ...(maxAgeSeconds === undefined ? {} : { MaxAge: maxAgeSeconds }),
  };
}
