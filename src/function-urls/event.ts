/** An HTTP request as a function behind a URL sees it: payload version 2.0 (contract 11.2, 11.4). */

import { isUtf8 } from 'node:buffer';

export interface UrlRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  readonly protocol: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly port: number;
}

export interface UrlContext {
  readonly urlId: string;
  readonly region: string;
  readonly accountId: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly nowMs: number;
  /** Absent: the URL is open to everybody. */
  readonly accessKey?: string;
}

const TEXT_TYPE = /^(text\/|application\/([\w.-]+\+)?(json|xml|javascript)\b)/i;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** What the platform says of a request itself, whatever the client wrote. */
const REPLACED = /^x-(forwarded|amzn)-/;

export function eventOf(request: UrlRequest, context: UrlContext): object {
  const { method, target, protocol, sourceIp, body, port } = request;
  const { urlId, region, accountId, requestId, nowMs, accessKey } = context;
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const rawQueryString = mark < 0 ? '' : target.slice(mark + 1);
  const headers = {
    ...headersOf(request.rawHeaders),
    'x-amzn-trace-id': context.traceId,
    'x-forwarded-for': sourceIp,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  } as Record<string, string>;
  const query = queryOf(rawQueryString);
  const cookies = headers['cookie']?.split(/; */).filter((cookie) => cookie !== '');
  const isText = TEXT_TYPE.test(headers['content-type'] ?? '') && isUtf8(body);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: accessKey === undefined ? 'anonymous' : accountId,
      apiId: urlId,
      ...(accessKey === undefined ? {} : { authorizer: iamOf(accessKey, accountId) }),
      domainName: `${urlId}.lambda-url.${region}.on.aws`,
      domainPrefix: urlId,
      http: { method, path: rawPath, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: timeOf(nowMs),
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** In lower case, several of one name joined. */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    if (REPLACED.test(name)) continue;
    const before = headers.get(name);
    const joint = name === 'cookie' ? '; ' : ',';
    headers.set(name, before === undefined ? value : `${before}${joint}${value}`);
  }
  return Object.fromEntries(headers);
}

/** Decoded, several of one name joined. */
function queryOf(text: string): Record<string, string> | undefined {
  if (text === '') return undefined;
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(query);
}

/** Who signed is not checked, so that little is known of them. */
function iamOf(accessKey: string, accountId: string): object {
  return {
    iam: {
      accessKey,
      accountId,
      callerId: accessKey,
      cognitoIdentity: null,
      principalOrgId: null,
      userArn: `arn:aws:iam::${accountId}:root`,
      userId: accountId,
    },
  };
}

/** Such as `05/Jan/2026:10:00:00 +0000`. */
function timeOf(ms: number): string {
  const [day = '', clock = ''] = new Date(ms).toISOString().split('T');
  const [year, month, date] = day.split('-');
  return `${date}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`;
}
