/**
 * One reader of the live log, as newline-delimited JSON.
 *
 *  1. First the lines already kept, then each new one: none missing and none twice between them.
 *  2. What waits for a reader is bounded. Beyond it lines are left out, and the reader is told how
 *     many at the place where they are missing.
 *  3. `end` says that the orchestrator stops and closes the stream.
 */

import type { Writable } from 'node:stream';

import type { FollowItem } from './protocol.js';
import type { LogLine, LogQuery, OrchestratorView } from '../view.js';

/** Lines that arrive while the kept ones are read are few; more than this are left out. */
const HELD_LINES = 10_000;

export interface FollowStream {
  end(): void;
}

export function followLogs(
  view: Pick<OrchestratorView, 'logs' | 'follow'>,
  query: LogQuery,
  output: Writable,
  limits: { bufferBytes: number },
): FollowStream {
  let held: LogLine[] | undefined = [];
  let skipped = 0;

  const write = (item: FollowItem): void => {
    output.write(`${JSON.stringify(item)}\n`);
  };
  const deliver = (line: LogLine): void => {
    if (output.writableLength > limits.bufferBytes) {
      skipped += 1;
      return;
    }
    if (skipped > 0) tellSkipped();
    write(line);
  };
  const tellSkipped = (): void => {
    write({ skipped });
    skipped = 0;
  };

  // Subscribed before the kept lines are read, so that none falls in between.
  const unsubscribe = view.follow(query, (line) => {
    if (held === undefined) deliver(line);
    else if (held.length < HELD_LINES) held.push(line);
    else skipped += 1;
  });
  output.on('drain', () => {
    if (skipped > 0 && held === undefined) tellSkipped();
  });
  output.once('close', unsubscribe);

  const readKept = async (): Promise<void> => {
    const kept = await view.logs(query);
    for (const line of kept) write(line);
    const arrived = withoutKept(held ?? [], kept);
    held = undefined;
    for (const line of arrived) deliver(line);
  };
  readKept().catch((error: unknown) => output.destroy(error as Error));

  return {
    end() {
      unsubscribe();
      if (output.writableEnded || output.destroyed) return;
      if (skipped > 0) tellSkipped();
      write({ ended: 'stopped' });
      output.end();
    },
  };
}

/** Lines that are not also among the kept ones; equal lines count as often as they occur. */
function withoutKept(lines: readonly LogLine[], kept: readonly LogLine[]): LogLine[] {
  if (lines.length === 0) return [];
  const counts = new Map<string, number>();
  for (const line of kept) {
    const key = JSON.stringify(line);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return lines.filter((line) => {
    const key = JSON.stringify(line);
    const count = counts.get(key) ?? 0;
    if (count > 0) counts.set(key, count - 1);
    return count === 0;
  });
}
