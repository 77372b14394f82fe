/**
 * Arguments written so plainly that they can be read in one way only: known flags in full, each
 * once, values as words of their own. Whatever else there is, and every mistake, is left to the
 * parser; a test holds the two against each other.
 */

import { Arguments } from './arguments.js';
import { GLOBAL_OPTIONS, type Command, type OptionSpec } from './command.js';

/** Quotes at either end, and what looks like a flag or like a switch's value, mean something to the parser. */
const ODD_WORD = /^$|^-|^['"`]|['"`]$|^(?:true|false)$/;

/** Of `command`, with its name as the first word; undefined: not as plain as that. */
export function plainArguments(argv: readonly string[], command: Command): Arguments | undefined {
  if (argv[0] !== command.name) return undefined;
  const values: Record<string, string | boolean | string[]> = {};
  const positionals = Object.keys(command.positionals ?? {});
  const words = argv.slice(1);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const spec = specOf(word, command);
    if (spec === undefined) {
      const positional = positionals.shift();
      if (positional === undefined || ODD_WORD.test(word)) return undefined;
      values[positional] = word;
      continue;
    }
    const isOff = word.startsWith('--no-');
    const name = word.slice(isOff ? '--no-'.length : '--'.length);
    if (spec.type === 'boolean') {
      if (values[name] !== undefined || /^(?:true|false)$/.test(words[at + 1] ?? '')) {
        return undefined;
      }
      values[name] = !isOff;
      continue;
    }
    at += 1;
    const value = words[at];
    if (value === undefined || !isPlain(value, spec)) return undefined;
    const before = values[name];
    if (spec.type !== 'list') {
      if (before !== undefined) return undefined;
      values[name] = value;
    } else if (Array.isArray(before)) {
      before.push(value);
    } else {
      values[name] = [value];
    }
  }
  return Object.values(command.positionals ?? {}).some(({ required }) => required === true) &&
    positionals.length > 0
    ? undefined
    : new Arguments(values);
}

function specOf(word: string, { options = {} }: Command): OptionSpec | undefined {
  if (!word.startsWith('--')) return undefined;
  const name = word.slice(2);
  const all = { ...options, ...GLOBAL_OPTIONS };
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

function isPlain(value: string, { choices }: OptionSpec): boolean {
  return !ODD_WORD.test(value) && (choices === undefined || choices.includes(value));
}
