/**
 * SAM's `Globals` laid under a resource's own properties (contract 12.3). Pure.
 */

import { isMap, own, type Map } from '../map.js';
import { nearestOf, type Problems } from '../problems.js';
import { isIntrinsic } from './intrinsics.js';

/** `ignore` is the resource's `IgnoreGlobals`. */
export function withGlobals(globals: Map, own: Map, ignore: unknown): Map {
  if (ignore === '*') return own;
  const left = Array.isArray(ignore) ? ignore.map(String) : [];
  const kept = Object.fromEntries(Object.entries(globals).filter(([key]) => !left.includes(key)));
  return merge(kept, own) as Map;
}

function merge(global: unknown, local: unknown): unknown {
  if (local === undefined) return global;
  if (global === undefined || isIntrinsic(global) || isIntrinsic(local)) return local;
  if (Array.isArray(global) && Array.isArray(local)) return [...global, ...local];
  if (isMap(global) && isMap(local)) {
    const keys = new Set([...Object.keys(global), ...Object.keys(local)]);
    return Object.fromEntries([...keys].map((key) => [key, merge(global[key], local[key])]));
  }
  return local;
}

/** What each section takes; those that are absent here take anything. */
const SECTIONS: Readonly<Record<string, readonly string[] | undefined>> = {
  Function: [
    'Handler',
    'Runtime',
    'CodeUri',
    'DeadLetterQueue',
    'Description',
    'MemorySize',
    'Timeout',
    'VpcConfig',
    'Environment',
    'Tags',
    'PropagateTags',
    'Tracing',
    'KmsKeyArn',
    'AutoPublishAlias',
    'AutoPublishAliasAllProperties',
    'VersionDeletionPolicy',
    'PublishToLatestPublished',
    'Layers',
    'DeploymentPreference',
    'RolePath',
    'PermissionsBoundary',
    'ReservedConcurrentExecutions',
    'ProvisionedConcurrencyConfig',
    'AssumeRolePolicyDocument',
    'EventInvokeConfig',
    'FileSystemConfigs',
    'CodeSigningConfigArn',
    'Architectures',
    'SnapStart',
    'EphemeralStorage',
    'FunctionUrlConfig',
    'RuntimeManagementConfig',
    'LoggingConfig',
    'RecursiveLoop',
    'SourceKMSKeyArn',
    'TenancyConfig',
    'DurableConfig',
    'CapacityProviderConfig',
    'FunctionScalingConfig',
  ],
  Api: [
    'Auth',
    'Name',
    'DefinitionUri',
    'CacheClusterEnabled',
    'CacheClusterSize',
    'MergeDefinitions',
    'Variables',
    'EndpointConfiguration',
    'MethodSettings',
    'BinaryMediaTypes',
    'MinimumCompressionSize',
    'Cors',
    'GatewayResponses',
    'AccessLogSetting',
    'CanarySetting',
    'TracingEnabled',
    'OpenApiVersion',
    'Domain',
    'AlwaysDeploy',
    'PropagateTags',
    'SecurityPolicy',
    'EndpointAccessMode',
  ],
  HttpApi: [
    'Auth',
    'AccessLogSettings',
    'StageVariables',
    'Tags',
    'CorsConfiguration',
    'DefaultRouteSettings',
    'Domain',
    'RouteSettings',
    'FailOnWarnings',
    'PropagateTags',
  ],
  SimpleTable: ['SSESpecification'],
  StateMachine: ['PropagateTags'],
  LayerVersion: ['PublishLambdaVersion'],
  CapacityProvider: undefined,
  WebSocketApi: undefined,
};

/** SAM refuses a template for a section or property that it does not know. */
export function checkGlobals(globals: unknown, problems: Problems): void {
  if (globals === undefined) return;
  const refuse = (path: string, value: unknown, known: readonly string[], what: string): void => {
    const [name = ''] = path.split('.').slice(-1);
    const nearest = nearestOf(name, known);
    problems.add({
      path,
      ...(value === undefined ? {} : { value }),
      expected: `${what}; 'Globals' section is invalid`,
      remedy: nearest === undefined ? 'Set it at each resource.' : `Did you mean '${nearest}'?`,
    });
  };
  if (!isMap(globals)) {
    refuse('Globals', globals, [], 'a map of sections');
    return;
  }
  const sections = Object.keys(SECTIONS);
  for (const [section, properties] of Object.entries(globals)) {
    const path = `Globals.${section}`;
    if (!Object.hasOwn(SECTIONS, section)) {
      refuse(path, undefined, sections, `one of ${sections.join(', ')}`);
    } else if (!isMap(properties)) {
      refuse(path, properties, [], 'a map of properties');
    } else {
      const known = own(SECTIONS, section) as readonly string[] | undefined;
      for (const property of known === undefined ? [] : Object.keys(properties)) {
        if (known?.includes(property) === true) continue;
        refuse(`${path}.${property}`, undefined, known ?? [], `one of ${known?.join(', ')}`);
      }
    }
  }
}
