/**
 * What an API answers itself (contract 11.1–11.3). REST APIs may have answers of their own for each
 * type; HTTP APIs have these. Pure.
 */

import type { HttpAnswer } from '../http-events/answer.js';
import type { ApiDefinition } from '../stack/http.js';

interface Default {
  readonly status: number;
  readonly message: string;
  readonly exception: string;
  /** Of HTTP APIs, where they differ. */
  readonly http?: { readonly status?: number; readonly message?: string };
}

const INTERNAL = 'InternalServerErrorException';
const FAILED = { status: 500, message: 'Internal Server Error' };

const TYPES = {
  ACCESS_DENIED: {
    status: 403,
    message: 'User is not authorized to access this resource',
    exception: 'AccessDeniedException',
  },
  /** The function failed, or what it returned is no answer. */
  FUNCTION_FAILED: {
    status: 502,
    message: 'Internal server error',
    exception: INTERNAL,
    http: FAILED,
  },
  AUTHORIZER_FAILURE: {
    status: 500,
    message: 'Internal server error',
    exception: 'AuthorizerFailureException',
    http: FAILED,
  },
  EXPIRED_TOKEN: {
    status: 401,
    message: 'The incoming token has expired',
    exception: 'UnauthorizedException',
  },
  INTEGRATION_FAILURE: {
    status: 504,
    message: 'Network error communicating with endpoint',
    exception: INTERNAL,
    http: { status: 503, message: 'Service Unavailable' },
  },
  /** The function cannot be run. */
  INTERNAL_ERROR: {
    status: 500,
    message: 'Internal server error',
    exception: INTERNAL,
    http: FAILED,
  },
  INTEGRATION_TIMEOUT: {
    status: 504,
    message: 'Endpoint request timed out',
    exception: INTERNAL,
    http: { status: 503, message: 'Service Unavailable' },
  },
  INVALID_API_KEY: { status: 403, message: 'Forbidden', exception: 'ForbiddenException' },
  MISSING_AUTHENTICATION_TOKEN: {
    status: 403,
    message: 'Missing Authentication Token',
    exception: 'MissingAuthenticationTokenException',
    http: { message: 'Forbidden' },
  },
  RESOURCE_NOT_FOUND: { status: 404, message: 'Not Found', exception: 'NotFoundException' },
  REQUEST_TOO_LARGE: {
    status: 413,
    message: 'Request Too Long',
    exception: 'RequestTooLargeException',
    http: { message: 'Request Entity Too Large' },
  },
  REQUEST_HEADERS_TOO_LARGE: {
    status: 431,
    message: 'Request Header Fields Too Large',
    exception: 'BadRequestException',
  },
  THROTTLED: {
    status: 429,
    message: 'Too Many Requests',
    exception: 'TooManyRequestsException',
  },
  FUNCTION_THROTTLED: {
    status: 500,
    message: 'Internal server error',
    exception: INTERNAL,
    http: { status: 503, message: 'Service Unavailable' },
  },
  UNAUTHORIZED: { status: 401, message: 'Unauthorized', exception: 'UnauthorizedException' },
  INSUFFICIENT_SCOPE: { status: 403, message: 'Forbidden', exception: 'ForbiddenException' },
} as const satisfies Readonly<Record<string, Default>>;

export type GatewayErrorType = keyof typeof TYPES;

export interface GatewayError {
  readonly type: GatewayErrorType;
  /** Instead of the type's own. */
  readonly message?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

/** Types that a REST API knows under another name. */
const KNOWN_AS: Readonly<Record<string, string>> = {
  FUNCTION_FAILED: 'DEFAULT_5XX',
  FUNCTION_THROTTLED: 'DEFAULT_5XX',
  INTERNAL_ERROR: 'DEFAULT_5XX',
  INSUFFICIENT_SCOPE: 'UNAUTHORIZED',
  REQUEST_HEADERS_TOO_LARGE: 'DEFAULT_4XX',
};

export interface ErrorContext {
  readonly requestId: string;
  readonly extendedRequestId: string;
}

export function gatewayAnswer(
  api: Pick<ApiDefinition, 'kind' | 'gatewayResponses'>,
  error: GatewayError,
  context: ErrorContext,
): HttpAnswer {
  const known: Default = TYPES[error.type];
  if (api.kind === 'http') {
    const { status = known.status, message = known.message } = known.http ?? {};
    const body = Buffer.from(JSON.stringify({ message: error.message ?? message }));
    return {
      status,
      headers: ['content-type', 'application/json', ...(error.headers ?? [])],
      body,
    };
  }
  const message = error.message ?? known.message;
  const own = ownResponse(api, error.type, known.status);
  const fill = (text: string): string => filled(text, { error, message, known, context });
  const [type = 'application/json', template = '{"message":$context.error.messageString}'] =
    Object.entries(own?.templates ?? {})[0] ?? [];
  const headers = Object.entries(own?.headers ?? {}).flatMap(([name, value]) => [
    name,
    fill(value),
  ]);
  return {
    status: own?.status ?? known.status,
    headers: [
      'Content-Type',
      type,
      'x-amzn-ErrorType',
      known.exception,
      ...(error.headers ?? []),
      ...headers,
    ],
    body: Buffer.from(fill(template)),
  };
}

function ownResponse(
  { gatewayResponses }: Pick<ApiDefinition, 'gatewayResponses'>,
  type: GatewayErrorType,
  status: number,
) {
  return (
    gatewayResponses[KNOWN_AS[type] ?? type] ??
    gatewayResponses[status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX']
  );
}

interface Filling {
  readonly error: GatewayError;
  readonly message: string;
  readonly known: Default;
  readonly context: ErrorContext;
}

function filled(text: string, { error, message, context }: Filling): string {
  const values: Readonly<Record<string, string>> = {
    'error.messageString': JSON.stringify(message),
    'error.message': message,
    'error.responseType': KNOWN_AS[error.type] ?? error.type,
    requestId: context.requestId,
    extendedRequestId: context.extendedRequestId,
  };
  return text.replace(
    /\$(?:\{context\.([\w.]+)\}|context\.([\w.]*\w))/g,
    (whole, braced?: string, bare?: string) => values[braced ?? bare ?? ''] ?? whole,
  );
}
