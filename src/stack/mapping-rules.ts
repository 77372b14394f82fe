/**
 * What a mapping may not be, beyond what the service model and the files' own checks say of single
 * values (contract 11.8, 11.9, 11.12). One list for the API and for files. Pure.
 */

import { compilePattern } from '../event-pattern/event-pattern.js';
import { InvalidPattern } from '../event-pattern/invalid-pattern.js';
import { parseArn } from './arns.js';
import { isFifo, kindOf, type MappingDefinition } from './mappings.js';

export interface BrokenRule {
  /** The setting that breaks it. */
  readonly setting: keyof MappingDefinition;
  /** As AWS says it, where it is known. */
  readonly text: string;
  /** More exact, for people. */
  readonly reason?: string;
}

const MOST_FILTERS = 10;
const LONGEST_FILTER = 4096;
const FIFO_BATCH = 10;
const LEAST_AGE_SECONDS = 60;
/** Services of what may be told of records that were given up. */
const TOLD: ReadonlySet<string> = new Set(['sqs', 'sns', 's3']);

const OF_STREAMS: readonly (readonly [keyof MappingDefinition, string])[] = [
  ['startingPosition', 'StartingPosition'],
  ['startingTimestamp', 'StartingPositionTimestamp'],
  ['bisectOnError', 'BisectBatchOnFunctionError'],
  ['maximumRetryAttempts', 'MaximumRetryAttempts'],
  ['maximumRecordAgeSeconds', 'MaximumRecordAgeInSeconds'],
  ['parallelizationFactor', 'ParallelizationFactor'],
  ['tumblingWindowSeconds', 'TumblingWindowInSeconds'],
  ['onFailureArn', 'DestinationConfig'],
];
const OF_QUEUES: readonly (readonly [keyof MappingDefinition, string])[] = [
  ['maximumConcurrency', 'ScalingConfig'],
  ['pollers', 'ProvisionedPollerConfig'],
];

export function brokenRules(definition: MappingDefinition): readonly BrokenRule[] {
  const kind = kindOf(definition.sourceArn);
  return [
    ...(kind === 'sqs' ? queueRules(definition) : streamRules(definition)),
    ...filterRules(definition),
  ];
}

function queueRules(definition: MappingDefinition): BrokenRule[] {
  const { batchSize = 10, batchingWindowSeconds: window = 0, pollers, sourceArn } = definition;
  const broken: BrokenRule[] = foreign(definition, OF_STREAMS, 'SQS');
  const add = (setting: keyof MappingDefinition, text: string): void => {
    broken.push({ setting, text });
  };
  if (isFifo(sourceArn)) {
    if (batchSize > FIFO_BATCH)
      add('batchSize', 'Batch size for FIFO queues can not be greater than 10');
    if (window > 0)
      add('batchingWindowSeconds', 'Batching window is not supported for FIFO queues');
  } else if (batchSize > FIFO_BATCH && window === 0) {
    add(
      'batchingWindowSeconds',
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
  }
  if (pollers === undefined) return broken;
  if (definition.maximumConcurrency !== undefined) {
    add('pollers', 'ScalingConfig and ProvisionedPollerConfig cannot be used together');
  }
  const { minimum = 2, maximum = 200 } = pollers;
  if (minimum < 2 || maximum < 2)
    add('pollers', 'MinimumPollers and MaximumPollers for SQS must be at least 2');
  if (minimum > maximum) add('pollers', 'MinimumPollers must not be greater than MaximumPollers');
  return broken;
}

function streamRules(definition: MappingDefinition): BrokenRule[] {
  const { startingPosition, startingTimestamp, maximumRecordAgeSeconds: age = -1 } = definition;
  const kind = kindOf(definition.sourceArn) === 'kinesis' ? 'Kinesis' : 'DynamoDB';
  const broken: BrokenRule[] = foreign(definition, OF_QUEUES, kind);
  if (startingPosition === undefined) {
    broken.push({
      setting: 'startingPosition',
      text: "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
      reason: 'streams need one',
    });
  }
  if (startingPosition === 'AT_TIMESTAMP' && kind === 'DynamoDB') {
    broken.push({
      setting: 'startingPosition',
      text: 'Unsupported starting position for arn type: AT_TIMESTAMP is of Kinesis streams',
    });
  } else if ((startingPosition === 'AT_TIMESTAMP') !== (startingTimestamp !== undefined)) {
    broken.push({
      setting: 'startingTimestamp',
      text: 'StartingPositionTimestamp is required for StartingPosition AT_TIMESTAMP, and for no other',
    });
  }
  const { onFailureArn } = definition;
  if (onFailureArn !== undefined && !TOLD.has(parseArn(onFailureArn)?.service ?? '')) {
    const text = 'The on-failure destination must be the ARN of a queue, a topic or a bucket';
    broken.push({ setting: 'onFailureArn', text });
  }
  if (age >= 0 && age < LEAST_AGE_SECONDS) {
    broken.push({
      setting: 'maximumRecordAgeSeconds',
      text: `MaximumRecordAgeInSeconds must be -1 or at least ${LEAST_AGE_SECONDS}`,
    });
  }
  return broken;
}

function foreign(
  definition: MappingDefinition,
  settings: typeof OF_STREAMS,
  kind: string,
): BrokenRule[] {
  return settings
    .filter(([setting]) => definition[setting] !== undefined)
    .map(([setting, member]) => ({
      setting,
      text: `${member} is not supported for ${kind} event sources`,
    }));
}

function filterRules({ filters = [] }: MappingDefinition): BrokenRule[] {
  if (filters.length > MOST_FILTERS) {
    const text = `FilterCriteria can have at most ${MOST_FILTERS} filters`;
    return [{ setting: 'filters', text }];
  }
  if (filters.some((filter) => filter.length > LONGEST_FILTER)) {
    const text = `A pattern of FilterCriteria can have at most ${LONGEST_FILTER} characters`;
    return [{ setting: 'filters', text }];
  }
  try {
    for (const filter of filters) compilePattern(filter);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidPattern)) throw error;
    const text = 'Invalid filter pattern definition.';
    return [{ setting: 'filters', text, reason: error.message }];
  }
}
