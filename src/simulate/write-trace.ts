/** A trace as CSV, in pieces. */

import { Random } from './random.js';
import type { Trace } from './trace.js';

const LINES_AT_ONCE = 1000;
/** Sizes of payloads are not published: log-normal around a kilobyte, never more than Lambda takes. */
const MEDIAN_PAYLOAD = 1024;
const PAYLOAD_SPREAD = 1;
const LARGEST_PAYLOAD = 6 * 1024 * 1024;
const PAYLOAD_STREAM = 7;

/** @param seed of the sizes of payloads */
export function* csvOf(trace: Trace, seed: number): Generator<string> {
  const random = new Random(seed, PAYLOAD_STREAM);
  let lines = ['t,fn,duration_ms,memory_mb,payload_bytes'];
  for (let index = 0; index < trace.length; index += 1) {
    const { name, memoryMb } = trace.functions[trace.fn[index] as number] as Trace['functions'][0];
    const seconds = (trace.at[index] as number) / 1000;
    const duration = Number((trace.durationMs[index] as number).toFixed(1));
    const drawn = MEDIAN_PAYLOAD * Math.exp(PAYLOAD_SPREAD * random.normal());
    const payload = Math.min(LARGEST_PAYLOAD, Math.round(drawn));
    lines.push(`${seconds},${name},${duration},${memoryMb},${payload}`);
    if (lines.length < LINES_AT_ONCE) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}
