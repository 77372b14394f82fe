/** Our check of JSON against `JSON.parse`, on texts drawn from a seed: sound ones, damaged ones, noise. */

import { expect, it } from '@jest/globals';
import { isJsonText } from '../../src/invoke-api/json-text.js';
import { Random } from '../simulation/random.js';
import { noteForSummary } from '../support/summary-note.js';

const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const TEXTS = Number(process.env['FUZZ_TEXTS'] ?? 100_000);
const LIMIT_MS = 3_600_000;

// prettier-ignore
const SCALARS: readonly string[] = ['true', 'false', 'null', '0', '-0', '7', '-12', '1.5', '0.0', '1e5', '1E+5', '2.5e-3', '""', '"a"', '"\\n\\"\\\\\\/"', '"\\u00e4\\uD800"', '"ü€😀"', '"\u2028\x7f"', '"a long text, longer than a few words are"'];
// prettier-ignore
const ODD: readonly string[] = ['01', '-', '+1', '.5', '1.', '1e', '1e+', '-a', '1.e1', '0x1', 'NaN', 'Infinity', 'True', 'nul', 'truee', 'undefined', "'a'", '"', '"\\', '"\\x"', '"\\u12g4"', '"\\u123"', '"\n"', '"\0"', '"\x1f"', '"\t"', '', ',', ':', '[', ']', '{', '}', '{,}', '[,]', '[1,]', '{"a"}', '{"a":}', '{a:1}', '{1:1}', '{"a":1,}', '/* */1', '\ufeff1', '\u00a01', '\u20281', '\x0b1', '\x0c1', '1 2', '[1 2]', '{"a" 1}', '[1]]', '{"a":1}}'];
const BLANKS: readonly string[] = ['', '', '', ' ', '\n', '\r\n', '\t', '  '];
// prettier-ignore
const BYTES: readonly string[] = ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '1', '-', '+', '.', 'e', 'E', 'u', 't', 'n', ' ', '\n', '\t', '\0', '\x1f', '\x7f', 'ü', '\u2028', '/'];

function value(random: Random, depth: number): string {
  const blank = (): string => random.pick(BLANKS);
  const kind = depth > 6 ? 0 : random.below(4);
  if (kind === 1) {
    const items = Array.from({ length: random.below(4) }, () => value(random, depth + 1));
    return `${blank()}[${items.join(',') || blank()}]${blank()}`;
  }
  if (kind === 2) {
    const members = Array.from(
      { length: random.below(4) },
      () =>
        `${blank()}${random.pick(['"a"', '""', '"__proto__"', '"\\u0061"'])}${blank()}:${value(random, depth + 1)}`,
    );
    return `${blank()}{${members.join(',') || blank()}}${blank()}`;
  }
  return `${blank()}${random.pick(random.chance(0.02) ? ODD : SCALARS)}${blank()}`;
}

function text(random: Random): string {
  if (random.chance(0.1)) {
    return Array.from({ length: random.below(12) }, () => random.pick(BYTES)).join('');
  }
  let made = random.chance(0.1) ? random.pick(ODD) : value(random, 0);
  if (random.chance(0.5)) return made;
  for (let left = 1 + random.below(2); left > 0; left -= 1) {
    const at = random.below(made.length + 1);
    const gone = random.pick([0, 0, 1, 1, 5]);
    made =
      made.slice(0, at) + (random.chance(0.8) ? random.pick(BYTES) : '') + made.slice(at + gone);
  }
  return made;
}

function isParsed(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

it(
  `takes and refuses ${TEXTS} texts as JSON.parse does`,
  () => {
    let sound = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + TEXTS; seed += 1) {
      const bytes = Buffer.from(text(new Random(seed)));
      const parsed = isParsed(bytes.toString('utf8'));
      if (isJsonText(bytes) !== parsed) {
        const json = JSON.stringify(bytes.toString('utf8'));
        throw new Error(`seed ${seed}: JSON.parse ${parsed ? 'takes' : 'refuses'} ${json}`);
      }
      if (parsed) sound += 1;
    }
    noteForSummary(
      'fuzz',
      'json-text',
      `${TEXTS} texts judged as by JSON.parse, ${sound} of them JSON`,
    );
    if (TEXTS < 1_000) return;
    expect(sound).toBeGreaterThan(TEXTS / 5);
    expect(sound).toBeLessThan(TEXTS - TEXTS / 5);
  },
  LIMIT_MS,
);

it('follows nesting however deep it is', () => {
  for (const depth of [63, 64, 65, 128, 100_000]) {
    const [arrays, objects] = ['['.repeat(depth), '{"a":'.repeat(depth)];
    const closed = `${arrays}${']'.repeat(depth)}`;
    expect(isJsonText(Buffer.from(closed))).toBe(true);
    expect(isJsonText(Buffer.from(`${objects}1${'}'.repeat(depth)}`))).toBe(true);
    expect(isJsonText(Buffer.from(closed.slice(1)))).toBe(false);
    expect(isJsonText(Buffer.from(closed.slice(0, -1)))).toBe(false);
    expect(isJsonText(Buffer.from(`${closed.slice(0, -1)}}`))).toBe(false);
  }
});

it('finds what stands for nothing at every place of a long string, wherever its memory begins', () => {
  const odd = [...Array.from({ length: 0x20 }, (_, code) => code), ...Buffer.from('"\\')];
  const sound = [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f];
  const text = Buffer.from(`["${'\u20ac a \u00fc \u{1f600}'.repeat(24)}"]`);
  // Between characters, so that what is put there leaves the text UTF-8.
  const places = [...text.keys()].filter(
    (at) => at > 1 && at < text.length - 1 && isFirst(text, at),
  );
  for (let offset = 0; offset < 4; offset += 1) {
    for (const at of places) {
      for (const byte of [...odd, ...sound]) {
        const memory = Buffer.alloc(offset + text.length + 1);
        const bytes = memory.subarray(offset);
        text.copy(bytes, 0, 0, at);
        bytes[at] = byte;
        text.copy(bytes, at + 1, at);
        if (isJsonText(bytes) === isParsed(bytes.toString('utf8'))) continue;
        throw new Error(`byte ${byte} at ${at}, memory from ${offset} on`);
      }
    }
  }
  expect(isJsonText(text)).toBe(true);
});

/** Whether a character begins there. */
function isFirst(text: Buffer, at: number): boolean {
  return ((text[at] ?? 0) & 0xc0) !== 0x80;
}
