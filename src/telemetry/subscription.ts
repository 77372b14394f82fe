/**
 * What an extension may ask of the Telemetry API and the Logs API (contract 2.5, 2.6), checked
 * against the contract's values. Pure.
 */

import { isObject } from '../is-object.js';
import type { SubscriptionType } from './events.js';
import { LOGS_SCHEMAS, TELEMETRY_SCHEMAS, type Schema } from './records.js';

export type SubscriptionApi = 'telemetry' | 'logs';

export interface Buffering {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Where inside the environment somebody listens. */
export type Destination =
  | {
      readonly protocol: 'HTTP';
      readonly method: 'POST' | 'PUT';
      /** As the listener is to see it. */
      readonly host: string;
      readonly port: number;
      readonly path: string;
    }
  | { readonly protocol: 'TCP'; readonly port: number };

export interface Subscription {
  readonly schema: Schema;
  readonly types: readonly SubscriptionType[];
  readonly buffering: Buffering;
  readonly destination: Destination;
}

const TYPES: readonly string[] = ['platform', 'function', 'extension'];
const SCHEMAS: Readonly<Record<SubscriptionApi, readonly Schema[]>> = {
  telemetry: TELEMETRY_SCHEMAS,
  logs: LOGS_SCHEMAS,
};
/** The environment's own name; the short one is that of older guides. */
const HOST_NAMES = ['sandbox.localdomain', 'sandbox'];

const BUFFERING = {
  maxItems: { least: 1000, most: 10_000, usual: 10_000 },
  maxBytes: { least: 262_144, most: 1_048_576, usual: 262_144 },
  timeoutMs: { least: 25, most: 30_000, usual: 1000 },
} as const;

/** The request, or a text that says what is wrong with it. */
export function readSubscription(api: SubscriptionApi, body: string): Subscription | string {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  if (!isObject(request)) return 'the body is not a JSON object';
  const schema = schemaOf(api, request['schemaVersion']);
  if (schema === undefined) {
    return `schemaVersion is ${shown(request['schemaVersion'])}; expected one of ${SCHEMAS[api].join(', ')}`;
  }
  const types = typesOf(request['types']);
  if (types === undefined) {
    return `types is ${shown(request['types'])}; expected one or more of ${TYPES.join(', ')}`;
  }
  const destination = destinationOf(request['destination']);
  if (typeof destination === 'string') return destination;
  const buffering = bufferingOf(request['buffering']);
  if (typeof buffering === 'string') return buffering;
  return { schema, types, buffering, destination };
}

function schemaOf(api: SubscriptionApi, value: unknown): Schema | undefined {
  const [oldest] = SCHEMAS[api];
  return value === undefined || value === null
    ? oldest
    : SCHEMAS[api].find((schema) => schema === value);
}

function typesOf(value: unknown): SubscriptionType[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const known = value.every((type) => typeof type === 'string' && TYPES.includes(type));
  return known ? [...new Set(value as SubscriptionType[])] : undefined;
}

function destinationOf(value: unknown): Destination | string {
  if (!isObject(value)) return 'destination is missing; expected an object with its protocol';
  const { protocol, URI: uri, port, method = 'POST' } = value;
  if (protocol === 'TCP') {
    if (isPort(port)) return { protocol, port };
    return `destination.port is ${shown(port)}; expected a whole number from 1 to 65535`;
  }
  if (protocol !== 'HTTP')
    return `destination.protocol is ${shown(protocol)}; expected HTTP or TCP`;
  if (method !== 'POST' && method !== 'PUT') {
    return `destination.method is ${shown(method)}; expected POST or PUT`;
  }
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== 'http:' || !HOST_NAMES.includes(url.hostname)) {
    return `destination.URI is ${shown(uri)}; expected http://sandbox.localdomain:<port>/<path>`;
  }
  const { host, pathname, search } = url;
  const listens = url.port === '' ? 80 : Number(url.port);
  return { protocol, method, host, port: listens, path: `${pathname}${search}` };
}

function bufferingOf(value: unknown): Buffering | string {
  if (value !== undefined && value !== null && !isObject(value)) {
    return `buffering is ${shown(value)}; expected an object`;
  }
  const asked = isObject(value) ? value : {};
  const found: Record<string, number> = {};
  for (const [name, { least, most, usual }] of Object.entries(BUFFERING)) {
    const number = asked[name] ?? usual;
    if (
      typeof number !== 'number' ||
      !Number.isInteger(number) ||
      number < least ||
      number > most
    ) {
      return `buffering.${name} is ${shown(number)}; expected a whole number from ${least} to ${most}`;
    }
    found[name] = number;
  }
  const { maxItems = 0, maxBytes = 0, timeoutMs = 0 } = found;
  return { maxItems, maxBytes, timeoutMs };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

const LONGEST_SHOWN = 80;

function shown(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
