/** An error as the service it stands in for would write it. */

import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ScopedRequest } from './scope.js';

export interface Failure {
  readonly status: 400 | 403 | 503;
  readonly message: string;
  /** Such as `UnrecognizedClientException`; absent: the one the status has everywhere. */
  readonly code?: string;
}

const CODES = { 400: 'BadRequest', 403: 'AccessDenied', 503: 'ServiceUnavailable' } as const;

/** How the service speaks: clients read the error from there only. */
type Protocol = 'json' | 's3' | 'query';

export function protocolOf({ headers }: ScopedRequest, service: string): Protocol {
  if (service === 's3' || service === 's3express') return 's3';
  const type = headers['content-type'] ?? '';
  const isJson = headers['x-amz-target'] !== undefined || type.includes('json');
  return isJson || !type.includes('form') ? 'json' : 'query';
}

export function sendFailure(
  response: ServerResponse,
  protocol: Protocol,
  { status, message, code = codeOf(protocol, status) }: Failure,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const requestId = randomUUID();
  const [type, body] = written(protocol, code, message, requestId);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'x-amzn-RequestId': requestId,
    ...(protocol === 'json' ? { 'x-amzn-ErrorType': code } : {}),
  });
  response.end(body);
}

/** Services that speak JSON end the names of their exceptions so. */
function codeOf(protocol: Protocol, status: Failure['status']): string {
  return protocol === 'json' ? `${CODES[status]}Exception` : CODES[status];
}

function written(
  protocol: Protocol,
  code: string,
  message: string,
  requestId: string,
): readonly [string, string] {
  const text = escaped(message);
  switch (protocol) {
    case 'json':
      return ['application/x-amz-json-1.0', JSON.stringify({ __type: code, message })];
    case 's3':
      return [
        'application/xml',
        `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text}</Message><RequestId>${requestId}</RequestId></Error>`,
      ];
    case 'query':
      return [
        'text/xml',
        `<ErrorResponse><Error><Type>Receiver</Type><Code>${code}</Code><Message>${text}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
      ];
  }
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
