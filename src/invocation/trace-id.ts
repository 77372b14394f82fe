/**
 * X-Ray trace headers (contract 1.2): the caller's own when it names a root, else a new one.
 */

import { eachSecond } from '../async/each-second.js';
import { randomHex } from '../async/random.js';

const ROOT_BYTES = 12;
const PARENT_BYTES = 8;
/** Nothing that could not stand in a header again. */
const PROPAGATED = /^[\x20-\x7e]*Root=[\x20-\x7e]*$/;

export function traceIdOf(sent: string | undefined, nowMs: number): string {
  if (sent !== undefined && PROPAGATED.test(sent)) return sent;
  const random = randomHex(ROOT_BYTES + PARENT_BYTES);
  const root = random.slice(0, 2 * ROOT_BYTES);
  return `Root=1-${hexTime(nowMs)}-${root};Parent=${random.slice(2 * ROOT_BYTES)};Sampled=0`;
}

const hexTime = eachSecond((second) => second.toString(16).padStart(8, '0'));
