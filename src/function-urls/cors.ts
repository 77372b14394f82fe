/** Cross-origin headers of a function URL (contract 8.10). */

export interface Cors {
  readonly AllowCredentials?: boolean;
  readonly AllowHeaders?: readonly string[];
  readonly AllowMethods?: readonly string[];
  readonly AllowOrigins?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  readonly MaxAge?: number;
}

/** For the answer to a request from `origin`; none when it may not read it. */
export function corsHeaders(
  cors: Cors | undefined,
  origin: string | undefined,
): Record<string, string> {
  if (cors === undefined || origin === undefined) return {};
  const { AllowOrigins = [], AllowCredentials, ExposeHeaders = [] } = cors;
  const anyone = AllowOrigins.includes('*');
  if (!anyone && !AllowOrigins.includes(origin)) return {};
  const named = !anyone || AllowCredentials === true;
  return {
    'access-control-allow-origin': named ? origin : '*',
    ...(named ? { vary: 'Origin' } : {}),
    ...(AllowCredentials === true ? { 'access-control-allow-credentials': 'true' } : {}),
    ...(ExposeHeaders.length === 0
      ? {}
      : { 'access-control-expose-headers': ExposeHeaders.join(',') }),
  };
}

/** For the answer to a browser's question whether it may ask. */
export function preflightHeaders(cors: Cors, origin: string): Record<string, string> {
  const allowed = corsHeaders(cors, origin);
  if (Object.keys(allowed).length === 0) return {};
  const { AllowMethods = [], AllowHeaders = [], MaxAge } = cors;
  return {
    ...allowed,
    ...(AllowMethods.length === 0
      ? {}
      : { 'access-control-allow-methods': AllowMethods.join(',') }),
    ...(AllowHeaders.length === 0
      ? {}
      : { 'access-control-allow-headers': AllowHeaders.join(',') }),
    ...(MaxAge === undefined ? {} : { 'access-control-max-age': String(MaxAge) }),
  };
}
