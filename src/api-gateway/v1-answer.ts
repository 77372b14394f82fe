/**
 * What a function returned, as an HTTP answer by the rules of payload 1.0 (contract 11.1, 11.18).
 * Pure.
 */

import { isObject } from '../is-object.js';
import { isOfConnection, type HttpAnswer } from '../http-events/answer.js';
import { isBinary } from './media-types.js';

export interface V1Rules {
  readonly kind: 'rest' | 'http';
  readonly binaryMediaTypes: readonly string[];
  /** Of the request. */
  readonly accept: string | undefined;
}

/** A text says what is wrong. */
export type V1Answer = HttpAnswer | string;

const KEYS: ReadonlySet<string> = new Set([
  'statusCode',
  'headers',
  'multiValueHeaders',
  'body',
  'isBase64Encoded',
  'base64Encoded',
]);
/** REST APIs have their own; a function's come under another name. */
const REMAPPED: ReadonlySet<string> = new Set([
  'authorization',
  'content-md5',
  'date',
  'server',
  'www-authenticate',
  'x-amzn-requestid',
]);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

export function v1AnswerOf(payload: Buffer, rules: V1Rules): V1Answer {
  let output: unknown;
  try {
    output = JSON.parse(payload.toString('utf8'));
  } catch {
    return 'it is not JSON';
  }
  if (!isObject(output)) return 'it is not an object with a statusCode';
  if (rules.kind === 'rest') {
    const unknown = Object.keys(output).find((key) => !KEYS.has(key));
    if (unknown !== undefined) return `it has the key ${unknown}, which no answer has`;
  }
  const status = statusOf(output['statusCode']);
  if (status === undefined) return 'its statusCode is missing or no whole number from 200 to 599';
  const headers = headersOf(output, rules.kind);
  if (typeof headers === 'string') return headers;
  const body = bodyOf(output, contentTypeOf(headers), rules);
  return typeof body === 'string' ? body : { status, headers, body };
}

function statusOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || !/^\d+$/.test(value))) {
    return undefined;
  }
  const status = Number(value);
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

/** Those of `multiValueHeaders` win over those of `headers`. */
function headersOf(output: Record<string, unknown>, kind: V1Rules['kind']): string[] | string {
  const { headers: written, multiValueHeaders } = output;
  const single = written ?? {};
  const multi = multiValueHeaders ?? {};
  if (!isObject(single)) return 'its headers are not an object';
  if (!isObject(multi)) return 'its multiValueHeaders are not an object';
  const named = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of Object.entries(single)) {
    if (value === null || value === undefined) continue;
    if (typeof value === 'object') return `its header ${name} is not a text`;
    named.set(name.toLowerCase(), { name, values: [String(value)] });
  }
  for (const [name, values] of Object.entries(multi)) {
    if (!Array.isArray(values)) return `the values of ${name} in multiValueHeaders are not a list`;
    named.set(name.toLowerCase(), { name, values: values.map(String) });
  }
  if (!named.has('content-type')) {
    named.set('content-type', { name: 'Content-Type', values: ['application/json'] });
  }
  return [...named].flatMap(([key, { name, values }]) => {
    const shown = kind === 'rest' && REMAPPED.has(key) ? `x-amzn-Remapped-${name}` : name;
    return isOfConnection(key) ? [] : values.flatMap((value) => [shown, value]);
  });
}

function bodyOf(
  output: Record<string, unknown>,
  contentType: string | undefined,
  { kind, binaryMediaTypes, accept }: V1Rules,
): Buffer | string {
  const { body: written } = output;
  const body = written ?? '';
  if (typeof body !== 'string') return 'its body is not a text';
  const encoded =
    output['isBase64Encoded'] === true || (kind === 'rest' && output['base64Encoded'] === true);
  const decodes =
    kind === 'http' ||
    isBinary(contentType, binaryMediaTypes) ||
    isBinary(accept, binaryMediaTypes);
  if (!encoded || !decodes) return Buffer.from(body, 'utf8');
  if (!BASE64.test(body.replace(/\s/g, ''))) return 'its body is not base64';
  return Buffer.from(body, 'base64');
}

function contentTypeOf(headers: readonly string[]): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === 'content-type') return headers[index + 1];
  }
  return undefined;
}
