/** Log lines as rows: those of one invocation, or of one function between two, share a row. */

import type { LogLine } from '../admin-api/view.js';

export interface LogRow {
  readonly function_name: string;
  readonly request_id: string | null;
  readonly lines: string;
}

type Group = [LogLine, ...LogLine[]];

/** Time, environment, 1 for the platform's, text. */
type StoredLine = readonly [number, string, 0 | 1, string];

/** In the order of their last lines, so that the newest n lines are in the newest n rows. */
export function grouped(lines: readonly LogLine[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const line of lines) {
    const { functionName, requestId } = line;
    // A request id is its caller's choice and may be equal to a name.
    const key = requestId === undefined ? functionName : `${functionName} ${requestId}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [line]);
    } else {
      group.push(line);
      groups.delete(key);
      groups.set(key, group);
    }
  }
  return groups.values();
}

export function rowText(group: readonly LogLine[]): string {
  return JSON.stringify(group.map(stored));
}

export function linesOf(row: LogRow): LogLine[] {
  const functionName = row.function_name;
  return (JSON.parse(row.lines) as StoredLine[]).map(
    ([timestampMs, environmentId, platform, text]) => ({
      timestampMs,
      functionName,
      environmentId,
      ...(row.request_id === null ? {} : { requestId: row.request_id }),
      source: platform === 1 ? 'platform' : 'function',
      text,
    }),
  );
}

function stored(line: LogLine): StoredLine {
  return [line.timestampMs, line.environmentId, line.source === 'platform' ? 1 : 0, line.text];
}
