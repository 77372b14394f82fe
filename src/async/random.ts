/** Random text for identifiers, drawn in blocks: asking the system each time costs 20 us. */

import { randomFillSync } from 'node:crypto';

const block = Buffer.allocUnsafeSlow(4096);
let used = block.length;

/** `bytes` random bytes (at most 4096) as hex. */
export function randomHex(bytes: number): string {
  if (used + bytes > block.length) {
    randomFillSync(block);
    used = 0;
  }
  used += bytes;
  return block.toString('hex', used - bytes, used);
}
