/**
 * What resources of a template need of each other: names that nothing has, and resources that need
 * themselves, are problems, as CloudFormation refuses them.
 */

import { isMap, map, own, type Map as Named } from '../map.js';
import { nearestOf, type Problems } from '../problems.js';
import { holds, type Scope } from './intrinsics.js';
import { propertiesOf } from './identities.js';

interface Reference {
  /** Of the property it stands in. */
  readonly path: string;
  /** Logical id, or name of a parameter. */
  readonly name: string;
  /** Of something that becomes a resource of its own: the one it stands in does not need it. */
  readonly apart?: true;
}

export interface ReferencesRequest {
  readonly scope: Scope;
  /** All of the template's. */
  readonly declared: Named;
  /** Those that are made. */
  readonly resources: Named;
  readonly globals: Named;
  readonly problems: Problems;
}

export function checkReferences(request: ReferencesRequest): void {
  const { resources, scope, declared, problems } = request;
  for (const [logicalId, resource] of Object.entries(declared)) {
    const { Condition: condition } = map(resource);
    if (typeof condition !== 'string' || Object.hasOwn(scope.conditions, condition)) continue;
    refuseCondition(`Resources.${logicalId}.Condition`, condition, request);
  }
  const generated = generatedPrefixes(declared);
  const needs = new Map<string, Set<string>>();
  for (const [logicalId, resource] of Object.entries(resources)) {
    const needed = new Set<string>();
    needs.set(logicalId, needed);
    for (const { path, name, apart } of referencesOf(logicalId, resource, request)) {
      if (Object.hasOwn(resources, name)) {
        if (apart === undefined) needed.add(name);
      } else if (!isKnown(name, scope) && !generated.some((prefix) => name.startsWith(prefix))) {
        refuseUnknown(path, name, request);
      }
    }
  }
  for (const cycle of cyclesIn(needs)) {
    const [first = ''] = cycle;
    problems.add({
      path: `Resources.${first}`,
      expected:
        cycle.length === 1
          ? `no reference to itself; ${first} needs its own name before it is made`
          : `no circular dependency; ${[...cycle, first].join(' needs ')}`,
      remedy: 'Give one of them a name of its own and write that name where it is needed.',
    });
  }
}

function isKnown(name: string, { parameters, pseudo }: Scope): boolean {
  return name.startsWith('AWS::') || Object.hasOwn(parameters, name) || Object.hasOwn(pseudo, name);
}

/** SAM makes resources beside its own; their logical ids begin with those of what they belong to. */
function generatedPrefixes(declared: Named): string[] {
  const sam = Object.entries(declared).filter(([, resource]) =>
    String(map(resource)['Type']).startsWith('AWS::Serverless::'),
  );
  return sam.length === 0 ? [] : ['Serverless', ...sam.map(([logicalId]) => logicalId)];
}

function refuseUnknown(path: string, name: string, request: ReferencesRequest): void {
  const { scope, declared, resources, problems } = request;
  const left = own(declared, name);
  if (left !== undefined) {
    problems.add({
      path,
      value: name,
      expected: `a resource that is made; the condition ${String(map(left)['Condition'])} of ${name} is false`,
      remedy: 'Choose by Fn::If, or give the parameters values that make the condition true.',
    });
    return;
  }
  const known = [...Object.keys(resources), ...Object.keys(scope.parameters)];
  const nearest = nearestOf(name, known);
  problems.add({
    path,
    value: name,
    expected: 'the name of a resource or parameter of this template',
    remedy:
      nearest === undefined ? 'Correct the name, or declare it.' : `Did you mean '${nearest}'?`,
  });
}

function refuseCondition(
  path: string,
  condition: string,
  { scope, problems }: ReferencesRequest,
): void {
  const nearest = nearestOf(condition, Object.keys(scope.conditions));
  problems.add({
    path,
    value: condition,
    expected: 'the name of a condition of this template',
    remedy:
      nearest === undefined
        ? 'Declare it below Conditions, or correct the name.'
        : `Did you mean '${nearest}'?`,
  });
}

/** Conditions that need each other have no value. */
export function checkConditions(conditions: Named, problems: Problems): void {
  const needs = new Map<string, Set<string>>();
  for (const [name, condition] of Object.entries(conditions)) {
    const needed = conditionsIn(condition, 0);
    needs.set(name, new Set(needed.filter((other) => Object.hasOwn(conditions, other))));
  }
  for (const cycle of cyclesIn(needs)) {
    const [first = ''] = cycle;
    problems.add({
      path: `Conditions.${first}`,
      expected: `a condition that does not need itself; ${[...cycle, first].join(' needs ')}`,
      remedy: 'Write one of them without the others.',
    });
  }
}

function conditionsIn(value: unknown, depth: number): string[] {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'Condition' && typeof item === 'string' ? [item] : conditionsIn(item, depth + 1),
  );
}

/** Of a resource's properties, SAM's events left out: those become resources of their own. */
function referencesOf(
  logicalId: string,
  resource: unknown,
  { globals, scope, problems, resources, declared }: ReferencesRequest,
): Reference[] {
  const found: Reference[] = [];
  const refuse = (path: string, name: string): void =>
    refuseCondition(path, name, { scope, problems } as ReferencesRequest);
  const { Type: type, DependsOn: depends } = map(resource);
  const isSam = String(type).startsWith('AWS::Serverless::');
  for (const [key, value] of Object.entries(propertiesOf(resource, globals))) {
    if (isSam && (key === 'Events' || key === 'Connectors')) continue;
    const own: Reference[] = [];
    walk(value, `Resources.${logicalId}.Properties.${key}`, {
      scope,
      found: own,
      refuse,
      depth: 0,
    });
    const apart = type === 'AWS::Serverless::WebSocketApi' && SOCKET_PARTS.includes(key);
    found.push(...own.map((reference) => (apart ? { ...reference, apart } : reference)));
  }
  const named = Array.isArray(depends) ? depends : [depends];
  for (const name of named) {
    // What is not made needs no waiting for.
    if (
      typeof name === 'string' &&
      (Object.hasOwn(resources, name) || !Object.hasOwn(declared, name))
    )
      found.push({ path: `Resources.${logicalId}.DependsOn`, name });
  }
  return found;
}

/** SAM makes routes and an authorizer of them, beside the API. */
const SOCKET_PARTS = ['Routes', 'Auth'];

interface Walk {
  readonly scope: Scope;
  readonly found: Reference[];
  readonly refuse: (path: string, condition: string) => void;
  readonly depth: number;
}

const DEEPEST = 100;

function walk(value: unknown, path: string, around: Walk): void {
  if (typeof value !== 'object' || value === null || around.depth > DEEPEST) return;
  const deeper = { ...around, depth: around.depth + 1 };
  if (Array.isArray(value)) {
    for (const item of value) walk(item, path, deeper);
    return;
  }
  const entries = Object.entries(value);
  const [[name, argument] = []] = entries;
  if (entries.length === 1 && name !== undefined && walkIntrinsic(name, argument, path, deeper)) {
    return;
  }
  for (const [key, item] of entries) walk(item, isFunction(key) ? path : `${path}.${key}`, deeper);
}

const isFunction = (key: string): boolean => key.startsWith('Fn::');

/** Whether it was one whose argument has been looked through. */
function walkIntrinsic(name: string, argument: unknown, path: string, around: Walk): boolean {
  const { found, scope } = around;
  const add = (written: string): void => {
    found.push({ path, name: written.split('.')[0] ?? written });
  };
  switch (name) {
    case 'Ref':
      if (typeof argument === 'string') add(argument);
      return typeof argument === 'string';
    case 'Fn::GetAtt': {
      const [logicalId] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
      if (typeof logicalId === 'string') add(logicalId);
      return typeof logicalId === 'string';
    }
    case 'Fn::Sub': {
      const [template, given] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
      for (const [, inner = ''] of String(template).matchAll(/\$\{([^}!][^}]*)\}/g)) {
        if (!isMap(given) || !Object.hasOwn(given, inner.trim())) add(inner.trim());
      }
      walk(given, path, around);
      return true;
    }
    case 'Fn::If': {
      const [condition, yes, no] = Array.isArray(argument) ? (argument as unknown[]) : [];
      if (typeof condition !== 'string') return false;
      if (!Object.hasOwn(scope.conditions, condition)) around.refuse(path, condition);
      walk(holds(condition, scope) ? yes : no, path, around);
      return true;
    }
    default:
      return false;
  }
}

/** Each cycle once, from its first resource in the order of the template. */
function cyclesIn(needs: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const start of needs.keys()) {
    // An explicit stack: a chain may be as long as the template.
    const trail: { readonly name: string; readonly rest: Iterator<string> }[] = [];
    const on = new Map<string, number>();
    const enter = (name: string): void => {
      on.set(name, trail.length);
      trail.push({ name, rest: (needs.get(name) ?? new Set<string>()).values() });
    };
    if (!done.has(start)) enter(start);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const next = top.rest.next();
      if (next.done === true) {
        trail.pop();
        on.delete(top.name);
        done.add(top.name);
        continue;
      }
      const at = on.get(next.value);
      if (at !== undefined) cycles.push(trail.slice(at).map(({ name }) => name));
      else if (!done.has(next.value)) enter(next.value);
    }
  }
  return cycles;
}
