/** How values stand in events: as JSON text, in base64, zipped, URL-encoded, typed. Pure. */

import { gunzipSync, gzipSync } from 'node:zlib';

export interface Codec {
  /** What the encoded form means; throws when it means nothing. */
  decode(encoded: unknown): unknown;
  encode(value: unknown): unknown;
  /** What was written is taken as text, though it may look like a number. */
  readonly ofText?: true;
}

/** As it is: a short name for a long path. */
export const plain: Codec = { decode: (value) => value, encode: (value) => value };

/** Text; what is no text becomes JSON. */
export const text: Codec = {
  decode: (encoded) => (typeof encoded === 'string' ? parsed(encoded) : encoded),
  encode: (value) => (value === null ? null : asText(value)),
  ofText: true,
};

export const base64: Codec = {
  decode: (encoded) => parsed(Buffer.from(String(encoded), 'base64').toString('utf8')),
  encode: (value) => Buffer.from(asText(value)).toString('base64'),
  ofText: true,
};

/** As CloudWatch Logs sends its data. */
export const zipped: Codec = {
  decode: (encoded) => parsed(gunzipSync(Buffer.from(String(encoded), 'base64')).toString('utf8')),
  encode: (value) => gzipSync(Buffer.from(asText(value))).toString('base64'),
};

/** Keys of S3: percent-encoded, a blank as `+`. */
export const objectKey: Codec = {
  decode: (encoded) => decodeURIComponent(String(encoded).replace(/\+/g, ' ')),
  encode: (value) => encodeURIComponent(asText(value)).replace(/%2F/g, '/').replace(/%20/g, '+'),
  ofText: true,
};

/** Items of DynamoDB. */
export const item: Codec = {
  decode: (encoded) =>
    Object.fromEntries(entriesOf(encoded).map(([name, value]) => [name, plainOf(value)])),
  encode: (value) =>
    Object.fromEntries(entriesOf(value).map(([name, inner]) => [name, typedOf(inner)])),
};

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The JSON it holds, or the text itself. */
export function parsed(encoded: string): unknown {
  try {
    return JSON.parse(encoded);
  } catch {
    return encoded;
  }
}

function typedOf(value: unknown): unknown {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  if (Array.isArray(value)) return { L: value.map(typedOf) };
  return isTyped(value) ? value : { M: item.encode(value) };
}

function plainOf(value: unknown): unknown {
  const [[type, inner] = []] = entriesOf(value);
  if (type === 'N') return Number(inner);
  if (type === 'NULL') return null;
  if (type === 'L') return (inner as unknown[]).map(plainOf);
  if (type === 'M') return item.decode(inner);
  // Sets and bytes have no plain form.
  return type === 'S' || type === 'BOOL' ? inner : value;
}

/** Whether somebody wrote the typed form themselves. */
function isTyped(value: unknown): boolean {
  const [[type, inner] = [], ...others] = entriesOf(value);
  if (others.length > 0) return false;
  if (type === 'S' || type === 'N' || type === 'B') return typeof inner === 'string';
  if (type === 'SS' || type === 'NS' || type === 'BS' || type === 'L') return Array.isArray(inner);
  if (type === 'BOOL' || type === 'NULL') return typeof inner === 'boolean';
  return type === 'M' && typeof inner === 'object' && inner !== null;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
