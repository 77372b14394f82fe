/**
 * `serverless.yml` → a SAM template of the same meaning, with the logical ids that the Serverless
 * Framework gives, and where each part of it is written (contract 12.7).
 */

import type { SettingNotice } from '../config.js';
import { isMap, map, own, type Map as Named } from '../map.js';
import { nearestOf, type Problems } from '../problems.js';
import type { Events } from './event-place.js';
import { readEvents } from './events.js';
import { functionProperties, functionPlaces, TIMEOUT_SECONDS } from './functions.js';
import { httpApiTimeoutMs } from './http-events.js';
import { functionId, layerId, normalized } from './names.js';
import { apisOf } from './apis.js';
import { placedBy, placeEvents } from './places.js';
import { socketResources } from './sockets.js';

export interface ServiceContext {
  readonly stage: string;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
}

export interface ServiceTemplate {
  readonly template: Named;
  /** From a path in the template to the one a person wrote. */
  readonly placed: (path: string) => string;
}

const KEYS = [
  'service',
  'provider',
  'functions',
  'resources',
  'custom',
  'plugins',
  'package',
  'layers',
  'params',
  'stages',
  'build',
  'frameworkVersion',
  'useDotenv',
  'variablesResolutionMode',
  'configValidationMode',
  'deprecationNotificationMode',
  'disabledDeprecations',
  'stepFunctions',
  'app',
  'org',
  'outputs',
  'console',
  'extends',
];
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  plugins: 'plugins are not run; what serverless-step-functions reads is read here',
  build: 'the code is taken as it is; build it into the folder of the service first',
  package: 'the whole folder of the service is the code; artifacts of functions are used',
  extends: 'other files are not laid under this one',
};

/** `document` has its variables replaced. */
export function templateOf(document: unknown, context: ServiceContext): ServiceTemplate {
  const service = map(document);
  const provider = map(service['provider']);
  const places = new Map<string, string>();
  const written = resourcesOf(service['resources'], places);
  const resources: Record<string, unknown> = { ...written };
  const put = (id: string, resource: unknown, path: string): void => {
    resources[id] = resource;
    places.set(`Resources.${id}`, path);
  };
  noticeKeys(service, context);
  for (const [key, layer] of Object.entries(map(service['layers']))) {
    put(layerId(key), layerOf(key, layer), `layers.${key}`);
  }
  const about = { name: nameOf(service), provider, stage: context.stage };
  const functions = functionsOf(service['functions'], context);
  const all: { readonly id: string; readonly read: Events }[] = [];
  for (const [key, settings, path] of functions) {
    const id = functionId(key);
    const read = readEvents(map(settings)['events'], `${path}.events`, id, {
      ...context,
      declared: resources,
      httpApi: {
        timeoutMs: httpApiTimeoutMs(
          map(settings)['timeout'] ?? provider['timeout'],
          TIMEOUT_SECONDS,
        ),
        payload: map(map(settings)['httpApi'])['payload'] ?? map(provider['httpApi'])['payload'],
      },
    });
    all.push({ id, read });
    const properties = functionProperties(key, map(settings), about, { ...context, path });
    put(
      id,
      {
        Type: 'AWS::Serverless::Function',
        Properties: { ...properties.properties, Events: read.events },
        ...properties.around,
      },
      path,
    );
    for (const [from, to] of functionPlaces(id, path)) places.set(from, to);
    placeEvents(places, resources, { id, path: `${path}.events`, read });
  }
  for (const [id, api] of Object.entries(apisOf(all, about, functions))) {
    put(id, api, 'provider');
  }
  for (const [id, resource] of Object.entries(socketResources(all, provider, context.stage))) {
    put(id, resource, 'provider.websocketsApi');
  }
  for (const [id, machine, path] of machinesOf(service, functions)) put(id, machine, path);
  return {
    template: {
      Transform: 'AWS::Serverless-2016-10-31',
      ...templateParts(service),
      Resources: resources,
    },
    placed: (path) => placedBy(path, places),
  };
}

function nameOf(service: Named): string {
  const { service: name } = service;
  return typeof name === 'string' ? name : String(map(name)['name'] ?? 'service');
}

function noticeKeys(service: Named, { notices, problems }: ServiceContext): void {
  for (const key of Object.keys(service)) {
    const reason = own(WITHOUT_EFFECT, key);
    const value = service[key];
    const isEmpty = value === null || (Array.isArray(value) && value.length === 0);
    if (typeof reason === 'string' && !isEmpty) {
      notices.push({ path: key, treatment: 'ignored', reason });
    }
    if (KEYS.includes(key)) continue;
    const nearest = nearestOf(key, KEYS);
    if (nearest === undefined) {
      notices.push({ path: key, treatment: 'ignored', reason: 'this part has no effect here' });
    } else problems.addUnknownKey('', key, KEYS);
  }
}

/** One map, or a list of maps to be laid over each other. */
function resourcesOf(value: unknown, places: Map<string, string>): Record<string, unknown> {
  const parts = Array.isArray(value) ? (value as unknown[]) : [value];
  const all: Record<string, unknown> = {};
  parts.forEach((part, index) => {
    const base = Array.isArray(value) ? `resources.${index}` : 'resources';
    for (const [id, resource] of Object.entries(map(map(part)['Resources']))) {
      all[id] = resource;
      places.set(`Resources.${id}`, `${base}.Resources.${id}`);
    }
  });
  return all;
}

/** Conditions, parameters and mappings of a service's own resources. */
function templateParts(service: Named): Named {
  const parts = [service['resources']].flat().map(map);
  return Object.fromEntries(
    ['Parameters', 'Conditions', 'Mappings'].flatMap((section) => {
      const all = Object.assign({}, ...parts.map((part) => map(part[section]))) as Named;
      return Object.keys(all).length === 0 ? [] : [[section, all]];
    }),
  );
}

function layerOf(key: string, written: unknown): Named {
  const { path, name, description, compatibleRuntimes } = map(written);
  const { artifact } = map(map(written)['package']);
  return {
    Type: 'AWS::Serverless::LayerVersion',
    Properties: {
      LayerName: name ?? key,
      ContentUri: path ?? artifact,
      ...(description === undefined ? {} : { Description: description }),
      ...(compatibleRuntimes === undefined ? {} : { CompatibleRuntimes: compatibleRuntimes }),
    },
  };
}

/** A map, or a list of maps, of functions. */
function functionsOf(
  value: unknown,
  { problems }: ServiceContext,
): (readonly [key: string, settings: unknown, path: string])[] {
  if (value === undefined || value === null) return [];
  const parts = Array.isArray(value) ? (value as unknown[]) : [value];
  return parts.flatMap((part, index) => {
    const base = Array.isArray(value) ? `functions.${index}` : 'functions';
    if (!isMap(part)) {
      problems.add({
        path: base,
        value: part,
        expected: 'a map from names of functions to their settings',
        remedy: 'Write each function below a name of its own.',
      });
      return [];
    }
    return Object.entries(part).map(
      ([key, settings]) => [key, settings, `${base}.${key}`] as const,
    );
  });
}

/** What the plugin serverless-step-functions declares. */
function machinesOf(
  service: Named,
  functions: readonly (readonly [string, unknown, string])[],
): (readonly [string, Named, string])[] {
  const machines = map(map(service['stepFunctions'])['stateMachines']);
  return Object.entries(machines).map(([key, written]) => {
    const { name, type, definition, id } = map(written);
    const named = JSON.parse(JSON.stringify(definition ?? {})) as unknown;
    return [
      typeof id === 'string' ? id : `${normalized(key)}StepFunctionsStateMachine`,
      {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: name ?? key,
          ...(type === undefined ? {} : { StateMachineType: type }),
          Definition: withFunctionIds(named, functions),
        },
      },
      `stepFunctions.stateMachines.${key}`,
    ] as const;
  });
}

/** The plugin takes `!GetAtt hello.Arn` with the key of a function. */
function withFunctionIds(
  value: unknown,
  functions: readonly (readonly [string, unknown, string])[],
): unknown {
  if (Array.isArray(value)) return value.map((item) => withFunctionIds(item, functions));
  if (!isMap(value)) return value;
  const target = value['Fn::GetAtt'];
  if (Array.isArray(target) && functions.some(([key]) => key === target[0])) {
    return { 'Fn::GetAtt': [functionId(String(target[0])), ...target.slice(1)] };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withFunctionIds(item, functions)]),
  );
}
