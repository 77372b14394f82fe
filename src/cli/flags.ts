/** The settings a command line can give, as flags and as `config/load.ts` takes them. */

import { resolve } from 'node:path';

import type { Flags } from '../config/config.js';
import { OrchestratorError } from '../errors.js';
import type { Arguments } from './arguments.js';
import type { OptionSpec } from './command.js';

/** Tells the process that `--detach` starts that it has a parent to report to. */
export const DETACHED_FLAG = 'detached-child';

const WHERE = 'Where it listens and keeps its state:';
const HOW = 'How environments live:';
const WHAT = 'What functions get:';

export const BASES = ['auto', 'aws', 'public', 'debian'] as const;

export const BASE_OPTION: OptionSpec = {
  type: 'string',
  choices: BASES,
  describe:
    'Base images: auto, aws, public or debian; auto takes what is here, then public, then Debian',
  group: WHAT,
};

export const SETTING_OPTIONS = {
  port: { type: 'number', describe: 'Port of the Lambda API (default: 3001)', group: WHERE },
  'http-port': {
    type: 'number',
    describe: 'Port of HTTP APIs, WebSockets and load balancers (default: 3000)',
    group: WHERE,
  },
  host: { type: 'string', describe: 'Address to listen on (default: 127.0.0.1)', group: WHERE },
  auth: {
    type: 'string',
    describe:
      'Token that callers from other machines must send; needed when --host is not loopback',
    group: WHERE,
  },
  state: {
    type: 'string',
    describe: 'State folder (default: .orchestrator in the project)',
    group: WHERE,
  },
  network: {
    type: 'string',
    describe: 'Existing engine network to join, such as a Compose one',
    group: WHERE,
  },
  'freeze-after': {
    type: 'string',
    describe:
      'Quiet milliseconds before freezing, or never (default: 0; 1000 by the engine’s pause)',
    group: HOW,
  },
  'reclaim-after': {
    type: 'string',
    describe:
      'Frozen so long, environments give their memory back, such as 1m, or never (default: 1m ' +
      'where the machine swaps to compressed memory)',
    group: HOW,
  },
  spares: {
    type: 'number',
    describe: 'Environments initialised ahead of demand, per function (default: 1)',
    group: HOW,
  },
  'keep-alive': {
    type: 'string',
    describe:
      'What decides which environments stay: fixed (the idle timeout), greedy-dual (until memory ' +
      'is needed, then what costs least), hybrid or learned (the times between events) (default: ' +
      'fixed)',
    group: HOW,
  },
  'idle-timeout': {
    type: 'string',
    describe: 'Unused environments go after this, such as 90s or 10m (default: 10m)',
    group: HOW,
  },
  'time-scale': {
    type: 'number',
    describe:
      'Retries, ages and back-off of asynchronous events and the idle timeout pass so many times ' +
      'faster; timeouts and deadlines of functions stay real (default: 1)',
    group: HOW,
  },
  'memory-budget': {
    type: 'number',
    describe: 'MB for all environments (default: half of the machine)',
    group: HOW,
  },
  concurrency: {
    type: 'number',
    describe: 'Invocations at once before throttling (default: 1000)',
    group: HOW,
  },
  'unreserved-minimum': {
    type: 'number',
    describe: 'What of it no function can reserve (default: 100, or a tenth when that is less)',
    group: HOW,
  },
  'request-rate': {
    type: 'string',
    describe: 'Requests a second for each unit of concurrency, or unlimited (default: 10)',
    group: HOW,
  },
  'scaling-rate': {
    type: 'number',
    describe: 'Environments a function may get in ten seconds (default: 1000)',
    group: HOW,
  },
  'no-watch': { type: 'boolean', describe: 'Do not reload code when files change', group: HOW },
  base: BASE_OPTION,
  region: { type: 'string', describe: 'Region functions see (default: us-east-1)', group: WHAT },
  stage: {
    type: 'string',
    describe: 'Stage of a project of the Serverless Framework (default: its own, or dev)',
    group: WHAT,
  },
  services: {
    type: 'string',
    describe:
      'Where queues, buckets, topics, tables and streams are: auto (our container, when needed), ' +
      'container, none, aws, or the URL of a server (default: auto)',
    group: WHAT,
  },
  'keep-services': {
    type: 'boolean',
    describe: 'Leave the services container, and the data in it, when the run ends',
    group: WHAT,
  },
  'aws-profile': {
    type: 'string',
    describe: 'Give functions the credentials of this AWS profile (default: dummies)',
    group: WHAT,
  },
  'env-vars': {
    type: 'string',
    describe: 'File of variables: JSON per function, as SAM has it, or NAME=value for all',
    group: WHAT,
  },
  parameter: {
    type: 'list',
    describe: 'Template parameter, Name=value; may be repeated',
    group: WHAT,
  },
  'parameter-file': {
    type: 'list',
    describe: 'File of template parameters, JSON or YAML; may be repeated',
    group: WHAT,
  },
  'config-file': {
    type: 'string',
    describe: 'Configuration file of SAM (default: samconfig.toml in the project)',
    group: WHAT,
  },
  'config-env': {
    type: 'string',
    describe: 'Part of it that counts (default: default)',
    group: WHAT,
  },
  stack: {
    type: 'list',
    describe: 'Stack of a CDK app to run; may be repeated (default: all)',
    group: WHAT,
  },
  strict: {
    type: 'boolean',
    describe: 'Refuse settings that are approximated or ignored',
    group: WHAT,
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** `cwd` is what paths on the command line are relative to. */
export function flagsOf(args: Arguments, cwd: string): Flags {
  const base = args.string('base');
  const envVars = args.string('env-vars');
  const configFile = args.string('config-file');
  return withoutAbsent({
    port: args.number('port'),
    httpPort: args.number('http-port'),
    host: args.string('host'),
    freezeAfter: orNever('freeze-after', args.string('freeze-after')),
    reclaimAfter: orNever('reclaim-after', args.string('reclaim-after')),
    spares: args.number('spares'),
    keepAlive: args.string('keep-alive'),
    idleTimeout: milliseconds('idle-timeout', args.string('idle-timeout')),
    timeScale: args.number('time-scale'),
    memoryBudgetMb: args.number('memory-budget'),
    concurrency: args.number('concurrency'),
    unreservedMinimum: args.number('unreserved-minimum'),
    requestRate: requestRate(args.string('request-rate')),
    scalingRate: args.number('scaling-rate'),
    region: args.string('region'),
    stage: args.string('stage'),
    base,
    network: args.string('network'),
    awsProfile: args.string('aws-profile'),
    services: args.string('services'),
    keepServices: args.switch('keep-services'),
    envVars: envVars === undefined ? undefined : resolve(cwd, envVars),
    state: args.string('state'),
    strict: args.switch('strict'),
    watch: args.switch('watch'),
    authToken: args.string('auth'),
    stacks: listed(args.list('stack')),
    parameterFiles: listed(args.list('parameter-file').map((file) => resolve(cwd, file))),
    configFile: configFile === undefined ? undefined : resolve(cwd, configFile),
    configEnvironment: args.string('config-env'),
    parameters: parameters(args.list('parameter')),
  });
}

function listed(given: readonly string[]): readonly string[] | undefined {
  return given.length === 0 ? undefined : given;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `250`, `250ms`, `90s`, `10m`, `1h`; a bare number is milliseconds. */
export function milliseconds(
  name: string,
  text: string | undefined,
  otherwise = '',
): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,12})(ms|s|m|h)?$/.exec(text);
  if (match === null) {
    throw invalid(
      `--${name} must be a duration, not ${text}`,
      `Write it as 500ms, 90s, 10m or 1h${otherwise}.`,
    );
  }
  return Number(match[1]) * (UNITS[match[2] ?? 'ms'] as number);
}

function orNever(name: string, text: string | undefined): number | 'never' | undefined {
  return text === 'never' ? text : milliseconds(name, text, ', or as never');
}

function requestRate(text: string | undefined): number | 'unlimited' | undefined {
  if (text === undefined || text === 'unlimited') return text;
  if (!/^\d{1,9}$/.test(text)) {
    throw invalid(
      `--request-rate must be a whole number or unlimited, not ${text}`,
      'Give it as in `--request-rate 10`.',
    );
  }
  return Number(text);
}

function parameters(given: readonly string[]): Record<string, string> | undefined {
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) {
        throw invalid(
          `--parameter must be Name=value, not ${text}`,
          'Repeat the flag for each parameter.',
        );
      }
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

function invalid(message: string, remedy: string): OrchestratorError {
  return new OrchestratorError('config-invalid', message, { remedy });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(values: T): Present<T> {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Present<T>;
}
