/** Event source mappings (contract 11.8, 11.9). Absent: Lambda's default. */

import { parseArn } from './arns.js';
import type { FunctionTarget } from './function-target.js';

export interface MappingDefinition {
  /** Where it stands in the file; empty when the API made it. */
  readonly path: string;
  readonly target: FunctionTarget;
  /** ARN of a queue, a Kinesis stream, or a table (its latest stream) or a table's stream. */
  readonly sourceArn: string;
  readonly enabled: boolean;
  readonly batchSize?: number;
  readonly batchingWindowSeconds?: number;
  readonly filters?: readonly string[];
  readonly reportBatchItemFailures?: boolean;
  /** Of queues. */
  readonly maximumConcurrency?: number;
  /** Provisioned mode of queues: each poller runs up to ten batches at once. */
  readonly pollers?: { readonly minimum?: number; readonly maximum?: number };
  /** Of streams, like all that follow. */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  /** Unix seconds. */
  readonly startingTimestamp?: number;
  readonly bisectOnError?: boolean;
  /** -1: without end. */
  readonly maximumRetryAttempts?: number;
  /** -1: without end. */
  readonly maximumRecordAgeSeconds?: number;
  readonly parallelizationFactor?: number;
  readonly tumblingWindowSeconds?: number;
  readonly onFailureArn?: string;
}

export type SourceKind = 'sqs' | 'kinesis' | 'dynamodb';

/** Of what kind the source of a mapping is; undefined when it is none that is run here. */
export function kindOf(sourceArn: string): SourceKind | undefined {
  const service = parseArn(sourceArn)?.service;
  return service === 'sqs' || service === 'kinesis' || service === 'dynamodb' ? service : undefined;
}

export function isFifo(sourceArn: string): boolean {
  return kindOf(sourceArn) === 'sqs' && sourceArn.endsWith('.fifo');
}
