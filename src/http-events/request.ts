/** An HTTP request as events are made from it, and what all shapes of events share. Pure. */

import { isUtf8 } from 'node:buffer';

export interface HttpRequest {
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

const TEXT_TYPE = /^(text\/|application\/([\w.-]+\+)?(json|xml|javascript)\b)/i;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: '' };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** In lower case, several of one name joined; without those that `isDropped` says. */
export function joinedHeaders(
  raw: readonly string[],
  isDropped: (name: string) => boolean = () => false,
): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    if (isDropped(name)) continue;
    const before = headers.get(name);
    const joint = name === 'cookie' ? '; ' : ',';
    headers.set(name, before === undefined ? value : `${before}${joint}${value}`);
  }
  return Object.fromEntries(headers);
}

export function cookiesOf(header: string | undefined): string[] | undefined {
  return header?.split(/; */).filter((cookie) => cookie !== '');
}

/** Decoded, several of one name joined; undefined when there are none. */
export function joinedQuery(text: string): Record<string, string> | undefined {
  if (text === '') return undefined;
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(query);
}

/** Whether payload 2.0 has the body as text (contract 11.2). */
export function isText(contentType: string | undefined, body: Buffer): boolean {
  return TEXT_TYPE.test(contentType ?? '') && isUtf8(body);
}

/** Such as `05/Jan/2026:10:00:00 +0000`. */
export function timeOf(ms: number): string {
  const [day = '', clock = ''] = new Date(ms).toISOString().split('T');
  const [year, month, date] = day.split('-');
  return `${date}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`;
}

/** Who signed is not checked, so that little is known of them. */
export function iamIdentity(accessKey: string, accountId: string): object {
  return {
    accessKey,
    accountId,
    callerId: accessKey,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${accountId}:root`,
    userId: accountId,
  };
}
