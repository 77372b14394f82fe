/**
 * CloudWatch Logs' filter patterns: terms, `{ JSON }` and `[fields]`. Pure.
 *
 * Terms are whole words or quoted phrases, all of which must be there; `-` before one that must not,
 * `?` before those of which one is enough (which counts only where nothing but such terms stands).
 * `%…%` is a regular expression.
 */

import { parseFields } from './fields.js';
import { parseJsonPattern } from './json-pattern.js';
import { regexOf } from './values.js';

export type FilterPattern =
  | { readonly kind: 'valid'; readonly matches: (message: string) => boolean }
  | { readonly kind: 'invalid'; readonly expected: string };

type Test = (message: string) => boolean;

const TERMS = 'words, "phrases", -words, ?words, %a regular expression%, {JSON} or [fields]';
const TERM =
  /\s*(?<sign>[-?]?)(?:"(?<phrase>(?:[^"\\]|\\.)*)"|%(?<regex>[^%]+)%|(?<word>[^\s"%]+))/y;
const WORD = /[\p{L}\p{N}_]/u;

export function parseFilterPattern(text: string): FilterPattern {
  const pattern = text.trim();
  if (pattern === '') return { kind: 'valid', matches: () => true };
  const matches = testOf(pattern);
  if (matches !== undefined) return { kind: 'valid', matches };
  return { kind: 'invalid', expected: expectedOf(pattern) };
}

function testOf(pattern: string): Test | undefined {
  if (pattern.startsWith('{')) return parseJsonPattern(pattern);
  if (pattern.startsWith('[')) return parseFields(pattern);
  return parseTerms(pattern);
}

function expectedOf(pattern: string): string {
  if (pattern.startsWith('{')) return 'a JSON pattern such as { $.level = "ERROR" && $.ms > 10 }';
  if (pattern.startsWith('[')) return 'a field pattern such as [ip, user, ..., status = 4*, bytes]';
  return TERMS;
}

function parseTerms(pattern: string): Test | undefined {
  const required: Test[] = [];
  const excluded: Test[] = [];
  const optional: Test[] = [];
  const lists: Readonly<Record<string, Test[]>> = { '': required, '-': excluded, '?': optional };
  TERM.lastIndex = 0;
  while (TERM.lastIndex < pattern.length) {
    const { groups } = TERM.exec(pattern) ?? {};
    if (groups === undefined) return undefined;
    const { sign = '', phrase, regex, word } = groups;
    const test = regex === undefined ? contains(phrase ?? word ?? '') : matching(regex);
    if (test === undefined) return undefined;
    lists[sign]?.push(test);
  }
  return (message) => {
    if (excluded.some((test) => test(message))) return false;
    if (required.length > 0) return required.every((test) => test(message));
    return optional.length === 0 || optional.some((test) => test(message));
  };
}

function matching(source: string): Test | undefined {
  const regex = regexOf(source);
  return regex === undefined ? undefined : (message) => regex.test(message);
}

/** Whole words only: `ERROR` is not in `ERRORS`. */
function contains(written: string): Test {
  const term = written.replace(/\\(.)/g, '$1');
  const [first = '', last = ''] = [term[0], term[term.length - 1]];
  return (message) => {
    for (let at = message.indexOf(term); at >= 0; at = message.indexOf(term, at + 1)) {
      const before = message[at - 1] ?? '';
      const after = message[at + term.length] ?? '';
      const joined =
        (WORD.test(first) && WORD.test(before)) || (WORD.test(last) && WORD.test(after));
      if (!joined) return true;
    }
    return false;
  };
}
