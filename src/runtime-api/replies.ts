/**
 * The Runtime API's answers as bytes (contract 1.2 and 1.6). Error bodies keep the contract's
 * order of fields and end with a newline.
 */

import { LIMITS } from '../config/defaults.js';
import type { ChannelPhase, Delivery } from '../environment/channel.js';
import type { Verdict } from '../environment/post.js';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  /** Further headers, complete lines each ending in CRLF. */
  readonly headers?: string;
}

const REASON_PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
};

export function errorReply(status: number, errorType: string, errorMessage: string): Reply {
  const body = Buffer.from(`${JSON.stringify({ errorMessage, errorType })}\n`);
  return { status, contentType: 'application/json', body };
}

export const ACCEPTED: Reply = {
  status: 202,
  contentType: 'application/json',
  body: Buffer.from('{"status":"OK"}\n'),
};

export const UNKNOWN_ENVIRONMENT = errorReply(
  403,
  'Forbidden',
  'This host name belongs to no execution environment.',
);

export const INVALID_RESPONSE_MODE = errorReply(
  400,
  'InvalidFunctionResponseMode',
  'Invalid function response mode',
);

export const TRUNCATED_REQUEST = errorReply(
  400,
  'TruncatedHTTPRequest',
  'HTTP request detected as truncated',
);

/** `wanted` is the state the call would have led to, in the contract's names (1.7). */
export function verdictReply(verdict: Verdict, phase: ChannelPhase, wanted: string): Reply {
  switch (verdict) {
    case 'accepted':
      return ACCEPTED;
    case 'invalid-request-id':
      return errorReply(400, 'InvalidRequestID', 'Invalid request ID');
    case 'invalid-invocation-id':
      return errorReply(400, 'InvalidInvocationId', 'Invalid invocation ID');
    case 'invalid-state-transition':
      return errorReply(
        403,
        'InvalidStateTransition',
        `State transition from ${phase} to ${wanted} failed for runtime. Error: State transition is not allowed`,
      );
    case 'too-large':
      return errorReply(
        413,
        'RequestEntityTooLarge',
        `Exceeded maximum allowed payload size (${LIMITS.payloadBytes} bytes).`,
      );
  }
}

/** Header values travel as Latin-1 on one line; JSON can say everything else with escapes. */
function jsonHeader(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (char) =>
    char < ' ' ? ' ' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function deliveryReply(delivery: Delivery): Reply {
  let headers =
    `Lambda-Runtime-Aws-Request-Id: ${delivery.requestId}\r\n` +
    `Lambda-Runtime-Deadline-Ms: ${Math.round(delivery.deadlineMs)}\r\n` +
    `Lambda-Runtime-Invoked-Function-Arn: ${delivery.invokedFunctionArn}\r\n` +
    `Lambda-Runtime-Trace-Id: ${delivery.traceId}\r\n` +
    `Lambda-Runtime-Invocation-Id: ${delivery.invocationId}\r\n`;
  if (delivery.clientContext !== undefined) {
    headers += `Lambda-Runtime-Client-Context: ${jsonHeader(delivery.clientContext)}\r\n`;
  }
  if (delivery.tenantId !== undefined) {
    headers += `Lambda-Runtime-Aws-Tenant-Id: ${delivery.tenantId}\r\n`;
  }
  return { status: 200, contentType: delivery.contentType, body: delivery.payload, headers };
}

/** The head of a reply, its final empty line included; Latin-1. */
export function headOf({ status, contentType, headers = '', body }: Reply): string {
  return (
    `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? 'Unknown'}\r\n` +
    `Content-Type: ${contentType}\r\n${headers}Content-Length: ${body.length}\r\n\r\n`
  );
}

/** Head and body of the answer to nearly every post. */
export const ACCEPTED_TEXT = headOf(ACCEPTED) + ACCEPTED.body.toString('latin1');
