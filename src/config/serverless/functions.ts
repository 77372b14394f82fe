/** A function of `serverless.yml` in SAM's words (contract 12.7). */

import type { SettingNotice } from '../config.js';
import { isMap, map, own, type Map as Named } from '../map.js';
import { nearestOf, type Problems } from '../problems.js';
import { functionId } from './names.js';

export interface FunctionAbout {
  /** Of the service. */
  readonly name: string;
  readonly provider: Named;
  readonly stage: string;
}

export interface FunctionContext {
  readonly path: string;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
}

/** The Serverless Framework's defaults. */
const MEMORY_MB = 1024;
export const TIMEOUT_SECONDS = 6;

/** Theirs → SAM's, where the value stays as it is. */
const SAME: Readonly<Record<string, string>> = {
  handler: 'Handler',
  runtime: 'Runtime',
  description: 'Description',
  memorySize: 'MemorySize',
  timeout: 'Timeout',
  reservedConcurrency: 'ReservedConcurrentExecutions',
  tags: 'Tags',
  role: 'Role',
  kmsKeyArn: 'KmsKeyArn',
  tracing: 'Tracing',
  fileSystemConfig: 'FileSystemConfigs',
  runtimeManagement: 'RuntimeManagementConfig',
  recursiveLoop: 'RecursiveLoop',
};
/** Read below, or elsewhere. */
const READ = [
  'name',
  'environment',
  'layers',
  'architecture',
  'events',
  'httpApi',
  'url',
  'image',
  'package',
  'vpc',
  'snapStart',
  'onError',
  'destinations',
  'maximumRetryAttempts',
  'maximumEventAge',
  'ephemeralStorageSize',
  'provisionedConcurrency',
  'logs',
  'tenancy',
  'iam',
  'condition',
  'dependsOn',
  'versionFunction',
  'logRetentionInDays',
  'disableLogs',
];
/** A provider's settings that are defaults of its functions. */
const INHERITED = [
  'runtime',
  'memorySize',
  'timeout',
  'tags',
  'role',
  'kmsKeyArn',
  'runtimeManagement',
  'fileSystemConfig',
  'architecture',
  'layers',
  'vpc',
  'reservedConcurrency',
  'snapStart',
];

export function functionProperties(
  key: string,
  settings: Named,
  { name, provider, stage }: FunctionAbout,
  context: FunctionContext,
): { readonly properties: Named; readonly around: Named } {
  const inherited = Object.fromEntries(
    INHERITED.flatMap((one) => (provider[one] === undefined ? [] : [[one, provider[one]]])),
  );
  const all: Named = { ...inherited, ...settings };
  noticeUnknown(settings, context);
  const environment = { ...map(provider['environment']), ...map(settings['environment']) };
  const image = imageOf(all['image'], provider);
  const { condition, dependsOn } = settings;
  return {
    properties: clean({
      ...Object.fromEntries(
        Object.entries(SAME).flatMap(([theirs, sams]) =>
          all[theirs] === undefined ? [] : [[sams, all[theirs]]],
        ),
      ),
      FunctionName: settings['name'] ?? `${name}-${stage}-${key}`,
      MemorySize: all['memorySize'] ?? MEMORY_MB,
      Timeout: all['timeout'] ?? TIMEOUT_SECONDS,
      Environment: Object.keys(environment).length === 0 ? undefined : { Variables: environment },
      Layers: layersOf(all['layers']),
      Architectures: all['architecture'] === undefined ? undefined : [all['architecture']],
      EphemeralStorage: nested('Size', settings['ephemeralStorageSize']),
      SnapStart: all['snapStart'] === true ? { ApplyOn: 'PublishedVersions' } : undefined,
      TenancyConfig: nested('TenantIsolationMode', map(settings['tenancy'])['mode']),
      VpcConfig: all['vpc'],
      LoggingConfig: loggingOf({
        ...map(map(provider['logs'])['lambda']),
        ...map(settings['logs']),
      }),
      FunctionUrlConfig: urlOf(settings['url']),
      Policies: policiesOf(settings, provider),
      ...provisionedOf(settings['provisionedConcurrency']),
      ...eventSettingsOf(settings),
      ...image.properties,
      ...(Object.keys(image.properties).length === 0
        ? { CodeUri: map(settings['package'])['artifact'] ?? '.' }
        : {}),
    }),
    around: clean({ Condition: condition, DependsOn: dependsOn, Metadata: image.metadata }),
  };
}

/** Where SAM's properties are written. */
export function functionPlaces(id: string, path: string): (readonly [string, string])[] {
  const base = `Resources.${id}.Properties`;
  return [
    [`Resources.${id}.Metadata`, `${path}.image`],
    [base, path],
    ...Object.entries(SAME).map(
      ([theirs, sams]) => [`${base}.${sams}`, `${path}.${theirs}`] as const,
    ),
    [`${base}.FunctionName`, `${path}.name`],
    [`${base}.Environment.Variables`, `${path}.environment`],
    [`${base}.Environment`, `${path}.environment`],
    [`${base}.Layers`, `${path}.layers`],
    [`${base}.Architectures`, `${path}.architecture`],
    [`${base}.EphemeralStorage.Size`, `${path}.ephemeralStorageSize`],
    [`${base}.SnapStart`, `${path}.snapStart`],
    [`${base}.TenancyConfig.TenantIsolationMode`, `${path}.tenancy.mode`],
    [`${base}.VpcConfig`, `${path}.vpc`],
    [`${base}.LoggingConfig`, `${path}.logs`],
    [`${base}.FunctionUrlConfig`, `${path}.url`],
    [`${base}.Policies`, `${path}.iam`],
    [`${base}.CodeUri`, `${path}.package.artifact`],
    [`${base}.ImageUri`, `${path}.image`],
    [
      `${base}.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions`,
      `${path}.provisionedConcurrency`,
    ],
    [`${base}.EventInvokeConfig.MaximumRetryAttempts`, `${path}.maximumRetryAttempts`],
    [`${base}.EventInvokeConfig.MaximumEventAgeInSeconds`, `${path}.maximumEventAge`],
    [`${base}.EventInvokeConfig.DestinationConfig`, `${path}.destinations`],
    [`${base}.DeadLetterQueue.TargetArn`, `${path}.onError`],
    [`${base}.Events`, `${path}.events`],
  ];
}

function noticeUnknown(settings: Named, { path, notices }: FunctionContext): void {
  const known = [...Object.keys(SAME), ...READ];
  for (const key of Object.keys(settings)) {
    if (known.includes(key)) continue;
    const nearest = nearestOf(key, known);
    const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
    notices.push({
      path: `${path}.${key}`,
      treatment: 'ignored',
      reason: `this setting has no effect here${hint}`,
    });
  }
}

function layersOf(written: unknown): unknown {
  if (!Array.isArray(written)) return undefined;
  return written.map((layer: unknown) => {
    // `!Ref CommonLambdaLayer` is the layer `common` of the service.
    const reference = map(layer)['Ref'];
    return typeof reference === 'string' ? { Ref: reference } : layer;
  });
}

function imageOf(written: unknown, provider: Named): { properties: Named; metadata: unknown } {
  if (written === undefined) return { properties: {}, metadata: undefined };
  const own_ = isMap(written) ? written : { name: written };
  const named = typeof own_['name'] === 'string' ? own_['name'] : undefined;
  const listed = named === undefined ? undefined : own(map(map(provider['ecr'])['images']), named);
  const source: Named = { ...(isMap(listed) ? listed : { uri: listed ?? named }), ...own_ };
  const { uri, path, file, buildArgs, command, entryPoint, workingDirectory } = source;
  const config = clean({
    Command: command,
    EntryPoint: entryPoint,
    WorkingDirectory: workingDirectory,
  });
  return {
    properties: clean({
      PackageType: 'Image',
      ImageUri: path === undefined ? uri : undefined,
      ImageConfig: Object.keys(config).length === 0 ? undefined : config,
    }),
    metadata:
      path === undefined
        ? undefined
        : clean({
            DockerContext: path,
            Dockerfile: file ?? 'Dockerfile',
            DockerBuildArgs: buildArgs,
          }),
  };
}

function loggingOf(logs: Named): unknown {
  const config = clean({
    LogFormat: logs['logFormat'],
    ApplicationLogLevel: logs['applicationLogLevel'],
    SystemLogLevel: logs['systemLogLevel'],
    LogGroup: logs['logGroup'],
  });
  return Object.keys(config).length === 0 ? undefined : config;
}

function urlOf(written: unknown): unknown {
  if (written === undefined || written === false) return undefined;
  const { authorizer, cors, invokeMode } = map(written);
  const {
    allowedOrigins,
    allowedHeaders,
    allowedMethods,
    exposedResponseHeaders,
    allowCredentials,
    maxAge,
  } = map(cors);
  return clean({
    AuthType: String(authorizer).toLowerCase() === 'aws_iam' ? 'AWS_IAM' : 'NONE',
    InvokeMode: invokeMode,
    Cors:
      cors === undefined || cors === false
        ? undefined
        : clean({
            AllowOrigins: allowedOrigins ?? ['*'],
            AllowHeaders: allowedHeaders ?? ['*'],
            AllowMethods: allowedMethods ?? ['*'],
            ExposeHeaders: exposedResponseHeaders,
            AllowCredentials: allowCredentials,
            MaxAge: maxAge,
          }),
  });
}

function policiesOf(settings: Named, provider: Named): unknown {
  const ofFunction = map(map(settings['iam'])['role']);
  const ofProvider = map(map(provider['iam'])['role']);
  const statements = [
    ofProvider['statements'] ?? provider['iamRoleStatements'] ?? [],
    ofFunction['statements'] ?? [],
  ].flat();
  const managed = [ofProvider['managedPolicies'] ?? [], ofFunction['managedPolicies'] ?? []].flat();
  if (statements.length === 0 && managed.length === 0) return undefined;
  return [
    ...managed,
    ...(statements.length === 0 ? [] : [{ Version: '2012-10-17', Statement: statements }]),
  ];
}

function provisionedOf(written: unknown): Named {
  if (written === undefined) return {};
  const { executions = written, alias = 'provisioned' } = isMap(written) ? written : {};
  return {
    AutoPublishAlias: alias,
    ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: executions },
  };
}

function eventSettingsOf(settings: Named): Named {
  const { destinations, maximumRetryAttempts, maximumEventAge, onError } = settings;
  const { onSuccess, onFailure } = map(destinations);
  const config = clean({
    MaximumRetryAttempts: maximumRetryAttempts,
    MaximumEventAgeInSeconds: maximumEventAge,
    DestinationConfig:
      destinations === undefined
        ? undefined
        : clean({ OnSuccess: destinationOf(onSuccess), OnFailure: destinationOf(onFailure) }),
  });
  return {
    ...(Object.keys(config).length === 0 ? {} : { EventInvokeConfig: config }),
    ...(onError === undefined
      ? {}
      : {
          DeadLetterQueue: {
            Type: /sns/i.test(JSON.stringify(onError)) ? 'SNS' : 'SQS',
            TargetArn: onError,
          },
        }),
  };
}

/** A function's key, an ARN, or a map of type and ARN. */
function destinationOf(written: unknown): unknown {
  if (written === undefined) return undefined;
  const target = isMap(written) && 'arn' in written ? written['arn'] : written;
  if (typeof target !== 'string' || target.startsWith('arn:')) return { Destination: target };
  return { Destination: { 'Fn::GetAtt': [functionId(target), 'Arn'] } };
}

function nested(key: string, value: unknown): unknown {
  return value === undefined ? undefined : { [key]: value };
}

function clean(values: Named): Named {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
