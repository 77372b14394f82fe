/** What a rule's target gets: the event, a part of it, a constant, or a template filled in. Pure. */

import type { RuleTargetDefinition } from '../stack/event-bridge.js';
import { parseJsonPath, valueAt } from './json-path.js';

type Input = Pick<RuleTargetDefinition, 'input' | 'inputPath' | 'inputTransformer'>;

export interface MatchedEvent {
  readonly text: string;
  readonly parsed: Readonly<Record<string, unknown>>;
  readonly ruleArn: string;
  readonly ruleName: string;
  /** ISO 8601. */
  readonly ingestedAt: string;
}

const MOST_VARIABLES = 100;
const LONGEST_INPUT = 8192;
const LONGEST_TEMPLATE = 8192;
const LONGEST_PATH = 256;
/** A text, or a placeholder outside of texts. */
const TOKEN = /"(?:[^"\\]|\\.)*"|<([^<>\s"]+)>/g;
const PLACEHOLDER = /<([^<>\s"]+)>/g;

/** What is wrong with it, in words that follow its name; undefined when it is right. */
export function inputProblem(input: Input): { path: string; reason: string } | undefined {
  const { input: constant, inputPath, inputTransformer } = input;
  if (constant !== undefined && !isJson(constant)) return { path: 'Input', reason: 'is not JSON' };
  if (constant !== undefined && constant.length > LONGEST_INPUT) {
    return { path: 'Input', reason: `has more than ${LONGEST_INPUT} characters` };
  }
  if (inputPath !== undefined && !isPath(inputPath)) {
    return { path: 'InputPath', reason: 'is no path such as $.detail.id' };
  }
  if ([constant, inputPath, inputTransformer].filter((each) => each !== undefined).length > 1) {
    return {
      path: 'InputPath',
      reason:
        'stands beside another; only one of Input, InputPath, or InputTransformer must be provided',
    };
  }
  if (inputTransformer === undefined) return undefined;
  const { paths, template } = inputTransformer;
  const names = Object.keys(paths);
  if (names.length > MOST_VARIABLES) {
    return {
      path: 'InputTransformer.InputPathsMap',
      reason: `has more than ${MOST_VARIABLES} entries`,
    };
  }
  for (const name of names) {
    const path = `InputTransformer.InputPathsMap.${name}`;
    if (name.startsWith('AWS.') || !/^[A-Za-z0-9_-]+$/.test(name)) {
      return { path, reason: 'is no name of a variable (letters, digits, _ and -)' };
    }
    if (!isPath(paths[name] ?? '')) return { path, reason: 'is no path such as $.detail.id' };
  }
  const path = 'InputTransformer.InputTemplate';
  if (template.length === 0 || template.length > LONGEST_TEMPLATE) {
    return { path, reason: `needs 1 to ${LONGEST_TEMPLATE} characters` };
  }
  const unknown = [...template.matchAll(PLACEHOLDER)]
    .map(([, name = '']) => name)
    .find((name) => !names.includes(name) && !RESERVED.has(name));
  if (unknown !== undefined && unknown.startsWith('aws.')) {
    return { path, reason: `has <${unknown}>, which is no reserved variable` };
  }
  const sample = filled(template, () => 'x');
  return isJsonOrLines(sample)
    ? undefined
    : { path, reason: 'is not JSON once its variables are filled in' };
}

/** Undefined when the filled template is no JSON. */
export function inputOf(input: Input, event: MatchedEvent): string | undefined {
  const { input: constant, inputPath, inputTransformer } = input;
  if (constant !== undefined) return constant;
  if (inputPath !== undefined) {
    if (inputPath === '$') return event.text;
    return JSON.stringify(valueAt(event.parsed, parseJsonPath(inputPath) ?? []) ?? null);
  }
  if (inputTransformer === undefined) return event.text;
  const { paths, template } = inputTransformer;
  const text = filled(template, (name) => {
    const reserved = RESERVED.get(name);
    if (reserved !== undefined) return reserved(event);
    const path = Object.hasOwn(paths, name) ? paths[name] : undefined;
    return path === undefined ? undefined : valueAt(event.parsed, parseJsonPath(path) ?? []);
  });
  return isJsonOrLines(text) ? text : undefined;
}

const RESERVED: ReadonlyMap<string, (event: MatchedEvent) => unknown> = new Map<
  string,
  (event: MatchedEvent) => unknown
>([
  ['aws.events.rule-arn', ({ ruleArn }) => ruleArn],
  ['aws.events.rule-name', ({ ruleName }) => ruleName],
  ['aws.events.event.ingestion-time', ({ ingestedAt }) => ingestedAt],
  [
    'aws.events.event',
    ({ parsed }) => {
      const { detail: _detail, ...rest } = parsed;
      return rest;
    },
  ],
  ['aws.events.event.json', ({ parsed }) => parsed],
]);

/** Outside of texts a variable is a JSON value; inside it is text, JSON without its quotes. */
function filled(template: string, valueOf: (name: string) => unknown): string {
  return template.replace(TOKEN, (token, name?: string) => {
    if (name !== undefined) return JSON.stringify(valueOf(name) ?? '');
    return token.replace(PLACEHOLDER, (_placeholder, inner: string) => textOf(valueOf(inner)));
  });
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1);
  return JSON.stringify(value).replaceAll('"', '').replaceAll('\\', '\\\\');
}

function isPath(text: string): boolean {
  return text.length <= LONGEST_PATH && parseJsonPath(text) !== undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Several lines are several texts. */
function isJsonOrLines(text: string): boolean {
  if (isJson(text)) return true;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 && lines.every((line) => line.trim().startsWith('"') && isJson(line));
}
