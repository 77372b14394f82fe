/** Event source mappings (contract 11.8, 11.9). Absent: Lambda's default. */

import type { FunctionTarget } from './function-target.js';

export interface MappingDefinition {
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
  /** Of streams, like all that follow. */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  /** Unix seconds. */
  readonly startingTimestamp?: number;
  readonly bisectOnError?: boolean;
  readonly maximumRetryAttempts?: number;
  readonly maximumRecordAgeSeconds?: number;
  readonly parallelizationFactor?: number;
  readonly tumblingWindowSeconds?: number;
  readonly onFailureArn?: string;
}
