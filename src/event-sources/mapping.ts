/** A mapping as it is run: Lambda's defaults filled in (contract 11.8, 11.9). Pure. */

import type { MappingRecord } from '../registry/mapping-records.js';
import { parseArn } from '../stack/arns.js';
import type { FunctionTarget } from '../stack/function-target.js';
import { isFifo, kindOf, type MappingDefinition } from '../stack/mappings.js';

interface Common {
  readonly uuid: string;
  readonly target: FunctionTarget;
  readonly sourceArn: string;
  readonly region: string;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly filters: readonly string[];
  readonly reportsFailures: boolean;
}

export interface QueueMapping extends Common {
  readonly kind: 'sqs';
  readonly fifo: boolean;
  readonly maximumConcurrency?: number;
  readonly pollers?: { readonly minimum: number; readonly maximum: number };
}

export interface StreamMapping extends Common {
  readonly kind: 'kinesis' | 'dynamodb';
  readonly start:
    | { readonly kind: 'TRIM_HORIZON' | 'LATEST' }
    | { readonly kind: 'AT_TIMESTAMP'; readonly timestampMs: number };
  readonly bisects: boolean;
  /** `Infinity`: without end. */
  readonly retries: number;
  /** `Infinity`: without end. */
  readonly ageMs: number;
  /** Batches of one shard that run at once, in order for each partition key. */
  readonly lanes: number;
  /** 0: no windows. */
  readonly tumblingMs: number;
  readonly onFailureArn?: string;
}

export type Mapping = QueueMapping | StreamMapping;

export const QUEUE_BATCH = 10;
export const STREAM_BATCH = 100;

/** Raises nothing: what is kept or was read has been checked. */
export function mappingOf({ uuid, definition }: MappingRecord): Mapping {
  const { sourceArn, target, filters = [], batchingWindowSeconds = 0 } = definition;
  const kind = kindOf(sourceArn);
  const common = {
    uuid,
    target,
    sourceArn,
    region: parseArn(sourceArn)?.region ?? '',
    batchSize: definition.batchSize ?? (kind === 'sqs' ? QUEUE_BATCH : STREAM_BATCH),
    windowMs: batchingWindowSeconds * 1000,
    filters,
    reportsFailures: definition.reportBatchItemFailures ?? false,
  };
  return kind === 'kinesis' || kind === 'dynamodb'
    ? streamMapping(kind, common, definition)
    : queueMapping(common, definition);
}

function queueMapping(common: Common, definition: MappingDefinition): QueueMapping {
  const { maximumConcurrency, pollers } = definition;
  return {
    ...common,
    kind: 'sqs',
    fifo: isFifo(common.sourceArn),
    ...(maximumConcurrency === undefined ? {} : { maximumConcurrency }),
    ...(pollers === undefined
      ? {}
      : { pollers: { minimum: pollers.minimum ?? 2, maximum: pollers.maximum ?? 200 } }),
  };
}

function streamMapping(
  kind: 'kinesis' | 'dynamodb',
  common: Common,
  definition: MappingDefinition,
): StreamMapping {
  const {
    startingPosition = 'TRIM_HORIZON',
    startingTimestamp = 0,
    maximumRetryAttempts: retries = -1,
    maximumRecordAgeSeconds: age = -1,
    parallelizationFactor = 1,
    tumblingWindowSeconds = 0,
    onFailureArn,
  } = definition;
  return {
    ...common,
    kind,
    start:
      startingPosition === 'AT_TIMESTAMP'
        ? { kind: startingPosition, timestampMs: startingTimestamp * 1000 }
        : { kind: startingPosition },
    bisects: definition.bisectOnError ?? false,
    retries: retries < 0 ? Infinity : retries,
    ageMs: age < 0 ? Infinity : age * 1000,
    // The state of a window goes from one batch to the next.
    lanes: tumblingWindowSeconds > 0 ? 1 : parallelizationFactor,
    tumblingMs: tumblingWindowSeconds * 1000,
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
  };
}
