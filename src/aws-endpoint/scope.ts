/**
 * Which service of AWS a request is for. Pure. A signature names it: in the header, or in the query
 * of a presigned request. Some operations need none and say it otherwise. Nearly every request that
 * comes here is an invocation, so what those look like is told first.
 */

import type { IncomingMessage } from 'node:http';
import { splitTarget } from '../http-events/request.js';
import { decoded } from '../decoded.js';

export interface Scope {
  /** As credential scopes have it, such as `sqs`. */
  readonly service: string;
  /** Absent: the request is not signed. */
  readonly accessKeyId?: string;
}

export type ScopedRequest = Pick<IncomingMessage, 'headers' | 'method' | 'url'>;

/** Stands for whatever a server of many services makes of a form without a signature. */
export const UNSIGNED_FORM = 'query';

const HEADER = /Credential=([^/,\s]+)\/\d{8}\/(?:[^/,\s]+\/)?([a-z0-9-]+)\/aws4_request/;
const QUERY = /[?&]X-Amz-Credential=([^&]+)/;
/** Signature version 2, which only S3 still takes. */
const OLD_HEADER = /^AWS ([^:\s]+):/;
const OLD_QUERY = /[?&]AWSAccessKeyId=([^&]+)/;
const LAMBDA_PATH = /^\/20\d\d-\d\d-\d\d\//;

/** What `X-Amz-Target` begins with, in capitals or not. */
const TARGETS: Readonly<Record<string, string>> = {
  amazonsqs: 'sqs',
  awsevents: 'events',
  awsstepfunctions: 'states',
  dynamodb: 'dynamodb',
  dynamodbstreams: 'dynamodb',
  kinesis: 'kinesis',
  logs: 'logs',
  amazonssm: 'ssm',
  secretsmanager: 'secretsmanager',
  trentservice: 'kms',
  awscognitoidentityproviderservice: 'cognito-idp',
  awscognitoidentityservice: 'cognito-identity',
  graniteserviceversion20100801: 'monitoring',
};

/** Undefined: it says nothing, as a call of Lambda's API without a signature. */
export function scopeOf({ headers, method, url = '/' }: ScopedRequest): Scope | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const signed = HEADER.exec(authorization);
    if (signed !== null) return { accessKeyId: signed[1] ?? '', service: signed[2] ?? '' };
    const old = OLD_HEADER.exec(authorization);
    if (old !== null) return { accessKeyId: old[1] ?? '', service: 's3' };
  }
  if (url.includes('?')) {
    const presigned = presignedScope(url);
    if (presigned !== undefined) return presigned;
  }
  if (LAMBDA_PATH.test(url)) return undefined;
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const name = (/^[A-Za-z0-9]+/.exec(target)?.[0] ?? '').toLowerCase();
    return { service: TARGETS[name] ?? name };
  }
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  if (method === 'POST' && isForm && splitTarget(url).path === '/')
    return { service: UNSIGNED_FORM };
  return undefined;
}

/** Whether an unsigned request that is no call of Lambda's API may be one for an object of S3. */
export function mayBeObject({ url = '/' }: ScopedRequest): boolean {
  return !LAMBDA_PATH.test(url) && /^\/[a-z0-9][a-z0-9.-]{2,62}(?:\/|\?|$)/.test(url);
}

/** Of temporary credentials. */
export function sessionTokenOf({ headers, url = '/' }: ScopedRequest): string | undefined {
  const header = headers['x-amz-security-token'];
  if (typeof header === 'string') return header;
  const found = /[?&]x-amz-security-token=([^&]+)/i.exec(url)?.[1];
  return found === undefined ? undefined : decoded(found);
}

function presignedScope(url: string): Scope | undefined {
  const credential = QUERY.exec(url)?.[1];
  if (credential !== undefined) {
    const [accessKeyId = '', ...scope] = decoded(credential).split('/');
    const service = scope.at(-2);
    return service === undefined ? undefined : { accessKeyId, service };
  }
  const old = OLD_QUERY.exec(url)?.[1];
  return old === undefined ? undefined : { accessKeyId: decoded(old), service: 's3' };
}
