/**
 * A YAML or JSON file as plain values, CloudFormation's short forms (`!Ref x`) as their long ones
 * (`{Ref: x}`). Syntax errors are problems with their line.
 */

import {
  parseDocument,
  type CollectionTag,
  type ScalarTag,
  type YAMLMap,
  type YAMLParseError,
  type YAMLSeq,
} from 'yaml';
import type { Problem } from './config.js';
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
    resolve: (value: YAMLMap.Parsed | YAMLSeq.Parsed) => ({
      [longName(short)]: value.toJSON() as unknown,
    }),
  })) as unknown as CollectionTag[];
}

/** Undefined when the text cannot be read; the problems say why. */
export function readDocument(text: string, problems: Problems): unknown {
  const document = parseDocument(text, {
    customTags: [...scalarTags, getAttTag, ...collectionTags('seq'), ...collectionTags('map')],
    merge: true,
    uniqueKeys: true,
  });
  // What follows the first error mostly follows from it: only that one is sure to be a mistake.
  const [error] = document.errors;
  if (error !== undefined) {
    problems.add(syntaxProblem(error, text));
    return undefined;
  }
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch {
    problems.add({
      path: 'the file',
      expected: `no alias used more than ${MOST_ALIASES} times`,
      remedy: 'Write the values out.',
    });
    return undefined;
  }
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
