/** The single values of an event, and what patterns ask of them. Pure. */

import { isIP, BlockList } from 'node:net';
import { LiteralNumber } from './literal-json.js';

export type Leaf = string | number | boolean | null | LiteralNumber;

export type LeafTest = (leaf: Leaf) => boolean;

/** Numbers beyond, or with more than six decimals, are comparable to none. */
const LARGEST_NUMBER = 5_000_000_000;
const DECIMALS = 6;

/** Numbers, booleans and null as they are written; undefined for strings. */
export function literalOf(leaf: Leaf): string | undefined {
  if (typeof leaf === 'string') return undefined;
  return leaf instanceof LiteralNumber ? leaf.text : String(leaf);
}

export function numberOf(leaf: Leaf): number | undefined {
  if (typeof leaf === 'number') return leaf;
  return leaf instanceof LiteralNumber ? leaf.value : undefined;
}

/** The number that `numeric` and `anything-but` compare; undefined when they compare it to none. */
export function comparable(leaf: Leaf): number | undefined {
  const value = numberOf(leaf);
  if (value === undefined || !(Math.abs(value) <= LARGEST_NUMBER)) return undefined;
  return Number(value.toFixed(DECIMALS)) === value ? value : undefined;
}

export const equalsIgnoringCase = (text: string): LeafTest => {
  const wanted = text.toLowerCase();
  return (leaf) => typeof leaf === 'string' && leaf.toLowerCase() === wanted;
};

export const startsWith = (prefix: string): LeafTest => {
  return (leaf) => typeof leaf === 'string' && leaf.startsWith(prefix);
};

export const endsWith = (suffix: string): LeafTest => {
  return (leaf) => typeof leaf === 'string' && leaf.endsWith(suffix);
};

export const startsWithIgnoringCase = (prefix: string): LeafTest => {
  const wanted = prefix.toLowerCase();
  return (leaf) => typeof leaf === 'string' && leaf.toLowerCase().startsWith(wanted);
};

export const endsWithIgnoringCase = (suffix: string): LeafTest => {
  const wanted = suffix.toLowerCase();
  return (leaf) => typeof leaf === 'string' && leaf.toLowerCase().endsWith(wanted);
};

export const isNone = (tests: readonly LeafTest[]): LeafTest => {
  return (leaf) => !tests.some((test) => test(leaf));
};

/** `pieces` with anything between them, as a wildcard's text is split by its asterisks. */
export const hasPieces = (pieces: readonly string[]): LeafTest => {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return (leaf) => leaf === first;
  return (leaf) => {
    if (typeof leaf !== 'string' || !leaf.startsWith(first)) return false;
    let from = first.length;
    for (const piece of others) {
      const at = leaf.indexOf(piece, from);
      if (at < 0) return false;
      from = at + piece.length;
    }
    return leaf.length - last.length >= from && leaf.endsWith(last);
  };
};

/** Undefined when the text is no address: other spellings of the same address match as well. */
export function isSameAddress(text: string): LeafTest | undefined {
  const family = familyOf(text);
  if (family === undefined) return undefined;
  const list = new BlockList();
  list.addAddress(text, family);
  return inList(list, family);
}

export function isInSubnet(address: string, bits: number): LeafTest | undefined {
  const family = familyOf(address);
  if (family === undefined || bits > (family === 'ipv4' ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return inList(list, family);
}

function inList(list: BlockList, family: 'ipv4' | 'ipv6'): LeafTest {
  return (leaf) =>
    typeof leaf === 'string' && familyOf(leaf) === family && list.check(leaf, family);
}

function familyOf(text: string): 'ipv4' | 'ipv6' | undefined {
  // A zone is not part of an address here.
  const version = text.includes('%') ? 0 : isIP(text);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}
