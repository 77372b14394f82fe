/**
 * The shapes of what people write: a function's settings, whatever file they come from, and
 * `orchestrator.yaml`.
 */

import { z } from 'zod';
import { ASYNC_KEYS, asyncSchema, deadLetterSchema } from './async-settings.js';
import type { ServicesSetting } from './config.js';
import { KEEP_ALIVE_NAMES } from '../keep-alive/keep-alive.js';
import { DEFAULTS, LIMITS } from './defaults.js';
import { URL_KEYS, urlSchema } from './url-settings.js';
import { whole } from './whole.js';

/** YAML reads `1` and `true` as what they look like; the function gets their text. */
const variableValue = z
  .union([z.string(), z.number(), z.boolean()], { error: 'text, a number or a boolean' })
  .transform(String);

const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const ONLY_JSON = 'no level with the Text format: levels need JSON';

/** Contract 6.2. */
const loggingSchema = z
  .strictObject(
    {
      format: z.enum(['Text', 'JSON'], 'Text or JSON').default('Text'),
      applicationLevel: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).optional(),
      systemLevel: z.enum(['DEBUG', 'INFO', 'WARN'], 'one of DEBUG, INFO, WARN').optional(),
      group: z
        .string('the name of a log group')
        .regex(/^(?!aws\/)[.\-_/#A-Za-z0-9]{1,512}$/, {
          error: 'at most 512 of the characters . - _ / # A-Z a-z 0-9, not beginning with aws/',
        })
        .optional(),
    },
    'a map of format, applicationLevel, systemLevel and group',
  )
  .refine(({ format, applicationLevel }) => format === 'JSON' || applicationLevel === undefined, {
    path: ['applicationLevel'],
    error: ONLY_JSON,
  })
  .refine(({ format, systemLevel }) => format === 'JSON' || systemLevel === undefined, {
    path: ['systemLevel'],
    error: ONLY_JSON,
  });

const words = z.array(z.string('text')).max(1500, 'at most 1500 entries');

/** Contract 3.9. */
const imageConfig = z
  .strictObject(
    {
      entryPoint: words.optional(),
      command: words.optional(),
      workingDirectory: z
        .string('an absolute path in the image')
        .max(1000, 'at most 1000 characters')
        .regex(/^\//, 'an absolute path in the image')
        .optional(),
    },
    'a map with entryPoint, command or workingDirectory',
  )
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= 16 * 1024, 'at most 16 KB');

/** A name as engines take them, with registry, tag and digest where there are any. */
const imageName = z
  .string('the name of an image, or a map with context')
  .regex(
    /^[a-zA-Z0-9][\w.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
    'the name of an image such as hello:latest',
  );

const image = z.union(
  [
    imageName,
    z.strictObject({
      context: z.string('the path of a folder').default('.'),
      dockerfile: z.string('the path of a Dockerfile inside the context').default('Dockerfile'),
      args: z.record(z.string(), variableValue, 'a map of build arguments').default({}),
      target: z.string('the name of a stage').optional(),
    }),
  ],
  'the name of an image such as hello:latest, or a map with context, dockerfile, args and target',
);

export const functionSchema = z.strictObject({
  runtime: z.string('a runtime identifier such as nodejs22.x or python3.13').optional(),
  handler: z
    .string('the handler, such as index.handler')
    .max(128, 'a handler of at most 128 characters')
    .regex(/^\S+$/, 'a handler without white space')
    .optional(),
  code: z.string('the path of a folder or zip file').default('.'),
  image: image.optional(),
  imageConfig: imageConfig.optional(),
  memory: whole(LIMITS.memoryMb, 'MB').default(DEFAULTS.memoryMb),
  timeout: whole(LIMITS.timeoutSeconds, 'seconds').default(DEFAULTS.timeoutSeconds),
  ephemeralStorage: whole(LIMITS.ephemeralStorageMb, 'MB').default(DEFAULTS.ephemeralStorageMb),
  environment: z.record(z.string(), variableValue, 'a map of variables').default({}),
  layers: z
    .array(z.string('the path of a layer folder or zip file'), 'a list of layer paths')
    .max(LIMITS.layers, `at most ${LIMITS.layers} layers`)
    .default([]),
  architecture: z.enum(['x86_64', 'arm64'], 'x86_64 or arm64').optional(),
  description: z.string('text').max(256, 'at most 256 characters').default(''),
  reservedConcurrency: whole({ min: 0, max: 100_000 }, 'concurrent invocations').optional(),
  logging: loggingSchema.optional(),
  snapStart: z.enum(['PublishedVersions', 'None'], 'PublishedVersions or None').optional(),
  recursiveLoop: z.enum(['Allow', 'Terminate'], 'Allow or Terminate').optional(),
  tenancy: z
    .enum(['per-tenant', 'PER_TENANT'], 'per-tenant (in templates PER_TENANT)')
    .transform(() => 'per-tenant' as const)
    .optional(),
  alias: z
    .string('the name of an alias')
    .regex(/^(?!\d+$)[a-zA-Z0-9_-]{1,128}$/, 'a name of letters, digits, - and _, not all digits')
    .optional(),
  provisionedConcurrency: whole({ min: 1, max: 100_000 }, 'environments').optional(),
  async: asyncSchema.optional(),
  deadLetterQueue: deadLetterSchema.optional(),
  url: urlSchema.optional(),
});

export type FunctionSettings = z.infer<typeof functionSchema>;
export const FUNCTION_KEYS = Object.keys(functionSchema.shape);
/** Of settings that are maps of their own. */
export const NESTED_KEYS: Readonly<Record<string, readonly string[]>> = {
  logging: ['format', 'applicationLevel', 'systemLevel', 'group'],
  async: ASYNC_KEYS,
  url: URL_KEYS,
  image: ['context', 'dockerfile', 'args', 'target'],
  imageConfig: ['entryPoint', 'command', 'workingDirectory'],
};

/** Contract 12.6 has no such thing: where services that are not ours are. */
const servicesSchema = z.custom<ServicesSetting>(
  (value) =>
    typeof value === 'string' &&
    (['auto', 'container', 'none', 'aws'].includes(value) ||
      (/^https?:\/\/[^/?#\s]+\/?$/.test(value) && URL.canParse(value))),
  'auto, container, none, aws, or the address of a server such as http://localhost:4566',
);

/** A number out of bounds is told by itself, not by the union: both say what is expected. */
function orNever(leastMs: number, expected: string) {
  const time = z.number(expected).int(expected).min(leastMs, expected);
  return z.union([z.literal('never'), time], expected);
}

export const settingsSchema = z.strictObject({
  port: whole({ min: 0, max: 65_535 }, 'port').optional(),
  httpPort: whole({ min: 0, max: 65_535 }, 'port').optional(),
  host: z.string('an address of this machine').optional(),
  freezeAfterMs: orNever(0, 'milliseconds, or never').optional(),
  reclaimAfterMs: orNever(1000, 'milliseconds from 1000, or never').optional(),
  spares: whole({ min: 0, max: 100 }, 'environments').optional(),
  keepAlive: z.enum(KEEP_ALIVE_NAMES, 'fixed, greedy-dual, hybrid or learned').optional(),
  idleTimeoutMs: whole({ min: 1000, max: 24 * 3_600_000 }, 'milliseconds').optional(),
  timeScale: whole(LIMITS.timeScale, 'times as fast').optional(),
  memoryBudgetMb: whole({ min: 128, max: 1_048_576 }, 'MB').optional(),
  concurrency: whole({ min: 1, max: 100_000 }, 'concurrent invocations').optional(),
  unreservedMinimum: whole({ min: 0, max: 100_000 }, 'concurrent invocations').optional(),
  requestRate: z
    .union([z.literal('unlimited'), z.number().int().min(1).max(100_000)], {
      error: 'requests per second for each unit of concurrency, from 1 to 100000, or unlimited',
    })
    .optional(),
  scalingRate: whole({ min: 1, max: 100_000 }, 'environments in ten seconds').optional(),
  streamingBytesPerSecond: whole(LIMITS.streaming.bytesPerSecond, 'bytes per second').optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as eu-west-1')
    .optional(),
  accountId: z
    .string()
    .regex(/^\d{12}$/, 'twelve digits, in quotes')
    .optional(),
  base: z.enum(['auto', 'aws', 'public', 'debian'], 'auto, aws, public or debian').optional(),
  network: z.string('the name of an engine network').optional(),
  services: servicesSchema.optional(),
  watch: z.boolean('true or false').optional(),
});

export type FileSettings = z.infer<typeof settingsSchema>;
export const SETTING_KEYS = Object.keys(settingsSchema.shape);
export const PROJECT_KEYS = ['functions', 'resources', 'stateMachines', ...SETTING_KEYS];
