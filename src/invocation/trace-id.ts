/**
 * X-Ray trace headers (contract 1.2): the caller's own when it names a root, else a new one.
 */

import { randomHex } from '../async/random.js';

const ROOT_BYTES = 12;
const PARENT_BYTES = 8;
/** Nothing that could not stand in a header again. */
const PROPAGATED = /^[\x20-\x7e]*Root=[\x20-\x7e]*$/;

export function traceIdOf(sent: string | undefined, nowMs: number): string {
  if (sent !== undefined && PROPAGATED.test(sent)) return sent;
  const time = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${time}-${randomHex(ROOT_BYTES)};Parent=${randomHex(PARENT_BYTES)};Sampled=0`;
}
