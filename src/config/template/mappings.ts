/**
 * Event source mappings of templates: SAM's events SQS, Kinesis and DynamoDB, and
 * AWS::Lambda::EventSourceMapping (contract 12.2, 11.8, 11.9).
 */

import type { FunctionTarget } from '../../stack/function-target.js';
import { brokenRules } from '../../stack/mapping-rules.js';
import { kindOf, type MappingDefinition, type SourceKind } from '../../stack/mappings.js';
import type { TemplateContext } from './context.js';
import type { DeclaredEvent, DeclaredResource, TemplatePart } from './parts.js';
import { Properties, type TextRule } from './properties.js';

const MAPPING_TYPE = 'AWS::Lambda::EventSourceMapping';

/** Kind of source → the event's property that names it. */
const EVENTS: Readonly<Record<string, { readonly kind: SourceKind; readonly property: string }>> = {
  SQS: { kind: 'sqs', property: 'Queue' },
  Kinesis: { kind: 'kinesis', property: 'Stream' },
  DynamoDB: { kind: 'dynamodb', property: 'Stream' },
};

const SOURCES: Readonly<Record<SourceKind, TextRule>> = {
  sqs: { pattern: /^arn:[^:]+:sqs:/, expected: 'the ARN of a queue' },
  kinesis: { pattern: /^arn:[^:]+:kinesis:/, expected: 'the ARN of a Kinesis stream' },
  dynamodb: { pattern: /^arn:[^:]+:dynamodb:/, expected: 'the ARN of a table’s stream' },
};

/** Ours → theirs. */
const NAMES: Partial<Record<keyof MappingDefinition, string>> = {
  batchSize: 'BatchSize',
  batchingWindowSeconds: 'MaximumBatchingWindowInSeconds',
  filters: 'FilterCriteria',
  maximumConcurrency: 'ScalingConfig',
  pollers: 'ProvisionedPollerConfig',
  startingPosition: 'StartingPosition',
  startingTimestamp: 'StartingPositionTimestamp',
  bisectOnError: 'BisectBatchOnFunctionError',
  maximumRetryAttempts: 'MaximumRetryAttempts',
  maximumRecordAgeSeconds: 'MaximumRecordAgeInSeconds',
  parallelizationFactor: 'ParallelizationFactor',
  tumblingWindowSeconds: 'TumblingWindowInSeconds',
  onFailureArn: 'DestinationConfig',
};

const ANY_ARN: TextRule = { pattern: /^arn:[^:]+:[^:]+:/, expected: 'an ARN' };
const DATE_SECONDS: readonly [number, number] = [0, 32_503_680_000];

export const mappings: TemplatePart = {
  resources: { [MAPPING_TYPE]: { read: readResource } },
  events: { SQS: readEvent, Kinesis: readEvent, DynamoDB: readEvent },
  finish: ({ context }) => refuseTwins(context),
};

function readEvent({ path, type, properties: values, owned, context }: DeclaredEvent): void {
  const { kind, property } = EVENTS[type] ?? { kind: 'sqs', property: 'Queue' };
  const properties = new Properties(`${path}.Properties`, values, context);
  const sourceArn = properties.text(property, SOURCES[kind]);
  if (sourceArn === undefined && !properties.has(property)) {
    properties.missing(property, SOURCES[kind].expected);
  }
  readMapping(path, properties, { sourceArn, target: owned, context });
}

function readResource(resource: DeclaredResource): void {
  const { path, properties: values, context, target: targetOf } = resource;
  const properties = new Properties(`${path}.Properties`, values, context);
  const sourceArn = properties.text('EventSourceArn', ANY_ARN);
  const named = properties.any('FunctionName');
  const target = named === undefined ? undefined : targetOf(named);
  if (!properties.has('FunctionName')) properties.missing('FunctionName', 'a function');
  else if (named !== undefined && target === undefined) {
    properties.ignored('FunctionName', 'the template has no such function');
  }
  if (sourceArn === undefined || kindOf(sourceArn) === undefined) {
    if (properties.has('EventSourceArn') && sourceArn === undefined) return;
    const reason = 'only queues of SQS, Kinesis streams and streams of tables are read here';
    properties.ignored(properties.has('EventSourceArn') ? 'EventSourceArn' : '', reason);
    return;
  }
  readMapping(path, properties, { sourceArn, target, context });
}

interface Read {
  readonly sourceArn: string | undefined;
  readonly target: FunctionTarget | undefined;
  readonly context: TemplateContext;
}

function readMapping(
  path: string,
  properties: Properties,
  { sourceArn, target, context }: Read,
): void {
  const before = context.problems.list.length;
  const settings = settingsOf(properties);
  properties.ignore('tags have no meaning here', 'Tags');
  properties.ignore('patterns are kept as they are', 'KmsKeyArn');
  properties.ignore('there are no metrics here; `orchestrator sources` counts', 'MetricsConfig');
  properties.ignore('mappings tell of trouble in the log of `up`', 'LoggingConfig');
  properties.rest();
  if (sourceArn === undefined || target === undefined) return;
  if (context.problems.list.length > before) return;
  const definition: MappingDefinition = { path, target, sourceArn, ...settings };
  const broken = brokenRules(definition);
  for (const { setting, text, reason } of broken) {
    properties.refuse(NAMES[setting] ?? '', reason ?? text, remedyOf(setting));
  }
  if (broken.length === 0) context.stack.mappings.push(definition);
}

function remedyOf(setting: keyof MappingDefinition): string {
  return setting === 'startingPosition'
    ? 'Add TRIM_HORIZON for all that is there, or LATEST for what comes.'
    : 'Change it: AWS Lambda refuses the mapping too.';
}

function settingsOf(
  properties: Properties,
): Omit<MappingDefinition, 'path' | 'target' | 'sourceArn'> {
  const scaling = properties.map('ScalingConfig');
  const settings = {
    batchSize: properties.whole('BatchSize', [1, 10_000]),
    batchingWindowSeconds: properties.whole('MaximumBatchingWindowInSeconds', [0, 300]),
    filters: filtersOf(properties),
    reportBatchItemFailures: responsesOf(properties),
    maximumConcurrency: scaling?.whole('MaximumConcurrency', [2, 1_000]),
    pollers: pollersOf(properties),
    startingPosition: properties.oneOf('StartingPosition', [
      'TRIM_HORIZON',
      'LATEST',
      'AT_TIMESTAMP',
    ] as const),
    startingTimestamp: properties.whole('StartingPositionTimestamp', DATE_SECONDS),
    bisectOnError: properties.flag('BisectBatchOnFunctionError'),
    maximumRetryAttempts: properties.whole('MaximumRetryAttempts', [-1, 10_000]),
    maximumRecordAgeSeconds: properties.whole('MaximumRecordAgeInSeconds', [-1, 604_800]),
    parallelizationFactor: properties.whole('ParallelizationFactor', [1, 10]),
    tumblingWindowSeconds: properties.whole('TumblingWindowInSeconds', [0, 900]),
    onFailureArn: onFailureOf(properties),
  };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  if ((settings.tumblingWindowSeconds ?? 0) > 0 && (settings.parallelizationFactor ?? 1) > 1) {
    const reason = 'a shard with tumbling windows runs one batch at a time';
    properties.approximated('ParallelizationFactor', reason);
  }
  return { enabled: properties.flag('Enabled') ?? true, ...Object.fromEntries(given) };
}

function filtersOf(properties: Properties): readonly string[] | undefined {
  const filters = properties.map('FilterCriteria')?.maps('Filters') ?? [];
  const patterns = filters.flatMap((filter) => {
    const pattern = filter.any('Pattern');
    // YAML may hold the pattern itself.
    if (typeof pattern === 'object' && pattern !== null) return [JSON.stringify(pattern)];
    if (typeof pattern === 'string') return [pattern];
    if (!filter.has('Pattern')) filter.missing('Pattern', 'a pattern as JSON text');
    return [];
  });
  return patterns.length === 0 ? undefined : patterns;
}

function responsesOf(properties: Properties): boolean | undefined {
  const responses = properties.list('FunctionResponseTypes');
  const unknown = responses.find((type) => type !== 'ReportBatchItemFailures');
  if (unknown === undefined) return responses.length > 0 ? true : undefined;
  const expected = 'a list of ReportBatchItemFailures';
  properties.refuse('FunctionResponseTypes', expected, 'Change it to what is expected.');
  return undefined;
}

function pollersOf(properties: Properties): MappingDefinition['pollers'] {
  const config = properties.map('ProvisionedPollerConfig');
  if (config === undefined) return undefined;
  const reason = 'pollers are not set apart; the concurrency they give is kept to';
  properties.approximated('ProvisionedPollerConfig', reason);
  const minimum = config.whole('MinimumPollers', [1, 200]);
  const maximum = config.whole('MaximumPollers', [1, 10_000]);
  config.ignore('pollers are not shared here', 'PollerGroupName');
  return {
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
}

function onFailureOf(properties: Properties): string | undefined {
  const onFailure = properties.map('DestinationConfig')?.map('OnFailure');
  if (onFailure === undefined) return undefined;
  const type = onFailure.oneOf('Type', ['SQS', 'SNS', 'S3', 'Kafka'] as const);
  const destination = onFailure.text('Destination', ANY_ARN);
  if (destination === undefined && !onFailure.has('Destination') && type !== undefined) {
    // SAM would make one.
    onFailure.ignored('Type', `no ${type} destination is made here; name one`);
  }
  return destination;
}

/** AWS makes no two mappings of one source to one function. */
function refuseTwins({ stack, problems }: TemplateContext): void {
  const seen = new Map<string, string>();
  for (const { path, sourceArn, target } of stack.mappings) {
    const key = JSON.stringify([sourceArn, target.functionName, target.qualifier ?? '']);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, path);
    else {
      const expected = `one mapping of a source to a function; ${first} is the same`;
      problems.add({ path, expected, remedy: 'Remove one of them.' });
    }
  }
}
