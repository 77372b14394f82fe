/**
 * SAM and CloudFormation templates → function drafts. Every property and resource that is not
 * enforced becomes a notice: nothing is ignored in silence.
 */

import { functionArn } from '../../function/arn.js';
import type { SettingNotice } from '../config.js';
import type { FunctionDraft } from '../draft.js';
import { nearestOf, type Problems } from '../problems.js';
import { withGlobals } from './globals.js';
import { resolve, UNRESOLVED, type Scope } from './intrinsics.js';

export interface TemplateContext {
  readonly region: string;
  readonly accountId: string;
  /** Overrides of parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
  /** Keeps inline code as a folder and gives its path. */
  materialise(logicalId: string, fileName: string, code: string): string;
}

type Map = Readonly<Record<string, unknown>>;

/** Template property → our setting. */
const SETTINGS: Readonly<Record<string, string>> = {
  Runtime: 'runtime',
  Handler: 'handler',
  MemorySize: 'memory',
  Timeout: 'timeout',
  Description: 'description',
  ReservedConcurrentExecutions: 'reservedConcurrency',
};

/** Settings below a property of their own. */
const NESTED: Readonly<Record<string, { readonly inner: string; readonly setting: string }>> = {
  Environment: { inner: 'Variables', setting: 'environment' },
  EphemeralStorage: { inner: 'Size', setting: 'ephemeralStorage' },
};

const HANDLED = new Set([
  ...Object.keys(SETTINGS),
  ...Object.keys(NESTED),
  'FunctionName',
  'CodeUri',
  'Code',
  'InlineCode',
  'Layers',
  'Architectures',
  'PackageType',
]);

const FUNCTION_TYPES = ['AWS::Serverless::Function', 'AWS::Lambda::Function'];
const LAYER_TYPES = ['AWS::Serverless::LayerVersion', 'AWS::Lambda::LayerVersion'];

const NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(SETTINGS).map(([name, ours]) => [ours, `Properties.${name}`]),
  ),
  environment: 'Properties.Environment.Variables',
  ephemeralStorage: 'Properties.EphemeralStorage.Size',
  layers: 'Properties.Layers',
  code: 'Properties.CodeUri',
  architecture: 'Properties.Architectures.0',
};

export function isTemplate(document: unknown): boolean {
  return 'Resources' in map(document);
}

export function readTemplate(document: unknown, context: TemplateContext): FunctionDraft[] {
  const template = map(document);
  const resources = map(template['Resources']);
  const functions = Object.entries(resources).filter(([, resource]) =>
    FUNCTION_TYPES.includes(String(map(resource)['Type'])),
  );
  const globals = map(map(template['Globals'])['Function']);
  const scope = scopeOf(template, functions, context);
  for (const [logicalId, resource] of Object.entries(resources)) {
    const type = String(map(resource)['Type']);
    if (FUNCTION_TYPES.includes(type) || LAYER_TYPES.includes(type)) continue;
    context.notices.push({
      path: `Resources.${logicalId}`,
      treatment: 'ignored',
      reason: `resources of type ${type} are not run here`,
    });
  }
  return functions.map(([logicalId, resource]) => {
    const own = map(map(resource)['Properties']);
    // Globals are SAM's: plain CloudFormation functions know nothing of them.
    const isSam = String(map(resource)['Type']).startsWith('AWS::Serverless::');
    const merged = isSam ? withGlobals(globals, own, map(resource)['IgnoreGlobals']) : own;
    const properties = map(resolve(merged, scope));
    return draftOf(logicalId, properties, { resources, scope, context });
  });
}

interface DraftContext {
  readonly resources: Map;
  readonly scope: Scope;
  readonly context: TemplateContext;
}

function draftOf(logicalId: string, properties: Map, around: DraftContext): FunctionDraft {
  const { context } = around;
  const path = `Resources.${logicalId}`;
  const settings: Record<string, unknown> = {};
  for (const [property, value] of Object.entries(properties)) {
    const setting = SETTINGS[property];
    const nested = NESTED[property];
    if (setting !== undefined) settings[setting] = known(value);
    else if (nested !== undefined) {
      settings[nested.setting] = variables(known(map(value)[nested.inner]));
    } else if (!HANDLED.has(property)) context.notices.push(noticeOf(path, property));
  }
  if (properties['PackageType'] === 'Image') {
    context.problems.add({
      path: `${path}.Properties.PackageType`,
      value: 'Image',
      expected: 'Zip: container-image functions are not run yet',
      remedy: 'Remove the function from this template, or package its code as a folder.',
    });
  }
  const architectures = properties['Architectures'];
  if (Array.isArray(architectures)) settings['architecture'] = known(architectures[0]);
  const code = codeOf(logicalId, properties, context);
  if (code !== undefined) settings['code'] = code;
  const layers = layersOf(path, properties['Layers'], around);
  if (layers !== undefined) settings['layers'] = layers;
  return {
    path,
    logicalId,
    name: known(properties['FunctionName']) ?? logicalId,
    settings: Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined),
    ),
    names: NAMES,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  Events: 'event sources are not connected yet; invoke the function through the Lambda API',
  Policies: 'permissions are not checked here',
  Role: 'permissions are not checked here',
  Tracing: 'no traces are sent; the trace header is passed on',
  TracingConfig: 'no traces are sent; the trace header is passed on',
  VpcConfig: 'functions use the engine’s network',
  Tags: 'tags have no meaning here',
};

function noticeOf(path: string, property: string): SettingNotice {
  const nearest = nearestOf(property, [...HANDLED]);
  const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  return {
    path: `${path}.Properties.${property}`,
    treatment: 'ignored',
    reason: REASONS[property] ?? `this property has no effect here${hint}`,
  };
}

/** The path of a function's code as written, or of its inline code once kept. */
function codeOf(logicalId: string, properties: Map, context: TemplateContext): unknown {
  const inline = properties['InlineCode'] ?? map(properties['Code'])['ZipFile'];
  if (typeof inline === 'string') {
    const python = String(properties['Runtime']).startsWith('python');
    return context.materialise(logicalId, python ? 'index.py' : 'index.js', inline);
  }
  const code = properties['CodeUri'] ?? properties['Code'];
  if (typeof code !== 'object' || code === null) return known(code);
  const {
    Bucket: bucket,
    Key: key,
    S3Bucket: s3Bucket,
    S3Key: s3Key,
  } = code as Record<string, unknown>;
  return `s3://${String(bucket ?? s3Bucket)}/${String(key ?? s3Key)}`;
}

/** Layer paths; references are followed to layers of the same template. */
function layersOf(path: string, layers: unknown, around: DraftContext): unknown[] | undefined {
  if (!Array.isArray(layers)) return undefined;
  return layers.flatMap((layer, index) => {
    const resource = map(around.resources[String(layer)]);
    if (LAYER_TYPES.includes(String(resource['Type']))) {
      const properties = map(resolve(resource['Properties'], around.scope));
      return [properties['ContentUri'] ?? properties['Content']];
    }
    if (typeof layer === 'string' && !layer.startsWith('arn:')) return [layer];
    around.context.problems.add({
      path: `${path}.Properties.Layers.${index}`,
      ...(typeof layer === 'string' ? { value: layer } : {}),
      expected: 'a local folder, or a reference to a layer of this template',
      remedy: 'Download the layer and give the path of its folder.',
    });
    return [];
  });
}

function scopeOf(
  template: Map,
  functions: readonly (readonly [string, unknown])[],
  context: TemplateContext,
): Scope {
  const { region, accountId } = context;
  const declared = map(template['Parameters']);
  const parameters = Object.fromEntries(
    Object.entries(declared).map(([name, parameter]) => {
      const { Default: fallback, Type: type } = map(parameter);
      const value = context.parameters[name] ?? fallback;
      const isList = type === 'CommaDelimitedList' || String(type).startsWith('List<');
      return [name, isList && typeof value === 'string' ? value.split(',') : value];
    }),
  );
  for (const name of Object.keys(context.parameters)) {
    if (name in declared) continue;
    const nearest = nearestOf(name, Object.keys(declared));
    context.problems.add({
      path: `--parameter ${name}`,
      expected: `a parameter of the template (${Object.keys(declared).join(', ') || 'it has none'})`,
      remedy: nearest === undefined ? 'Leave it out.' : `Did you mean '${nearest}'?`,
    });
  }
  const nameOf = (logicalId: string, resource: unknown): string => {
    const name = map(map(resource)['Properties'])['FunctionName'];
    return typeof name === 'string' ? name : logicalId;
  };
  const names = functions.map(
    ([logicalId, resource]) => [logicalId, nameOf(logicalId, resource)] as const,
  );
  const others = Object.keys(map(template['Resources'])).map((logicalId) => [logicalId, logicalId]);
  return {
    parameters,
    mappings: map(template['Mappings']),
    conditions: map(template['Conditions']),
    references: Object.fromEntries([...others, ...names]) as Record<string, string>,
    arns: Object.fromEntries(
      names.map(([logicalId, name]) => [logicalId, functionArn({ region, accountId, name })]),
    ),
    pseudo: {
      'AWS::AccountId': accountId,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::StackName': 'local',
      'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/local/local`,
      'AWS::URLSuffix': 'amazonaws.com',
    },
  };
}

function known(value: unknown): unknown {
  return value === UNRESOLVED ? undefined : value;
}

/** Contract 12.5: an unresolved variable becomes the empty text. */
function variables(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      item === UNRESOLVED || (typeof item === 'object' && item !== null) ? '' : item,
    ]),
  );
}

function map(value: unknown): Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Map) : {};
}
