/** What CloudWatch Logs tells a subscriber (contract 11.15). Pure. */

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export interface LogEvent {
  readonly id: string;
  /** Unix ms. */
  readonly timestamp: number;
  readonly message: string;
}

export interface LogBatch {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly subscriptionFilters: readonly string[];
  readonly logEvents: readonly LogEvent[];
}

/** As streams get it. */
export function compressed(batch: LogBatch): Buffer {
  return gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', ...batch }));
}

/** As functions get it. */
export function logsEvent(batch: LogBatch): Buffer {
  const data = compressed(batch).toString('base64');
  return Buffer.from(JSON.stringify({ awslogs: { data } }));
}

/** 56 digits, as CloudWatch's: they ascend with time. */
export function eventId(timestampMs: number, seed: string): string {
  const hash = createHash('sha256').update(seed).digest('hex').slice(0, 32);
  const low = BigInt(`0x${hash}`).toString().padStart(39, '0');
  return `${String(timestampMs).padStart(17, '0')}${low}`;
}
