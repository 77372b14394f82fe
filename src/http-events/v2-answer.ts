/** What a function returned, as an HTTP answer by the rules of payload 2.0 (contract 11.2, 11.4). */

import { isObject } from '../is-object.js';

export interface V2Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** Undefined: it is nothing an answer could be made of. */
export function v2AnswerOf(payload: Buffer): V2Answer | undefined {
  let output: unknown;
  try {
    output = JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
  if (isObject(output) && 'statusCode' in output) return shaped(output);
  const text = typeof output === 'string' ? output : JSON.stringify(output);
  return { status: 200, headers: JSON_TYPE, cookies: [], body: Buffer.from(text) };
}

function shaped(output: Record<string, unknown>): V2Answer | undefined {
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded } = output;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  if (!isObject(headers ?? {}) || !Array.isArray(cookies ?? [])) return undefined;
  const named = Object.entries((headers ?? {}) as Record<string, unknown>).map(
    ([name, value]): [string, string] => [name.toLowerCase(), String(value)],
  );
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  return {
    status,
    headers: { ...JSON_TYPE, ...Object.fromEntries(named) },
    cookies: ((cookies ?? []) as unknown[]).map(String),
    body: Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}
