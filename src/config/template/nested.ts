/**
 * Nested stacks whose template is a local file: their resources become resources of the template
 * that holds them, each under the logical id of its stack and its own. Names inside are changed to
 * match; parameters and outputs are replaced by what they stand for.
 */

import { dirname, isAbsolute, join, relative } from 'node:path';
import { isMap, map, own, type Map as Named } from '../map.js';
import { nearestOf } from '../problems.js';
import type { TemplateContext } from './context.js';
import { propertiesOf } from './identities.js';
import { readOther } from './include.js';
import { holds, resolve, type Scope } from './intrinsics.js';
import { CONNECTOR } from './permissions.js';
import { renameInSub, rewrite, single } from './rewrite.js';

export const STACK_TYPES: Readonly<Record<string, string>> = {
  'AWS::Serverless::Application': 'Location',
  'AWS::CloudFormation::Stack': 'TemplateURL',
};
const DEEPEST = 8;
/** Outputs made of many outputs, again and again, are a bomb. */
const MOST_REPLACED = 5000;
/** Properties that hold paths relative to the template they stand in. */
const PATHS = ['CodeUri', 'ContentUri', 'DefinitionUri', 'Code', 'Content', 'Location'];
const METADATA_PATHS = ['DockerContext', 'aws:asset:path'];

export interface NestedRequest {
  readonly context: TemplateContext;
  readonly scope: Scope;
  readonly directory: string;
  readonly depth: number;
  /** Makes the template of a file ready, its own nested stacks included. */
  prepare(document: Named, place: NestedPlace): Expanded;
}

export interface Expanded {
  readonly template: Named;
  /** Logical id of a nested resource → where it is written. */
  readonly origins: ReadonlyMap<string, string>;
}

export interface NestedPlace {
  readonly file: string;
  readonly parameters: Named;
  readonly depth: number;
}

export function withNestedStacks(template: Named, request: NestedRequest): Expanded {
  const resources = map(template['Resources']);
  const taken = new Set<string>();
  const stacks = Object.entries(resources).flatMap(([logicalId, resource]) => {
    const stack = readStack(
      { logicalId, prefix: prefixOf(logicalId, resource, taken) },
      resource,
      request,
    );
    return stack === undefined ? [] : [stack];
  });
  if (stacks.length === 0) return { template, origins: new Map() };
  const sections = ['Resources', 'Conditions', 'Mappings'].map((section) => [
    section,
    Object.assign({ ...map(template[section]) }, ...stacks.map((stack) => stack.sections[section])),
  ]);
  const outputs = new Map(stacks.map(({ logicalId, outputs: these }) => [logicalId, these]));
  const exported = new Map(stacks.flatMap(({ exports: these }) => [...these]));
  const merged: Named = { ...template, ...(Object.fromEntries(sections) as Named) };
  return {
    template: withOutputs(merged, { outputs, exported }, request),
    origins: new Map(stacks.flatMap(({ origins }) => [...origins])),
  };
}

/** What its resources' logical ids begin with: CDK's own for nested stacks are very long. */
function prefixOf(logicalId: string, resource: unknown, taken: Set<string>): string {
  const path = String(map(map(resource)['Metadata'])['aws:cdk:path']);
  const [, short = ''] = /([^/]+)\.NestedStack\//.exec(path) ?? [];
  const prefix = short.replace(/[^A-Za-z0-9]/g, '');
  if (prefix === '' || taken.has(prefix)) return logicalId;
  taken.add(prefix);
  return prefix;
}

interface ReadStack {
  readonly logicalId: string;
  readonly sections: Readonly<Record<string, Named>>;
  readonly outputs: Named;
  /** Name of an export → what it stands for. */
  readonly exports: ReadonlyMap<string, unknown>;
  readonly origins: ReadonlyMap<string, string>;
}

function readStack(
  { logicalId, prefix }: Pick<Move, 'logicalId' | 'prefix'>,
  resource: unknown,
  request: NestedRequest,
): ReadStack | undefined {
  const { Type: type, Condition: condition, Metadata: metadata } = map(resource);
  const property = own(STACK_TYPES, String(type));
  if (typeof property !== 'string') return undefined;
  if (typeof condition === 'string' && !holds(condition, request.scope)) return undefined;
  const { context, directory, depth, scope } = request;
  const properties = map(map(resource)['Properties']);
  const asset = map(metadata)['aws:asset:path'];
  const location = typeof asset === 'string' ? asset : resolve(properties[property], scope);
  const path = `Resources.${logicalId}`;
  if (typeof location !== 'string' || /^(s3|https?|arn):/.test(location)) {
    const reason = 'only nested stacks whose template is a local file are read';
    context.notices.push({ path, treatment: 'ignored', reason });
    return undefined;
  }
  const file = isAbsolute(location) ? location : join(directory, location);
  const where = `${path}.Properties.${property}`;
  if (depth >= DEEPEST) {
    const expected = `no more than ${DEEPEST} stacks in each other`;
    const remedy = 'Does a template nest itself?';
    context.problems.add({ path: where, value: location, expected, remedy });
    return undefined;
  }
  const document = readOther(file, where, context);
  if (!isMap(document) || !isMap(document['Resources'])) {
    if (document !== undefined) {
      const remedy = 'Name the template of the nested stack.';
      const expected = 'a template, which has Resources';
      context.problems.add({ path: where, value: location, expected, remedy });
    }
    return undefined;
  }
  const given = map(properties['Parameters']);
  checkParameters(`${path}.Properties.Parameters`, given, map(document['Parameters']), context);
  const parameters = map(resolve(given, scope));
  const { template, origins } = request.prepare(document, { file, parameters, depth: depth + 1 });
  const shown = relative(dirname(context.source), file);
  const here = Object.keys(map(template['Resources'])).map(
    (id) => [`${prefix}${id}`, origins.get(id) ?? `${shown}, Resources.${id}`] as const,
  );
  return {
    ...moved(template, { logicalId, prefix, given, from: dirname(file), to: directory }),
    origins: new Map(here),
  };
}

function checkParameters(
  path: string,
  given: Named,
  declared: Named,
  { problems }: TemplateContext,
): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declared, name)) continue;
    const nearest = nearestOf(name, Object.keys(declared));
    problems.add({
      path: `${path}.${name}`,
      expected: `a parameter of the nested template (${Object.keys(declared).join(', ') || 'it has none'})`,
      remedy: nearest === undefined ? 'Leave it out.' : `Did you mean '${nearest}'?`,
    });
  }
}

interface Move {
  readonly logicalId: string;
  readonly prefix: string;
  /** Its parameters as the parent writes them. */
  readonly given: Named;
  readonly from: string;
  readonly to: string;
}

/** The template's sections with names that no other stack has. */
function moved(child: Named, move: Move): Omit<ReadStack, 'origins'> {
  const { logicalId, prefix } = move;
  const renamed = rename(child, move);
  const section = (name: string, change: (value: unknown) => unknown = renamed): Named =>
    Object.fromEntries(
      Object.entries(map(child[name])).map(([key, value]) => [`${prefix}${key}`, change(value)]),
    );
  const globals = map(child['Globals']);
  const outputs = Object.entries(map(child['Outputs']));
  return {
    logicalId,
    sections: {
      Resources: section('Resources', (resource) =>
        movedResource(resource, globals, renamed, move),
      ),
      Conditions: section('Conditions'),
      Mappings: section('Mappings', (value) => value),
    },
    outputs: Object.fromEntries(
      outputs.map(([name, output]) => [name, renamed(map(output)['Value'])]),
    ),
    exports: new Map(
      outputs.flatMap(([, output]) => {
        const { Export: exported, Value: value } = map(output);
        const name = map(exported)['Name'];
        return typeof name === 'string' ? [[name, renamed(value)] as const] : [];
      }),
    ),
  };
}

function movedResource(
  resource: unknown,
  globals: Named,
  renamed: (value: unknown) => unknown,
  { prefix, from, to }: Move,
): unknown {
  if (!isMap(resource)) return resource;
  const { Condition: condition, DependsOn: depends, Properties: _, ...rest } = resource;
  const here = (values: Named, keys: readonly string[]): Named =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        keys.includes(key) && isLocalPath(value) ? relative(to, join(from, value)) || '.' : value,
      ]),
    );
  const written = renamed(here(propertiesOf(resource, globals), PATHS));
  const properties = rest['Type'] === CONNECTOR ? connected(written, prefix) : written;
  return {
    ...rest,
    Properties: properties,
    // They are laid under already.
    IgnoreGlobals: '*',
    ...(typeof condition === 'string' ? { Condition: `${prefix}${condition}` } : {}),
    ...(depends === undefined
      ? {}
      : { DependsOn: [depends].flat().map((name) => `${prefix}${String(name)}`) }),
    ...(rest['Connectors'] === undefined
      ? {}
      : { Connectors: connected(renamed(rest['Connectors']), prefix) }),
    ...(rest['Metadata'] === undefined
      ? {}
      : { Metadata: renamed(here(map(rest['Metadata']), METADATA_PATHS)) }),
  };
}

/** Connectors name resources by plain logical ids. */
function connected(connector: unknown, prefix: string): unknown {
  return rewrite(connector, {
    map: ({ Id: id, ...rest }) =>
      typeof id === 'string' ? { ...rest, Id: `${prefix}${id}` } : undefined,
  });
}

function isLocalPath(value: unknown): value is string {
  return typeof value === 'string' && !isAbsolute(value) && !/^(s3|https?|arn):/.test(value);
}

/** References of a nested template as the template around it has to write them. */
function rename(child: Named, { logicalId, prefix, given }: Move): (value: unknown) => unknown {
  const parameters = map(child['Parameters']);
  const stackName = { 'Fn::Sub': `\${AWS::StackName}-${logicalId}` };
  const meaning = (name: string): unknown => {
    if (name === 'AWS::StackName') return stackName;
    const declared = own(parameters, name);
    if (declared === undefined) return undefined;
    const value = own(given, name) ?? map(declared)['Default'];
    const type = String(map(declared)['Type']);
    const isList = type === 'CommaDelimitedList' || type.startsWith('List<');
    if (!isList || Array.isArray(value)) return value ?? { 'Fn::ImportValue': name };
    return typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
  };
  const prefixed = (name: unknown): unknown =>
    typeof name === 'string' && !isShared(name) ? `${prefix}${name}` : name;
  const change = (value: unknown): unknown =>
    rewrite(value, {
      map: (found, inside) => {
        const [name, argument] = single(found) ?? [];
        switch (name) {
          case 'Ref':
            if (typeof argument !== 'string') return undefined;
            return meaning(argument) ?? { Ref: prefixed(argument) };
          case 'Fn::GetAtt': {
            const [id, ...attribute] =
              typeof argument === 'string' ? argument.split(/\.(.*)/s) : [argument].flat();
            return { [name]: [prefixed(id), ...attribute.filter((part) => part !== '')] };
          }
          case 'Fn::Sub': {
            const text = renameInSub(argument, (written) => {
              const variable = meaning(written);
              if (variable !== undefined) return { variable };
              return isShared(written) ? undefined : `${prefix}${written}`;
            });
            if (!Array.isArray(text)) return { [name]: text };
            // Values of parameters are the parent's already.
            const [template, variables] = text as [string, Named];
            const original = Array.isArray(argument) ? map(argument[1]) : {};
            const inner = Object.entries(variables).map(([key, item]) => [
              key,
              Object.hasOwn(original, key) ? inside(item) : item,
            ]);
            return { [name]: [template, Object.fromEntries(inner) as Named] };
          }
          case 'Fn::If': {
            const [condition, ...branches] = [argument].flat();
            return { [name]: [prefixed(condition), ...branches.map(inside)] };
          }
          case 'Fn::FindInMap': {
            const [table, ...keys] = [argument].flat();
            return { [name]: [prefixed(table), ...keys.map(inside)] };
          }
          case 'Condition':
            return typeof argument === 'string' ? { Condition: prefixed(argument) } : undefined;
          default:
            return undefined;
        }
      },
    });
  return change;
}

/** AWS's own names, and the APIs that SAM makes for routes which name none. */
function isShared(name: string): boolean {
  return name.startsWith('AWS::') || /^Serverless(Rest|Http)Api/.test(name);
}

/** What stacks give each other. */
interface Shared {
  /** By the logical id of the stack. */
  readonly outputs: ReadonlyMap<string, Named>;
  readonly exported: ReadonlyMap<string, unknown>;
}

/** `GetAtt Stack.Outputs.Name` becomes what the output's value is, `ImportValue` what is exported. */
function withOutputs(
  template: Named,
  { outputs, exported }: Shared,
  { context }: NestedRequest,
): Named {
  let count = 0;
  const being = new Set<string>();
  const replaced = (key: string, value: unknown): unknown => {
    count += 1;
    if (count > MOST_REPLACED) return { 'Fn::ImportValue': key };
    if (being.has(key)) {
      const [stack = ''] = key.split('.');
      const expected = `no circular dependency; ${[...being, key].join(' needs ')}`;
      const remedy = 'Take one of the outputs away.';
      context.problems.add({ path: `Resources.${stack}`, expected, remedy });
      return { 'Fn::ImportValue': key };
    }
    being.add(key);
    const changed = change(value);
    being.delete(key);
    return changed;
  };
  const valueOf = (logicalId: unknown, attribute: unknown): unknown => {
    const stack = typeof logicalId === 'string' ? outputs.get(logicalId) : undefined;
    if (stack === undefined || typeof attribute !== 'string') return undefined;
    const [, name] = /^Outputs\.(.+)$/.exec(attribute) ?? [];
    if (name === undefined) return undefined;
    const value = own(stack, name);
    if (value !== undefined) return replaced(`${String(logicalId)}.${attribute}`, value);
    const nearest = nearestOf(name, Object.keys(stack));
    context.problems.add({
      path: `Resources.${String(logicalId)}`,
      value: attribute,
      expected: `one of its outputs (${Object.keys(stack).join(', ') || 'it has none'})`,
      remedy:
        nearest === undefined ? 'Declare it in the nested template.' : `Did you mean '${nearest}'?`,
    });
    return { 'Fn::ImportValue': name };
  };
  const change = (value: unknown): unknown =>
    rewrite(value, {
      map: (found, inside) => {
        const [name, argument] = single(found) ?? [];
        if (name === 'Fn::GetAtt') {
          const [id, attribute] =
            typeof argument === 'string' ? argument.split(/\.(.*)/s) : [argument].flat();
          return valueOf(id, attribute);
        }
        if (name === 'Fn::ImportValue' && typeof argument === 'string') {
          return exported.has(argument) ? replaced(argument, exported.get(argument)) : undefined;
        }
        if (name === 'Fn::GetStackOutput') {
          const { StackName: stack, OutputName: output } = map(argument);
          return outputs.has(String(stack))
            ? valueOf(stack, `Outputs.${String(output)}`)
            : undefined;
        }
        if (name !== 'Fn::Sub') return undefined;
        const text = renameInSub(argument, (written) => {
          const [id, attribute] = written.split(/\.(.*)/s);
          const variable = valueOf(id, attribute);
          return variable === undefined ? undefined : { variable };
        });
        return { [name]: Array.isArray(text) ? [text[0], inside(text[1])] : text };
      },
    });
  return change(template) as Named;
}
