/** Cross-origin headers of function URLs and HTTP APIs (contract 8.10, 12.4). */

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
  const { AllowOrigins = [], AllowCredentials } = cors;
  const exposed = sendable(cors.ExposeHeaders);
  const anyone = AllowOrigins.includes('*');
  if (!anyone && !AllowOrigins.includes(origin)) return {};
  const named = !anyone || AllowCredentials === true;
  return {
    'access-control-allow-origin': named ? origin : '*',
    ...(named ? { vary: 'Origin' } : {}),
    ...(AllowCredentials === true ? { 'access-control-allow-credentials': 'true' } : {}),
    ...(exposed === '' ? {} : { 'access-control-expose-headers': exposed }),
  };
}

/** For the answer to a browser's question whether it may ask. */
export function preflightHeaders(cors: Cors, origin: string): Record<string, string> {
  const allowed = corsHeaders(cors, origin);
  if (Object.keys(allowed).length === 0) return {};
  const { MaxAge } = cors;
  const [methods, headers] = [sendable(cors.AllowMethods), sendable(cors.AllowHeaders)];
  return {
    ...allowed,
    ...(methods === '' ? {} : { 'access-control-allow-methods': methods }),
    ...(headers === '' ? {} : { 'access-control-allow-headers': headers }),
    ...(MaxAge === undefined ? {} : { 'access-control-max-age': String(MaxAge) }),
  };
}

/** As one header. The model takes any text for a name; what is none could not be sent at all. */
function sendable(names: readonly string[] = []): string {
  return names.filter((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)).join(',');
}
