/**
 * The environment variables a function sees (contract 3.1): names, values and precedence. Pure.
 *
 * The platform's reserved variables always win; the others it sets are defaults a function's
 * configuration may replace. `environmentProblems` says what a configuration may not contain.
 */
import type { FunctionVersion, LoggingConfig } from './function-version.js';
import { findRuntime } from './runtimes.js';

/** A configuration that sets one of these is refused. */
export const RESERVED_VARIABLES: readonly string[] = [
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_MAX_CONCURRENCY',
  'AWS_LAMBDA_METADATA_API',
  'AWS_LAMBDA_METADATA_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
];

const RESERVED = new Set(RESERVED_VARIABLES);

const VARIABLE_NAME = /^[a-zA-Z][a-zA-Z0-9_]+$/;

/** Of all names and values together, measured on their compact JSON text. */
export const ENVIRONMENT_LIMIT_BYTES = 4096;

const XRAY_ADDRESS = '169.254.100.1';
const XRAY_PORT = '2000';

export type InitializationType = 'on-demand' | 'provisioned-concurrency' | 'snap-start';

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What the platform knows about one environment beyond its function version. */
export interface VariablesContext {
  /** `host:port` of the Runtime API, with the environment's own host name. */
  readonly runtimeApi: string;
  readonly logStreamName: string;
  readonly initializationType: InitializationType;
  readonly region: string;
  readonly credentials?: RoleCredentials;
  /** What the metadata endpoint asks for (contract 3.10). */
  readonly metadataToken?: string;
  /** Where SnapStart has the runtime ask for credentials again (contract 1.1). */
  readonly credentialsToken?: string;
  /** By which AWS clients inside the function reach the orchestrator; defaults of ours, not AWS's. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Where queues are whose addresses name AWS: clients go by a queue's address. */
  readonly queueEndpoint?: string;
  /** Secret line our bootstraps write to end the log of an invocation. */
  readonly logMarker?: string;
  /** Where our bootstraps find a socket that leads to the Runtime API. */
  readonly runtimeSocket?: string;
}

const SYSTEM_DEFAULTS: Readonly<Record<string, string>> = {
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
  PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
  LD_LIBRARY_PATH:
    '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
};

/** Everything the processes of one environment start with. */
export function environmentVariables(
  version: FunctionVersion,
  context: VariablesContext,
): Record<string, string> {
  const runtime = findRuntime(version.runtime)?.environment ?? {};
  const { credentials } = context;
  const defaults: Record<string, string> = {
    // An image brings its own, as Amazon's base images do.
    ...(version.image === undefined ? SYSTEM_DEFAULTS : {}),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: `${XRAY_ADDRESS}:${XRAY_PORT}`,
    ...withoutReserved(runtime),
    ...logVariables(version.logging),
    ...context.endpoints,
  };
  const fixed: Record<string, string> = {
    ...onlyReserved(runtime),
    _AWS_XRAY_DAEMON_ADDRESS: XRAY_ADDRESS,
    _AWS_XRAY_DAEMON_PORT: XRAY_PORT,
    // Of an image only its entry point knows which of its words is a handler.
    ...(version.image === undefined ? { _HANDLER: version.handler } : {}),
    AWS_REGION: context.region,
    AWS_DEFAULT_REGION: context.region,
    AWS_LAMBDA_FUNCTION_NAME: version.name,
    AWS_LAMBDA_FUNCTION_VERSION: version.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: context.initializationType,
    // A snapshot would keep the ones it was made with.
    ...(context.initializationType === 'snap-start'
      ? {}
      : {
          AWS_LAMBDA_LOG_GROUP_NAME: logGroupOf(version),
          AWS_LAMBDA_LOG_STREAM_NAME: context.logStreamName,
        }),
    AWS_LAMBDA_RUNTIME_API: context.runtimeApi,
    ...(context.metadataToken === undefined
      ? {}
      : {
          AWS_LAMBDA_METADATA_API: context.runtimeApi,
          AWS_LAMBDA_METADATA_TOKEN: context.metadataToken,
        }),
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    ...(credentials === undefined
      ? {}
      : {
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          ...(credentials.sessionToken === undefined
            ? {}
            : { AWS_SESSION_TOKEN: credentials.sessionToken }),
        }),
    ...(context.credentialsToken === undefined
      ? {}
      : {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${context.runtimeApi}/2021-04-23/credentials`,
          AWS_CONTAINER_AUTHORIZATION_TOKEN: context.credentialsToken,
        }),
    ...(context.logMarker === undefined ? {} : { _ORCHESTRATOR_LOG_MARKER: context.logMarker }),
    ...(context.runtimeSocket === undefined
      ? {}
      : { _ORCHESTRATOR_RUNTIME_SOCKET: context.runtimeSocket }),
  };
  const own = customerVariables(version.environment);
  return { ...defaults, ...withQueuesAt(context.queueEndpoint, own), ...fixed };
}

const QUEUE_ADDRESS = /https:\/\/sqs\.[a-z0-9-]+\.amazonaws\.com(?=\/\d{12}\/)/g;

/** Addresses of queues lead to ours, unless the function has its own idea of where queues are. */
function withQueuesAt(
  endpoint: string | undefined,
  variables: Record<string, string>,
): Record<string, string> {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SQS } = variables;
  if (endpoint === undefined || (AWS_ENDPOINT_URL ?? AWS_ENDPOINT_URL_SQS) !== undefined) {
    return variables;
  }
  return Object.fromEntries(
    Object.entries(variables).map(([name, text]) => [
      name,
      text.includes('.amazonaws.com/') ? text.replace(QUEUE_ADDRESS, endpoint) : text,
    ]),
  );
}

/** Contract 3.1: present when the function logs JSON. */
/** Contract 6.7. */
export function logGroupOf({ logging, name }: Pick<FunctionVersion, 'logging' | 'name'>): string {
  return logging?.group ?? `/aws/lambda/${name}`;
}

function logVariables(logging: LoggingConfig | undefined): Record<string, string> {
  if (logging?.format !== 'JSON') return {};
  return {
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_LEVEL: logging.applicationLevel ?? 'INFO',
  };
}

/** The variables of a configuration that reach the function: valid names that are not reserved. */
function customerVariables(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => VARIABLE_NAME.test(name) && !RESERVED.has(name)),
  );
}

function onlyReserved(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => RESERVED.has(name)));
}

function withoutReserved(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !RESERVED.has(name)));
}

export type EnvironmentProblem =
  | { readonly kind: 'reserved'; readonly name: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'size'; readonly bytes: number };

/** Everything AWS would refuse about the variables of a configuration; empty when nothing. */
export function environmentProblems(
  environment: Readonly<Record<string, string>>,
): EnvironmentProblem[] {
  const problems: EnvironmentProblem[] = [];
  for (const name of Object.keys(environment)) {
    if (RESERVED.has(name)) problems.push({ kind: 'reserved', name });
    else if (!VARIABLE_NAME.test(name)) problems.push({ kind: 'name', name });
  }
  const bytes = Buffer.byteLength(JSON.stringify(environment));
  if (bytes > ENVIRONMENT_LIMIT_BYTES) problems.push({ kind: 'size', bytes });
  return problems;
}
