/**
 * The beginning of an HTTP-shaped response stream (contract 7.7): metadata as JSON, eight NUL bytes,
 * then the body. Fed piece by piece, because a runtime may send it in any pieces.
 */

import { isObject } from '../is-object.js';

/** Its content type; every other stream is the body itself. */
export const HTTP_INTEGRATION_TYPE = 'application/vnd.awslambda.http-integration-response';

export interface HttpMetadata {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** One `Set-Cookie` each. */
  readonly cookies: readonly string[];
  /** API Gateway's REST APIs only. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
}

export type PreludeStep =
  /** There is more to come. */
  | { readonly kind: 'incomplete' }
  /** `body` is what followed in the same piece. */
  | { readonly kind: 'complete'; readonly metadata: HttpMetadata; readonly body: Buffer }
  | { readonly kind: 'malformed'; readonly reason: string };

const DELIMITER = Buffer.alloc(8);
const LARGEST_BYTES = 16 * 1024;
const INCOMPLETE: PreludeStep = { kind: 'incomplete' };

export class HttpPrelude {
  #bytes: Buffer = Buffer.alloc(0);

  /** Not to be called again once a prelude is complete or malformed. */
  feed(piece: Buffer): PreludeStep {
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    const end = this.#bytes.indexOf(DELIMITER);
    if (end < 0 && this.#bytes.length < LARGEST_BYTES + DELIMITER.length) return INCOMPLETE;
    if (end < 0 || end > LARGEST_BYTES) {
      return malformed(`no delimiter of eight NUL bytes in the first ${LARGEST_BYTES} bytes`);
    }
    const metadata = metadataOf(this.#bytes.toString('utf8', 0, end));
    if (typeof metadata === 'string') return malformed(metadata);
    return { kind: 'complete', metadata, body: this.#bytes.subarray(end + DELIMITER.length) };
  }

  /** The stream ended without a delimiter. */
  end(): PreludeStep {
    return malformed('the response ended before the delimiter of eight NUL bytes');
  }
}

function malformed(reason: string): PreludeStep {
  return { kind: 'malformed', reason };
}

/** A text says what is wrong. */
function metadataOf(text: string): HttpMetadata | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the metadata is not JSON';
  }
  if (!isObject(value)) return 'the metadata is not a JSON object';
  const { statusCode = 200, headers = {}, cookies = [], multiValueHeaders } = value;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return `statusCode is ${JSON.stringify(statusCode)}, not a whole number from 200 to 599`;
  }
  if (!isObject(headers)) return 'headers is not an object';
  if (!Array.isArray(cookies)) return 'cookies is not a list';
  const read: HttpMetadata = {
    statusCode: status,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, one]): [string, string] => [name, String(one)]),
    ),
    cookies: cookies.map(String),
  };
  if (multiValueHeaders === undefined) return read;
  if (!isObject(multiValueHeaders)) return 'multiValueHeaders is not an object';
  const lists = Object.entries(multiValueHeaders).map(([name, list]): [string, string[]] => [
    name,
    Array.isArray(list) ? list.map(String) : [String(list)],
  ]);
  return { ...read, multiValueHeaders: Object.fromEntries(lists) };
}
