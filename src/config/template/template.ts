/**
 * SAM and CloudFormation templates → function drafts. Every property and resource that is not
 * enforced becomes a notice: nothing is ignored in silence.
 */

import type { TemplateContext } from './context.js';
import type { SettingNotice } from '../config.js';
import type { FunctionDraft } from '../function-draft.js';
import { map, own, type Map } from '../map.js';
import { nearestOf } from '../problems.js';
import { relocate } from '../relocate.js';
import { URL_PROPERTIES } from '../url-settings.js';
import {
  EVENT_INVOKE_TYPE,
  EVENT_NAMES,
  EVENT_PROPERTIES,
  eventSettings,
  withEventInvokeConfigs,
} from './event-settings.js';
import { readDeclared } from './declared.js';
import { expand } from './expand.js';
import { imageOf, isImage } from './image.js';
import { checkGlobals } from './globals.js';
import { FUNCTION_RESOURCE_TYPES, withFunctionResources } from './function-resources.js';
import { FUNCTION_TYPES, functionName, propertiesOf } from './identities.js';
import { resolve, shown, UNRESOLVED, type Scope } from './intrinsics.js';
import { RESOURCE_TYPES } from './all-parts.js';
import { STACK_TYPES } from './nested.js';
import { resourceNotices } from './notice-groups.js';
import { permissionsOf } from './permissions.js';
import { checkConditions, checkReferences } from './references.js';
import { parameterNotices, scopeOf } from './scope.js';
import { Unresolved } from './unresolved.js';

/** Template property → our setting. */
const SETTINGS: Readonly<Record<string, string>> = {
  Runtime: 'runtime',
  Handler: 'handler',
  MemorySize: 'memory',
  Timeout: 'timeout',
  Description: 'description',
  ReservedConcurrentExecutions: 'reservedConcurrency',
  AutoPublishAlias: 'alias',
  RecursiveLoop: 'recursiveLoop',
};

/** Settings below a property of their own. */
const NESTED: Readonly<Record<string, { readonly inner: string; readonly setting: string }>> = {
  Environment: { inner: 'Variables', setting: 'environment' },
  EphemeralStorage: { inner: 'Size', setting: 'ephemeralStorage' },
  SnapStart: { inner: 'ApplyOn', setting: 'snapStart' },
  TenancyConfig: { inner: 'TenantIsolationMode', setting: 'tenancy' },
  ProvisionedConcurrencyConfig: {
    inner: 'ProvisionedConcurrentExecutions',
    setting: 'provisionedConcurrency',
  },
};

/** Properties below `LoggingConfig` → keys of our `logging`. */
const LOGGING: Readonly<Record<string, string>> = {
  LogFormat: 'format',
  ApplicationLogLevel: 'applicationLevel',
  SystemLogLevel: 'systemLevel',
  LogGroup: 'group',
};

const HANDLED = new Set([
  ...Object.keys(SETTINGS),
  ...Object.keys(NESTED),
  'LoggingConfig',
  'FunctionUrlConfig',
  ...EVENT_PROPERTIES,
  'Events',
  'FunctionName',
  'CodeUri',
  'Code',
  'InlineCode',
  'Layers',
  'Architectures',
  'PackageType',
  'ImageUri',
  'ImageConfig',
]);

const LAYER_TYPES = ['AWS::Serverless::LayerVersion', 'AWS::Lambda::LayerVersion'];

const READ_TYPES = [
  ...FUNCTION_TYPES,
  ...LAYER_TYPES,
  EVENT_INVOKE_TYPE,
  ...FUNCTION_RESOURCE_TYPES,
];

function isRead(type: string): boolean {
  // Nested stacks are told where they are looked for.
  return READ_TYPES.includes(type) || type in RESOURCE_TYPES || Object.hasOwn(STACK_TYPES, type);
}

const NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(SETTINGS).map(([name, ours]) => [ours, `Properties.${name}`]),
  ),
  environment: 'Properties.Environment.Variables',
  ephemeralStorage: 'Properties.EphemeralStorage.Size',
  snapStart: 'Properties.SnapStart.ApplyOn',
  tenancy: 'Properties.TenancyConfig.TenantIsolationMode',
  provisionedConcurrency: 'Properties.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions',
  layers: 'Properties.Layers',
  logging: 'Properties.LoggingConfig',
  ...Object.fromEntries(
    Object.entries(LOGGING).map(([property, ours]) => [`logging.${ours}`, property]),
  ),
  url: 'Properties.FunctionUrlConfig',
  ...Object.fromEntries(
    Object.entries(URL_PROPERTIES).map(([property, ours]) => [`url.${ours}`, property]),
  ),
  ...EVENT_NAMES,
  name: 'Properties.FunctionName',
  code: 'Properties.CodeUri',
  architecture: 'Properties.Architectures.0',
  image: 'Properties.ImageUri',
  imageConfig: 'Properties.ImageConfig',
};

export function readTemplate(document: unknown, context: TemplateContext): FunctionDraft[] {
  const { template, origins } = expand(document, context);
  const declared = map(template['Resources']);
  const globals = map(template['Globals']);
  const { scope, resources } = scopeOf(template, context);
  context.notices.push(...parameterNotices(template, scope), ...resourceNotices(declared, isRead));
  checkGlobals(template['Globals'], context.problems);
  checkConditions(scope.conditions, context.problems);
  checkReferences({ scope, declared, resources, globals, problems: context.problems });
  const unresolved = new Unresolved(context);
  const functions = Object.entries(resources).filter(([, resource]) =>
    FUNCTION_TYPES.includes(String(map(resource)['Type'])),
  );
  const drafts = functions.flatMap(([logicalId, resource]) => {
    const path = `Resources.${logicalId}`;
    const { Events: _, ...written } = propertiesOf(resource, globals);
    const properties = map(unresolved.resolve(written, scope, `${path}.Properties`));
    const metadata = map(resolve(map(resource)['Metadata'], scope));
    const isSam = String(map(resource)['Type']).startsWith('AWS::Serverless::');
    if (isSam) noticeBuild(logicalId, metadata, context);
    return draftOf(logicalId, properties, { resources, scope, context, isSam, metadata });
  });
  readDeclared({
    scope,
    context,
    unresolved,
    globals,
    resources,
    events: Object.fromEntries(
      functions.map(([logicalId, resource]) => [
        logicalId,
        map(map(resource)['Properties'])['Events'],
      ]),
    ),
    drafts,
  });
  context.permissions.push(...permissionsOf({ functions, resources, globals, scope, context }));
  const { notices } = context;
  const configured = withEventInvokeConfigs(
    withFunctionResources(drafts, resources, { scope, notices, unresolved }),
    resources,
    { scope, notices },
  );
  unresolved.tell();
  // Of nested stacks, where they are written.
  if (origins.size > 0) relocate((path) => placed(path, origins), context);
  return configured.map((draft) => ({ ...draft, path: placed(draft.path, origins) }));
}

function placed(path: string, origins: ReadonlyMap<string, string>): string {
  const [, logicalId = '', rest = ''] = /^Resources\.([^.]+)(.*)$/s.exec(path) ?? [];
  const origin = origins.get(logicalId);
  return origin === undefined ? path : `${origin}${rest}`;
}

/** `sam build` would make the code from its source; taken as it is, it may not even start. */
function noticeBuild(logicalId: string, metadata: Map, context: TemplateContext): void {
  const method = metadata['BuildMethod'];
  // A template that `sam build` wrote keeps the metadata; there the code is built.
  if (typeof method !== 'string' || metadata['SamResourceId'] !== undefined) return;
  context.notices.push({
    path: `Resources.${logicalId}.Metadata.BuildMethod`,
    treatment: 'ignored',
    reason: 'the code is taken as it is; `sam build` builds it, and its output is used when newer',
  });
}

interface DraftContext {
  readonly metadata: Map;
  readonly resources: Map;
  readonly scope: Scope;
  readonly context: TemplateContext;
  readonly isSam: boolean;
}

function draftOf(logicalId: string, properties: Map, around: DraftContext): FunctionDraft[] {
  const { context } = around;
  const path = `Resources.${logicalId}`;
  const settings = {
    ...settingsOf(path, properties, context),
    ...eventSettings(logicalId, properties, context),
  };
  const architectures = properties['Architectures'];
  if (Array.isArray(architectures)) settings['architecture'] = known(architectures[0]);
  if (isImage(properties)) {
    const image = imageOf(path, properties, around.metadata, context);
    if (image === undefined) return [];
    Object.assign(settings, image);
  } else {
    const code = codeOf(logicalId, properties, context);
    if (code !== undefined) settings['code'] = code;
  }
  const layers = layersOf(path, properties['Layers'], around);
  if (layers !== undefined) settings['layers'] = layers;
  const written = Object.entries(settings).filter(([, value]) => value !== undefined);
  const name = known(properties['FunctionName']) ?? functionName(logicalId);
  const names = around.isSam
    ? NAMES
    : {
        ...NAMES,
        code: 'Properties.Code',
        image: 'Properties.Code.ImageUri',
        deadLetterQueue: 'Properties.DeadLetterConfig.TargetArn',
      };
  return [{ path, logicalId, name, settings: Object.fromEntries(written), names }];
}

function settingsOf(
  path: string,
  properties: Map,
  context: TemplateContext,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [property, value] of Object.entries(properties)) {
    const setting = SETTINGS[property];
    const nested = NESTED[property];
    if (value === UNRESOLVED) {
      context.notices.push({
        path: `${path}.Properties.${property}`,
        treatment: 'ignored',
        reason: 'its value cannot be known here',
      });
    } else if (setting !== undefined) settings[setting] = value;
    else if (nested !== undefined) {
      const { inner } = nested;
      const found = known(map(value)[inner]);
      if (property === 'Environment') noticeVariables(path, found, context);
      settings[nested.setting] = variables(found);
    } else if (property === 'LoggingConfig') {
      settings['logging'] = inOurWords(`${path}.Properties.${property}`, value, LOGGING, context);
    } else if (property === 'FunctionUrlConfig') {
      const inner = `${path}.Properties.${property}`;
      settings['url'] = inOurWords(inner, value, URL_PROPERTIES, context);
    } else if (!HANDLED.has(property)) context.notices.push(noticeOf(path, property));
  }
  return settings;
}

/** A map of its own, its keys called by `names`. */
function inOurWords(
  path: string,
  value: unknown,
  names: Readonly<Record<string, string>>,
  context: TemplateContext,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const written = Object.entries(value).filter(([property, found]) => {
    if (found !== UNRESOLVED) return true;
    const reason = 'its value cannot be known here';
    context.notices.push({ path: `${path}.${property}`, treatment: 'ignored', reason });
    return false;
  });
  return Object.fromEntries(
    written.map(([property, found]) => [names[property] ?? property, found]),
  );
}

function noticeVariables(path: string, values: unknown, context: TemplateContext): void {
  for (const [name, value] of Object.entries(map(values))) {
    if (value !== UNRESOLVED && (typeof value !== 'object' || value === null)) continue;
    context.notices.push({
      path: `${path}.Properties.Environment.Variables.${name}`,
      treatment: 'approximated',
      reason: 'its value cannot be known here, so it is empty; --env-vars can give one',
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
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
    const python = shown(properties['Runtime']).startsWith('python');
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
  return `s3://${shown(bucket ?? s3Bucket)}/${shown(key ?? s3Key)}`;
}

/** Layer paths; references are followed to layers of the same template. */
function layersOf(path: string, layers: unknown, around: DraftContext): unknown[] | undefined {
  if (!Array.isArray(layers)) return undefined;
  return layers.flatMap((layer, index) => {
    const resource = map(typeof layer === 'string' ? own(around.resources, layer) : undefined);
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
