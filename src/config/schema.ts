/**
 * The shapes of what people write: a function's settings, whatever file they come from, and
 * `orchestrator.yaml`.
 */

import {
  boolean,
  check,
  maxLength,
  optional,
  picklist,
  pipe,
  regex,
  string,
  transform,
  union,
  unknown,
  type InferOutput,
} from 'valibot';
import { KEEP_ALIVE_NAMES } from '../keep-alive/keep-alive.js';
import { asyncShape, deadLetterShape } from './async-settings.js';
import type { ServicesSetting } from './config.js';
import { DEFAULTS, LIMITS } from './defaults.js';
import { integer, list, mapOf, mapWith, type Shape } from './shape.js';
import { urlShape } from './url-settings.js';
import { whole } from './whole.js';

/** YAML reads `1` and `true` as what they look like; the function gets their text. */
const variableValue = pipe(
  unknown(),
  transform((value) =>
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
  ),
  string('text, a number or a boolean'),
);

const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const ONLY_JSON = 'no level with the Text format: levels need JSON';

/** Contract 6.2. */
const loggingShape = mapWith(
  {
    format: optional(picklist(['Text', 'JSON'], 'Text or JSON'), 'Text'),
    applicationLevel: optional(picklist(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`)),
    systemLevel: optional(picklist(['DEBUG', 'INFO', 'WARN'], 'one of DEBUG, INFO, WARN')),
    group: optional(
      pipe(
        string('the name of a log group'),
        regex(
          /^(?!aws\/)[.\-_/#A-Za-z0-9]{1,512}$/,
          'at most 512 of the characters . - _ / # A-Z a-z 0-9, not beginning with aws/',
        ),
      ),
    ),
  },
  'a map of format, applicationLevel, systemLevel and group',
  {
    holds: ({ format, applicationLevel }) => format === 'JSON' || applicationLevel === undefined,
    key: 'applicationLevel',
    expected: ONLY_JSON,
  },
  {
    holds: ({ format, systemLevel }) => format === 'JSON' || systemLevel === undefined,
    key: 'systemLevel',
    expected: ONLY_JSON,
  },
);

const words = optional(
  list(string('text'), 'a list of texts', { most: 1500, expected: 'at most 1500 entries' }),
);

/** Contract 3.9. */
const imageConfigShape = mapWith(
  {
    entryPoint: words,
    command: words,
    workingDirectory: optional(
      pipe(
        string('an absolute path in the image'),
        maxLength(1000, 'at most 1000 characters'),
        regex(/^\//, 'an absolute path in the image'),
      ),
    ),
  },
  'a map with entryPoint, command or workingDirectory',
  {
    holds: (value) => Buffer.byteLength(JSON.stringify(value)) <= 16 * 1024,
    expected: 'at most 16 KB',
  },
);

/** A name as engines take them, with registry, tag and digest where there are any. */
const imageName = pipe(
  string('the name of an image, or a map with context'),
  regex(
    /^[a-zA-Z0-9][\w.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
    'the name of an image such as hello:latest',
  ),
);

const imageShape = union(
  [
    imageName,
    mapWith(
      {
        context: optional(string('the path of a folder'), '.'),
        dockerfile: optional(string('the path of a Dockerfile inside the context'), 'Dockerfile'),
        args: optional(mapOf(variableValue, 'a map of build arguments'), {}),
        target: optional(string('the name of a stage')),
      },
      'a map with context, dockerfile, args and target',
    ),
  ],
  'the name of an image such as hello:latest, or a map with context, dockerfile, args and target',
);

export const functionShape = mapWith(
  {
    runtime: optional(string('a runtime identifier such as nodejs22.x or python3.13')),
    handler: optional(
      pipe(
        string('the handler, such as index.handler'),
        maxLength(128, 'a handler of at most 128 characters'),
        regex(/^\S+$/, 'a handler without white space'),
      ),
    ),
    code: optional(string('the path of a folder or zip file'), '.'),
    image: optional(imageShape),
    imageConfig: optional(imageConfigShape),
    memory: optional(whole(LIMITS.memoryMb, 'MB'), DEFAULTS.memoryMb),
    timeout: optional(whole(LIMITS.timeoutSeconds, 'seconds'), DEFAULTS.timeoutSeconds),
    ephemeralStorage: optional(whole(LIMITS.ephemeralStorageMb, 'MB'), DEFAULTS.ephemeralStorageMb),
    environment: optional(mapOf(variableValue, 'a map of variables'), {}),
    layers: optional(
      list(string('the path of a layer folder or zip file'), 'a list of layer paths', {
        most: LIMITS.layers,
        expected: `at most ${LIMITS.layers} layers`,
      }),
      [],
    ),
    architecture: optional(picklist(['x86_64', 'arm64'], 'x86_64 or arm64')),
    description: optional(pipe(string('text'), maxLength(256, 'at most 256 characters')), ''),
    reservedConcurrency: optional(whole({ min: 0, max: 100_000 }, 'concurrent invocations')),
    logging: optional(loggingShape),
    snapStart: optional(picklist(['PublishedVersions', 'None'], 'PublishedVersions or None')),
    recursiveLoop: optional(picklist(['Allow', 'Terminate'], 'Allow or Terminate')),
    tenancy: optional(
      pipe(
        picklist(['per-tenant', 'PER_TENANT'], 'per-tenant (in templates PER_TENANT)'),
        transform(() => 'per-tenant' as const),
      ),
    ),
    alias: optional(
      pipe(
        string('the name of an alias'),
        regex(
          /^(?!\d+$)[a-zA-Z0-9_-]{1,128}$/,
          'a name of letters, digits, - and _, not all digits',
        ),
      ),
    ),
    provisionedConcurrency: optional(whole({ min: 1, max: 100_000 }, 'environments')),
    async: optional(asyncShape),
    deadLetterQueue: optional(deadLetterShape),
    url: optional(urlShape),
  },
  'a map of settings',
);

export type FunctionSettings = InferOutput<typeof functionShape>;
/** Settings that are maps of their own. */
export const NESTED: ReadonlySet<string> = new Set([
  'logging',
  'async',
  'url',
  'image',
  'imageConfig',
]);

/** Contract 12.6 has no such thing: where services that are not ours are. */
const SERVICES =
  'auto, container, none, aws, or the address of a server such as http://localhost:4566';
const servicesShape = pipe(
  string(SERVICES),
  check(
    (written) =>
      ['auto', 'container', 'none', 'aws'].includes(written) ||
      (/^https?:\/\/[^/?#\s]+\/?$/.test(written) && URL.canParse(written)),
    SERVICES,
  ),
  transform((written) => written as ServicesSetting),
);

function timeOrNever(leastMs: number, expected: string): Shape<number | 'never'> {
  return union([picklist(['never'], expected), integer({ min: leastMs }, expected)], expected);
}

const REQUEST_RATE =
  'requests per second for each unit of concurrency, from 1 to 100000, or unlimited';

export const settingsShape = mapWith(
  {
    port: optional(whole({ min: 0, max: 65_535 }, 'port')),
    httpPort: optional(whole({ min: 0, max: 65_535 }, 'port')),
    host: optional(string('an address of this machine')),
    freezeAfterMs: optional(timeOrNever(0, 'milliseconds, or never')),
    reclaimAfterMs: optional(timeOrNever(1000, 'milliseconds from 1000, or never')),
    spares: optional(whole({ min: 0, max: 100 }, 'environments')),
    keepAlive: optional(picklist(KEEP_ALIVE_NAMES, 'fixed, greedy-dual, hybrid or learned')),
    idleTimeoutMs: optional(whole({ min: 1000, max: 24 * 3_600_000 }, 'milliseconds')),
    timeScale: optional(whole(LIMITS.timeScale, 'times as fast')),
    memoryBudgetMb: optional(whole({ min: 128, max: 1_048_576 }, 'MB')),
    concurrency: optional(whole({ min: 1, max: 100_000 }, 'concurrent invocations')),
    unreservedMinimum: optional(whole({ min: 0, max: 100_000 }, 'concurrent invocations')),
    requestRate: optional(
      union(
        [picklist(['unlimited'], REQUEST_RATE), integer({ min: 1, max: 100_000 }, REQUEST_RATE)],
        REQUEST_RATE,
      ),
    ),
    scalingRate: optional(whole({ min: 1, max: 100_000 }, 'environments in ten seconds')),
    streamingBytesPerSecond: optional(whole(LIMITS.streaming.bytesPerSecond, 'bytes per second')),
    region: optional(
      pipe(
        string('a region such as eu-west-1'),
        regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as eu-west-1'),
      ),
    ),
    accountId: optional(
      pipe(string('twelve digits, in quotes'), regex(/^\d{12}$/, 'twelve digits, in quotes')),
    ),
    base: optional(picklist(['auto', 'aws', 'public', 'debian'], 'auto, aws, public or debian')),
    network: optional(string('the name of an engine network')),
    services: optional(servicesShape),
    watch: optional(boolean('true or false')),
  },
  'a map of settings',
);

export type FileSettings = InferOutput<typeof settingsShape>;
/** Keys of the file, and of a function, that are read as a template. */
export const DECLARED_KEYS = ['resources', 'stateMachines'];
export const EVENTS_KEY = 'events';
export const PROJECT_KEYS = ['functions', ...DECLARED_KEYS, ...Object.keys(settingsShape.fields)];
