/**
 * Random text for identifiers and tokens, drawn in blocks: asking the system each time costs 20 us.
 * It is the kernel's own: `node:crypto` takes longer to load than most of what a start needs.
 */

import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const KERNEL = '/dev/urandom';

const block = Buffer.allocUnsafeSlow(4096);
let drawn = block.length;
/** A part of it as text: to cut from that takes a fraction of what it takes to make each alone. */
const PART_BYTES = 512;
let text = '';
let used = 0;

/** `bytes` random bytes (at most 512) as hex. */
export function randomHex(bytes: number): string {
  const characters = 2 * bytes;
  if (used + characters > text.length) drawPart();
  used += characters;
  return text.slice(used - characters, used);
}

function drawPart(): void {
  if (drawn + PART_BYTES > block.length) draw();
  text = block.toString('hex', drawn, drawn + PART_BYTES);
  drawn += PART_BYTES;
  used = 0;
}

const UUID_BYTES = 16;
/** A template, filled in each time; one text is made of it, not of its parts, which is read faster. */
const uuid = Buffer.from('00000000-0000-4000-8000-000000000000', 'latin1');
/** Where its digits stand. */
const UUID_DIGITS = Uint8Array.from(
  Array.from(uuid.toString('latin1')).flatMap((character, at) => (character === '-' ? [] : [at])),
);
const VERSION_AT = 14;
const VARIANT_AT = 19;
/** The byte of the digit there: its upper half is not shown. */
const VARIANT_BYTE = 8;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const VERSION = DIGITS[4] as number;
const VARIANTS = DIGITS.subarray(8, 12);

/** A random UUID (RFC 9562, version 4). */
export function randomUuid(): string {
  if (drawn + UUID_BYTES > block.length) draw();
  for (let at = 0; at < UUID_BYTES; at += 1) {
    const byte = block[drawn + at] as number;
    uuid[UUID_DIGITS[2 * at] as number] = DIGITS[byte >> 4] as number;
    uuid[UUID_DIGITS[2 * at + 1] as number] = DIGITS[byte & 15] as number;
  }
  uuid[VERSION_AT] = VERSION;
  uuid[VARIANT_AT] = VARIANTS[((block[drawn + VARIANT_BYTE] as number) >> 4) & 3] as number;
  drawn += UUID_BYTES;
  return uuid.toString('latin1');
}

function draw(): void {
  if (!filledByKernel()) randomFillSync(block);
  drawn = 0;
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
