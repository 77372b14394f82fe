/**
 * Random text for identifiers and tokens, drawn in blocks: asking the system each time costs 20 us.
 * It is the kernel's own: `node:crypto` takes longer to load than most of what a start needs.
 */

import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const KERNEL = '/dev/urandom';

const block = Buffer.allocUnsafeSlow(4096);
let used = block.length;

/** `bytes` random bytes (at most 4096) as hex. */
export function randomHex(bytes: number): string {
  if (used + bytes > block.length) {
    if (!filledByKernel()) randomFillSync(block);
    used = 0;
  }
  used += bytes;
  return block.toString('hex', used - bytes, used);
}

/** A random UUID (RFC 9562, version 4). */
export function randomUuid(): string {
  const hex = randomHex(16);
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3);
  const [start, middle] = [hex.slice(0, 8), hex.slice(8, 12)];
  return `${start}-${middle}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** False where there is no such file, or not all came. */
function filledByKernel(): boolean {
  let source: number | undefined;
  try {
    source = openSync(KERNEL, 'r');
    return readSync(source, block) === block.length;
  } catch {
    return false;
  } finally {
    if (source !== undefined) closeSync(source);
  }
}
