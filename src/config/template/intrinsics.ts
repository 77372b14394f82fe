/**
 * CloudFormation's intrinsic functions, evaluated as `sam local` does (contract 12.5). What cannot
 * be known locally stays unresolved, as the value `UNRESOLVED`, and is never an error by itself.
 */

import { own } from '../map.js';
import { cidrBlocks } from './cidr.js';

export type Values = Readonly<Record<string, unknown>>;

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of resources that SAM would generate: `Alias` of `!Ref MyFunction.Alias`. */
  readonly generated?: Readonly<Record<string, string>>;
}

export interface Scope {
  readonly parameters: Values;
  readonly mappings: Values;
  readonly conditions: Values;
  /** Takes which conditions hold, once they have been looked at. */
  readonly held: Map<string, boolean>;
  readonly pseudo: Readonly<Record<string, string>>;
  /** `Fn::Length`, `Fn::ToJsonString` and defaults of `Fn::FindInMap` exist. */
  readonly extended: boolean;
  /** What a resource is called; undefined when the template has none of this logical id. */
  identity(logicalId: string): Identity | undefined;
}

export const UNRESOLVED = Symbol('unresolved');
export const NO_VALUE = Symbol('AWS::NoValue');

/** A resolved value in a name or a message, whatever was written there and whatever is not known in it. */
export function shown(value: unknown): string {
  if (value === UNRESOLVED) return '(not known here)';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Why a value is not there, told while it is resolved. */
export interface Finding {
  /** Of the property it stands in. */
  readonly path: string;
  /** Such as `Fn::ImportValue`. */
  readonly what: string;
  /** CloudFormation would refuse it, for this reason. */
  readonly fault?: string;
}

type Tell = (finding: Finding) => void;

/** Where in a template an evaluation stands. */
interface At {
  readonly scope: Scope;
  readonly path: string;
  readonly depth: number;
  readonly tell: Tell;
}

type Evaluate = (argument: unknown, at: At) => unknown;

const FUNCTIONS: Readonly<Record<string, Evaluate>> = {
  Ref: (argument, at) => reference(argument, at),
  'Fn::GetAtt': (argument, at) => attribute(argument, at),
  'Fn::Sub': (argument, at) => substitute(argument, at),
  'Fn::Join': (argument, at) => {
    const [separator, parts] = list(inner(argument, at));
    const between = separatorOf(separator, 'Fn::Join', at);
    if (between === UNRESOLVED || parts === UNRESOLVED) return UNRESOLVED;
    const texts = list(parts).map((part) => text(part));
    if (!texts.every((part) => part !== undefined)) return UNRESOLVED;
    const length = texts.reduce((sum, part) => sum + part.length + between.length, 0);
    if (length > LONGEST_TEXT) return missing(at, 'Fn::Join', TOO_LONG);
    return texts.join(between);
  },
  'Fn::Split': (argument, at) => {
    const [separator, source] = list(inner(argument, at));
    const between = separatorOf(separator, 'Fn::Split', at);
    const whole = text(source);
    return between === UNRESOLVED || whole === undefined ? UNRESOLVED : whole.split(between);
  },
  'Fn::Select': (argument, at) => {
    const [index, from] = list(inner(argument, at));
    if (from === UNRESOLVED || index === UNRESOLVED) return UNRESOLVED;
    const found = list(from)[Number(index)];
    if (found !== undefined) return found;
    return missing(at, 'Fn::Select', `its list has no item ${shown(index)}`);
  },
  'Fn::Base64': (argument, at) => {
    const plain = text(inner(argument, at));
    if (plain !== undefined && plain.length > LONGEST_TEXT) {
      return missing(at, 'Fn::Base64', TOO_LONG);
    }
    return plain === undefined ? UNRESOLVED : Buffer.from(plain).toString('base64');
  },
  'Fn::FindInMap': (argument, at) => findInMap(argument, at),
  'Fn::GetAZs': (argument, at) => {
    const region = text(inner(argument, at)) || at.scope.pseudo['AWS::Region'];
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
  'Fn::Cidr': (argument, at) => {
    const [block, count, bits = '8'] = list(inner(argument, at));
    if ([block, count, bits].includes(UNRESOLVED)) return UNRESOLVED;
    const blocks = cidrBlocks(shown(block), Number(count), Number(bits));
    const fault = `${shown(block)} has no ${shown(count)} blocks of ${shown(bits)} bits`;
    return blocks ?? missing(at, 'Fn::Cidr', fault);
  },
  'Fn::If': (argument, at) => {
    const [condition, yes, no] = list(argument);
    return inner(holds(shown(condition), at.scope) ? yes : no, at);
  },
  'Fn::Equals': (argument, at) => {
    const [left, right] = list(inner(argument, at));
    // Numbers and booleans are their texts.
    return JSON.stringify(text(left) ?? left) === JSON.stringify(text(right) ?? right);
  },
  'Fn::And': (argument, at) => list(inner(argument, at)).every(isTrue),
  'Fn::Or': (argument, at) => list(inner(argument, at)).some(isTrue),
  'Fn::Not': (argument, at) => !isTrue(list(inner(argument, at))[0]),
  'Fn::Length': (argument, at) => {
    if (!at.scope.extended) return missing(at, 'Fn::Length', NEEDS_EXTENSIONS);
    const items = inner(argument, at);
    return Array.isArray(items) ? items.length : UNRESOLVED;
  },
  'Fn::ToJsonString': (argument, at) => {
    if (!at.scope.extended) return missing(at, 'Fn::ToJsonString', NEEDS_EXTENSIONS);
    const value = inner(argument, at);
    return hasUnresolved(value) ? UNRESOLVED : JSON.stringify(value);
  },
  Condition: (argument, at) => holds(shown(argument), at.scope),
};

const NEEDS_EXTENSIONS = 'it needs `Transform: AWS::LanguageExtensions`';
/** What stands for something that only AWS knows. */
const UNRESOLVABLE: ReadonlySet<string> = new Set([
  'Fn::ImportValue',
  'Fn::GetStackOutput',
  'Fn::Transform',
]);
const DEEPEST = 100;
/** No property takes more; names made of names made of names … could be any length. */
const LONGEST_TEXT = 1024 * 1024;
const TOO_LONG = 'the text would be longer than 1 MB';

/** `value` with every intrinsic in it evaluated. */
export function resolve(value: unknown, scope: Scope): unknown {
  return evaluate(value, { scope, path: '', depth: 0, tell: () => undefined });
}

/** The same, telling what is not there. `path` is that of the value. */
export function resolveTelling(value: unknown, scope: Scope, path: string, tell: Tell): unknown {
  return evaluate(value, { scope, path, depth: 0, tell });
}

function evaluate(value: unknown, at: At): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (at.depth > DEEPEST) return missing(at, 'what is nested so deeply', 'it is nested too deeply');
  if (Array.isArray(value)) {
    return value
      .map((item, index) => evaluate(item, below(at, String(index))))
      .filter((item) => item !== NO_VALUE);
  }
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0) {
    const argument = (value as Record<string, unknown>)[name];
    const evaluateThis = own(FUNCTIONS, name) as Evaluate | undefined;
    if (evaluateThis !== undefined && (name !== 'Condition' || typeof argument === 'string')) {
      return evaluateThis(argument, at);
    }
    if (UNRESOLVABLE.has(name)) {
      at.tell({ path: at.path, what: name });
      return UNRESOLVED;
    }
  }
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, evaluate(item, below(at, key))] as const)
      .filter(([, item]) => item !== NO_VALUE),
  );
}

function below(at: At, key: string): At {
  return { ...at, path: `${at.path}.${key}`, depth: at.depth + 1 };
}

/** An argument of the function that stands here: it has no path of its own. */
function inner(value: unknown, at: At): unknown {
  if (Array.isArray(value)) {
    const deeper = { ...at, depth: at.depth + 1 };
    return value.map((item) => inner(item, deeper)).filter((item) => item !== NO_VALUE);
  }
  return evaluate(value, { ...at, depth: at.depth + 1 });
}

function missing({ tell, path }: At, what: string, fault: string): typeof UNRESOLVED {
  tell({ path, what, fault });
  return UNRESOLVED;
}

/** What stands between texts; CloudFormation takes a text for it and nothing else. */
function separatorOf(separator: unknown, what: string, at: At): string | typeof UNRESOLVED {
  const known = text(separator);
  if (known !== undefined || hasUnresolved(separator)) return known ?? UNRESOLVED;
  const given = separator === undefined ? 'none' : shown(separator);
  return missing(at, what, `its separator must be a text; it is ${given}`);
}

/** Whether an intrinsic function stands here, such as `{Fn::Sub: …}` (contract 12.3). */
export function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === 'Ref' || keys[0]?.startsWith('Fn::') === true);
}

/** Whether something in it could not be resolved. */
function hasUnresolved(value: unknown): boolean {
  if (value === UNRESOLVED) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasUnresolved);
}

function reference(argument: unknown, at: At): unknown {
  const name = text(inner(argument, at)) ?? '';
  const found = named(name, at.scope);
  if (found !== undefined) return found;
  at.tell({ path: at.path, what: `Ref ${name}` });
  return UNRESOLVED;
}

function named(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  const { parameters, pseudo } = scope;
  const plain = own(parameters, name) ?? own(pseudo, name) ?? scope.identity(name)?.ref;
  if (plain !== undefined || !name.includes('.')) return plain;
  // SAM: `MyFunction.Alias` and the like mean resources that it generates.
  const [logicalId = '', generated = ''] = name.split(/\.(.*)/s);
  return own(scope.identity(logicalId)?.generated ?? {}, generated);
}

function attribute(argument: unknown, at: At): unknown {
  const found = attributeNamed(argument, at);
  if (found !== undefined) return found;
  const parts = typeof argument === 'string' ? [argument] : list(argument);
  at.tell({
    path: at.path,
    what: `Fn::GetAtt ${parts.map((part) => text(part) ?? '…').join('.')}`,
  });
  return UNRESOLVED;
}

function attributeNamed(argument: unknown, at: At): unknown {
  const [logicalId, name] =
    typeof argument === 'string'
      ? argument.split(/\.(.*)/s)
      : list(inner(argument, at)).map((part) => text(part) ?? '');
  return own(at.scope.identity(logicalId ?? '')?.attributes ?? {}, name ?? '');
}

function substitute(argument: unknown, at: At): unknown {
  const [template, given] = Array.isArray(argument) ? (argument as unknown[]) : [argument, {}];
  const variables = record(inner(given, at));
  const source = text(inner(template, at));
  if (source === undefined) return UNRESOLVED;
  let length = source.length;
  const substituted = source.replace(/\$\{([^}]*)\}/g, (_, written: string) => {
    if (written.startsWith('!')) return `\${${written.slice(1)}}`;
    const name = written.trim();
    const value =
      own(variables, name) ??
      (name.includes('.') ? attributeNamed(name, at) : undefined) ??
      named(name, at.scope);
    const plain = Array.isArray(value) ? value.join(',') : text(value);
    length += plain?.length ?? 0;
    if (length > LONGEST_TEXT) return '';
    if (plain !== undefined) return plain;
    // Contract 12.5: an unknown name becomes `$` and the name.
    at.tell({ path: at.path, what: `\${${name}}` });
    return `$${name}`;
  });
  return length > LONGEST_TEXT ? missing(at, 'Fn::Sub', TOO_LONG) : substituted;
}

function findInMap(argument: unknown, at: At): unknown {
  const [name, top, second, options] = list(inner(argument, at));
  if ([name, top, second].includes(UNRESOLVED)) return UNRESOLVED;
  let found: unknown = at.scope.mappings;
  for (const key of [name, top, second]) found = own(record(found), String(key));
  if (found !== undefined) return found;
  const { DefaultValue: fallback } = record(options);
  if (fallback !== undefined) {
    return at.scope.extended ? fallback : missing(at, 'DefaultValue', NEEDS_EXTENSIONS);
  }
  const keys = [name, top, second].map(String).join('::');
  return missing(at, 'Fn::FindInMap', `Mappings has no ${keys}`);
}

/** Whether the condition of this name is true; one that needs itself is not. */
export function holds(name: string, scope: Scope): boolean {
  const known = scope.held.get(name);
  if (known !== undefined) return known;
  const condition = own(scope.conditions, name);
  if (condition === undefined) return false;
  scope.held.set(name, false);
  const result = isTrue(resolve(condition, scope));
  scope.held.set(name, result);
  return result;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The text of a scalar; undefined for everything else. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
