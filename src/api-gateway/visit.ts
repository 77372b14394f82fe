/** One request to an API, with all that its events tell. Pure. */

import { createHash } from 'node:crypto';
import { decoded } from '../decoded.js';
import { splitTarget, type HttpRequest } from '../http-events/request.js';
import type { ApiDefinition } from '../stack/http.js';
import type { RouteMatch } from './route-table.js';

export interface Visit extends RouteMatch {
  readonly api: ApiDefinition;
  readonly request: HttpRequest;
  /** Without the stage, as it stands in the request line. */
  readonly path: string;
  readonly query: string;
  readonly region: string;
  readonly accountId: string;
  /** UUID; the function's own as well. */
  readonly requestId: string;
  /** Such as `JKJaXmPLvHcESHA=`. */
  readonly extendedRequestId: string;
  readonly traceId: string;
  readonly nowMs: number;
  /** Of signed requests. */
  readonly accessKey?: string;
  readonly apiKey?: { readonly id: string; readonly value: string };
}

export type Authorized = Readonly<Record<string, unknown>>;

/** The stage as a part of the path: empty for `$default`. */
export function stagePrefix({ stage }: Pick<ApiDefinition, 'stage'>): string {
  return stage === '$default' ? '' : `/${stage}`;
}

export function domainOf({ id }: ApiDefinition, region: string): string {
  return `${id}.execute-api.${region}.amazonaws.com`;
}

/** Of a method and path of this request, as policies name it. */
export function methodArn({ api, path, request, region, accountId }: Visit): string {
  const { path: plain } = splitTarget(path);
  return `arn:aws:execute-api:${region}:${accountId}:${api.id}/${api.stage}/${request.method}${plain}`;
}

/** The same for the same text at every start. */
export function shortId(text: string, length = 6): string {
  const digest = createHash('sha256').update(text).digest('hex');
  return BigInt(`0x${digest.slice(0, 24)}`)
    .toString(36)
    .padStart(length, '0')
    .slice(-length);
}

const EXTENDED_BYTES = 11;

/** Of a request's own id, so that both are as unlikely to come twice. */
export function extendedIdOf(requestId: string): string {
  return Buffer.from(requestId.replaceAll('-', ''), 'hex').toString('base64', 0, EXTENDED_BYTES);
}

export function decodedAll(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, decoded(text)]));
}

export function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}
