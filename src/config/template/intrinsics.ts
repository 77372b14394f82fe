/**
 * CloudFormation's intrinsic functions, evaluated as `sam local` does (contract 12.5). What cannot
 * be known locally stays unresolved, as the value `UNRESOLVED`, and is never an error by itself.
 */

export type Values = Readonly<Record<string, unknown>>;

export interface Scope {
  readonly parameters: Values;
  readonly mappings: Values;
  readonly conditions: Values;
  /** Logical id → what `Fn::GetAtt` gives. */
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Logical id → what `Ref` gives: a function's name, what a part knows, or the logical id. */
  readonly references: Readonly<Record<string, string>>;
  readonly pseudo: Readonly<Record<string, string>>;
}

export const UNRESOLVED = Symbol('unresolved');
export const NO_VALUE = Symbol('AWS::NoValue');

type Evaluate = (argument: unknown, scope: Scope) => unknown;

const FUNCTIONS: Readonly<Record<string, Evaluate>> = {
  Ref: (argument, scope) => reference(String(argument), scope),
  'Fn::GetAtt': (argument, scope) => attribute(argument, scope),
  'Fn::Sub': (argument, scope) => substitute(argument, scope),
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list(resolve(argument, scope));
    const texts = list(parts).map((part) => text(part));
    return texts.includes(undefined) ? UNRESOLVED : texts.join(String(separator));
  },
  'Fn::Split': (argument, scope) => {
    const [separator, source] = list(resolve(argument, scope));
    const whole = text(source);
    return whole === undefined ? UNRESOLVED : whole.split(String(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, from] = list(resolve(argument, scope));
    return list(from)[Number(index)] ?? UNRESOLVED;
  },
  'Fn::Base64': (argument, scope) => {
    const plain = text(resolve(argument, scope));
    return plain === undefined ? UNRESOLVED : Buffer.from(plain).toString('base64');
  },
  'Fn::FindInMap': (argument, scope) => {
    const keys = list(resolve(argument, scope)).slice(0, 3);
    let at: unknown = scope.mappings;
    for (const key of keys) at = record(at)[String(key)];
    return at ?? UNRESOLVED;
  },
  'Fn::GetAZs': (argument, scope) => {
    const region = text(resolve(argument, scope)) || scope.pseudo['AWS::Region'];
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
  'Fn::If': (argument, scope) => {
    const [condition, yes, no] = list(argument);
    return resolve(holds(String(condition), scope) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = list(resolve(argument, scope));
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::And': (argument, scope) => list(resolve(argument, scope)).every(isTrue),
  'Fn::Or': (argument, scope) => list(resolve(argument, scope)).some(isTrue),
  'Fn::Not': (argument, scope) => !isTrue(list(resolve(argument, scope))[0]),
  Condition: (argument, scope) => holds(String(argument), scope),
};

const UNRESOLVABLE = new Set(['Fn::ImportValue', 'Fn::Transform', 'Fn::Cidr', 'Fn::ForEach']);
const DEEPEST = 100;

/** `value` with every intrinsic in it evaluated. */
export function resolve(value: unknown, scope: Scope, depth = 0): unknown {
  if (depth > DEEPEST || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((item) => resolve(item, scope, depth + 1)).filter((item) => item !== NO_VALUE);
  }
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0) {
    const argument = (value as Record<string, unknown>)[name];
    const evaluate = FUNCTIONS[name];
    if (evaluate !== undefined && (name !== 'Condition' || typeof argument === 'string')) {
      return evaluate(argument, scope);
    }
    if (UNRESOLVABLE.has(name)) return UNRESOLVED;
  }
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, resolve(item, scope, depth + 1)] as const)
      .filter(([, item]) => item !== NO_VALUE),
  );
}

/** Whether an intrinsic function stands here, such as `{Fn::Sub: …}` (contract 12.3). */
export function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === 'Ref' || keys[0]?.startsWith('Fn::') === true);
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  return scope.parameters[name] ?? scope.pseudo[name] ?? scope.references[name] ?? UNRESOLVED;
}

function attribute(argument: unknown, scope: Scope): unknown {
  const [logicalId, name] =
    typeof argument === 'string' ? argument.split(/\.(.*)/s) : list(argument).map(String);
  return scope.attributes[logicalId ?? '']?.[name ?? ''] ?? UNRESOLVED;
}

function substitute(argument: unknown, scope: Scope): unknown {
  const [template, given] = Array.isArray(argument) ? argument : [argument, {}];
  const variables = record(resolve(given, scope));
  return String(template).replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
    if (inner.startsWith('!')) return `\${${inner.slice(1)}}`;
    const name = inner.trim();
    const value =
      variables[name] ?? (name.includes('.') ? attribute(name, scope) : reference(name, scope));
    const plain = text(value);
    // Contract 12.5: an unknown name becomes `$` and the name.
    return plain ?? `$${name}`;
  });
}

/** Whether the condition of this name is true; one that needs itself is not. */
export function holds(name: string, scope: Scope): boolean {
  const { [name]: condition, ...others } = scope.conditions;
  return isTrue(resolve(condition, { ...scope, conditions: others }));
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
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
