/** Ids as API Gateway makes them, such as `JKJaXmPLvHcESHA=`. */

import { randomBytes } from 'node:crypto';

const BYTES = 11;

/** Of connections, requests and messages; they may stand in a path. */
export function newId(): string {
  return `${randomBytes(BYTES).toString('base64url')}=`;
}

export function isConnectionId(text: string): boolean {
  return /^[\w-]{15}=$/.test(text);
}
