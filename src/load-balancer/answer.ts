/** What a function returned, as the answer of a load balancer (contract 11.5, 11.18). Pure. */

import { isObject } from '../is-object.js';
import { isOfConnection, type HttpAnswer } from '../http-events/answer.js';

const MOST_BYTES = 1024 * 1024;
const DEFAULT_TYPE = 'application/octet-stream';

/** A text says what is wrong. */
export function loadBalancerAnswerOf(payload: Buffer, multi: boolean): HttpAnswer | string {
  if (payload.length > MOST_BYTES) return 'it is larger than 1 MB';
  let output: unknown;
  try {
    output = JSON.parse(payload.toString('utf8'));
  } catch {
    return 'it is not JSON';
  }
  if (!isObject(output)) return 'it is not an object with a statusCode';
  const { statusCode, statusDescription, body = '', isBase64Encoded } = output;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return 'its statusCode is missing or no whole number from 200 to 599';
  }
  if (body !== null && typeof body !== 'string') return 'its body is not a text';
  const headers = headersOf(output[multi ? 'multiValueHeaders' : 'headers'], multi);
  if (typeof headers === 'string') return headers;
  const reason = reasonOf(statusDescription);
  return {
    status,
    ...(reason === undefined ? {} : { reason }),
    headers,
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function headersOf(written: unknown, multi: boolean): string[] | string {
  const given = written ?? {};
  if (!isObject(given)) return `its ${multi ? 'multiValueHeaders' : 'headers'} are not an object`;
  const headers: string[] = [];
  let typed = false;
  for (const [name, value] of Object.entries(given)) {
    if (multi !== Array.isArray(value)) {
      return `its header ${name} is ${multi ? 'not a list' : 'a list'}, which this target group does not take`;
    }
    if (isOfConnection(name)) continue;
    typed ||= name.toLowerCase() === 'content-type';
    for (const one of Array.isArray(value) ? value : [value]) headers.push(name, String(one));
  }
  return typed ? headers : [...headers, 'content-type', DEFAULT_TYPE];
}

/** `200 OK` → `OK`. */
function reasonOf(description: unknown): string | undefined {
  if (typeof description !== 'string') return undefined;
  const reason = description.replace(/^\d{3} */, '');
  return /^[\x20-\x7e]+$/.test(reason) ? reason : undefined;
}

const TITLES: Readonly<Record<number, string>> = {
  404: 'Not Found',
  413: 'Request Entity Too Large',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** What the load balancer says itself. */
export function loadBalancerError(status: number): HttpAnswer {
  const title = `${status} ${TITLES[status] ?? 'Error'}`;
  const body = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    '</body>',
    '</html>',
    '',
  ].join('\r\n');
  return {
    status,
    headers: ['Server', 'awselb/2.0', 'Content-Type', 'text/html'],
    body: Buffer.from(body),
  };
}
