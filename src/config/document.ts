/**
 * A YAML or JSON file as plain values, CloudFormation's short forms (`!Ref x`) as their long ones
 * (`{Ref: x}`). Syntax errors are problems with their line.
 */

import {
  isScalar,
  LineCounter,
  Pair,
  parseDocument,
  Scalar,
  visit,
  YAMLMap,
  type CollectionTag,
  type Document,
  type ScalarTag,
  type YAMLParseError,
  type YAMLSeq,
} from 'yaml';
import type { Problem } from './config.js';
import { tooDeepLine } from './nesting.js';
import type { Problems } from './problems.js';

const SHORT_FORMS = [
  'And',
  'Base64',
  'Cidr',
  'Equals',
  'FindInMap',
  'ForEach',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
];

/** A map that has one of these as a key could not even be told as text. */
const METHODS = ['toString', 'valueOf', 'toJSON'];

/** Aliases may be used this often: more is a bomb, not a template. */
const MOST_ALIASES = 200;

function longName(short: string): string {
  return short === 'Ref' || short === 'Condition' ? short : `Fn::${short}`;
}

const scalarTags: ScalarTag[] = ['Ref', 'Condition', ...SHORT_FORMS].map((short) => ({
  tag: `!${short}`,
  resolve: (text: string) => ({ [longName(short)]: text }),
}));

const getAttTag: ScalarTag = {
  tag: '!GetAtt',
  resolve: (text: string) => {
    const dot = text.indexOf('.');
    return { 'Fn::GetAtt': [text.slice(0, dot), text.slice(dot + 1)] };
  },
};

function collectionTags(kind: 'seq' | 'map'): CollectionTag[] {
  return [...SHORT_FORMS, 'GetAtt'].map((short) => ({
    tag: `!${short}`,
    collection: kind,
    // Still nodes: what they hold may be aliases, which only the whole document knows.
    resolve: (value: YAMLMap.Parsed | YAMLSeq.Parsed) => {
      const long = new YAMLMap();
      long.items.push(new Pair(new Scalar(longName(short)), value));
      return long;
    },
  })) as unknown as CollectionTag[];
}

/** Undefined when the text cannot be read; the problems say why. */
export function readDocument(text: string, problems: Problems): unknown {
  const tooDeep = tooDeepLine(text);
  if (tooDeep !== undefined) {
    problems.add({
      path: `line ${tooDeep}`,
      expected: 'what is not nested in hundreds of levels',
      remedy: 'Name the right file, or write the values out.',
    });
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    customTags: [...scalarTags, getAttTag, ...collectionTags('seq'), ...collectionTags('map')],
    merge: true,
    // Ours is linear; theirs compares each key with each.
    uniqueKeys: false,
    lineCounter: lines,
    logLevel: 'error',
  });
  // What follows the first error mostly follows from it: only that one is sure to be a mistake.
  const [error] = document.errors;
  if (error !== undefined) {
    problems.add(syntaxProblem(error, text));
    return undefined;
  }
  const twice = keyTwice(document);
  if (twice !== undefined) {
    const { line, col } = lines.linePos(twice.range?.[0] ?? 0);
    problems.add({
      path: `line ${line}`,
      value: String(twice.value),
      expected: `valid YAML (Map keys must be unique, at column ${col})`,
      remedy: 'Rename one of the two, or remove it.',
    });
    return undefined;
  }
  try {
    const value = document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
    const unfit = whyUnfit(value);
    if (unfit === undefined) return value;
    problems.add({ path: 'the file', ...unfit });
    return undefined;
  } catch {
    problems.add({
      path: 'the file',
      expected: `no alias used more than ${MOST_ALIASES} times`,
      remedy: 'Write the values out.',
    });
    return undefined;
  }
}

/** The second of two keys that are the same. */
function keyTwice(document: Document.Parsed): Scalar | undefined {
  let found: Scalar | undefined;
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (keys.has(key.value)) {
          found = key;
          return visit.BREAK;
        }
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

/** What no other part should have to expect of a value. */
function whyUnfit(value: unknown): Pick<Problem, 'expected' | 'remedy'> | undefined {
  const done = new Set<object>();
  const being = new Set<object>();
  const look = (inner: unknown): Pick<Problem, 'expected' | 'remedy'> | undefined => {
    if (typeof inner !== 'object' || inner === null || done.has(inner)) return undefined;
    if (being.has(inner)) {
      return { expected: 'no anchor that holds itself', remedy: 'Write the values out.' };
    }
    const taken = METHODS.find((name) => Object.hasOwn(inner, name));
    if (taken !== undefined) return { expected: `no key ${taken}`, remedy: 'Rename it.' };
    being.add(inner);
    for (const item of Object.values(inner)) {
      const found = look(item);
      if (found !== undefined) return found;
    }
    being.delete(inner);
    done.add(inner);
    return undefined;
  };
  return look(value);
}

function syntaxProblem(error: YAMLParseError, text: string): Problem {
  const at = error.linePos?.[0];
  const reason = (error.message.split('\n')[0] ?? '').replace(/ at line .*$/, '');
  if (at === undefined) {
    return { path: 'the file', expected: `valid YAML (${reason})`, remedy: 'Correct it.' };
  }
  const written = text.split(/\r?\n/)[at.line - 1]?.trim() ?? '';
  return {
    path: `line ${at.line}`,
    ...(written === '' ? {} : { value: written }),
    expected: `valid YAML (${reason}, at column ${at.col})`,
    remedy: 'Correct the line; texts with : { } [ ] , & * # ! | > % @ need quotes.',
  };
}
