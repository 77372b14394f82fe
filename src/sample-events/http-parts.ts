/** What the events of several HTTP sources have in common. */

import type { Maker } from './maker.js';
import { text } from './codecs.js';
import type { Field } from './sample.js';

export const SOURCE_IP = '198.51.100.7';
export const USER_AGENT = 'curl/8.14.1';
export const STAGE = 'prod';
export const ORDER = { orderId: 'o-1', quantity: 2 };

export const BODY: Field = { name: 'body', at: 'body', codec: text };

export function domainOf(apiId: string, { region }: Maker): string {
  return `${apiId}.execute-api.${region}.amazonaws.com`;
}

export function methodArn(
  maker: Maker,
  { apiId, stage = STAGE, rest }: { apiId: string; stage?: string; rest: string },
): string {
  return maker.arn('execute-api', `${apiId}/${stage}/${rest}`);
}

/** Headers as REST APIs hand them on: in the client's own case. */
export function restHeaders(maker: Maker, host: string): Record<string, string> {
  return {
    Accept: '*/*',
    'Content-Type': 'application/json',
    Host: host,
    'User-Agent': USER_AGENT,
    'X-Amzn-Trace-Id': maker.traceId(),
    'X-Forwarded-For': SOURCE_IP,
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
  };
}

export function lowerHeaders(maker: Maker, host: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(restHeaders(maker, host)).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

export function multi(values: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
}

export function identity() {
  return {
    accessKey: null,
    accountId: null,
    apiKey: null,
    apiKeyId: null,
    caller: null,
    clientCert: null,
    cognitoAuthenticationProvider: null,
    cognitoAuthenticationType: null,
    cognitoIdentityId: null,
    cognitoIdentityPoolId: null,
    principalOrgId: null,
    sourceIp: SOURCE_IP,
    user: null,
    userAgent: USER_AGENT,
    userArn: null,
  };
}
