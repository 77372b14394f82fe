/** `Fn::Cidr`: the first blocks of a network. Pure. */

import { isIP } from 'node:net';

const MOST_BLOCKS = 256;

/** Undefined when the network is none, or has not so many. `bits` are those of hosts. */
export function cidrBlocks(network: string, count: number, bits: number): string[] | undefined {
  const [address = '', prefix = ''] = network.split('/');
  const version = isIP(address);
  const isMapped = version === 6 && address.includes('.');
  if (version === 0 || isMapped || !/^\d+$/.test(prefix)) return undefined;
  const width = version === 4 ? 32 : 128;
  if (![count, bits].every(Number.isInteger) || count < 1 || count > MOST_BLOCKS) return undefined;
  const free = width - Number(prefix);
  if (free < 0 || bits < 1 || bits > free || BigInt(count) > 1n << BigInt(free - bits)) {
    return undefined;
  }
  const start = (valueOf(address, version) >> BigInt(free)) << BigInt(free);
  return Array.from({ length: count }, (_, index) => {
    const at = start + (BigInt(index) << BigInt(bits));
    return `${version === 4 ? dotted(at) : grouped(at)}/${width - bits}`;
  });
}

function valueOf(address: string, version: number): bigint {
  if (version === 4) {
    return address.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  }
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return all.reduce((sum, part) => (sum << 16n) + BigInt(`0x${part}`), 0n);
}

function dotted(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function grouped(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16),
  );
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}
