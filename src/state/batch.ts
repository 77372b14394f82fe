/**
 * What is written at one time, as one row: an index over single entries would cost each invocation
 * more than everything else that is done for it, and is hardly ever asked.
 */

import type { InvocationRecord, LogLine } from '../view.js';

export interface BatchRow {
  readonly lines: string;
  readonly records: string;
}

/** Lines that followed each other, of one invocation or of one function between two. */
type Group = [functionName: string, requestId: string | null, lines: StoredLine[]];

/** Time, environment, whose it is, text. */
type StoredLine = [timestampMs: number, environmentId: string, source: number, text: string];

/** Their places are what is stored. */
const SOURCES: readonly LogLine['source'][] = ['function', 'platform', 'extension'];

/** Names of functions, each between newlines: no name holds one. */
export function functionsOf(lines: readonly LogLine[]): string {
  return `\n${[...new Set(lines.map(({ functionName }) => functionName))].join('\n')}\n`;
}

export function batchOf(lines: readonly LogLine[], records: readonly InvocationRecord[]): BatchRow {
  const groups: Group[] = [];
  let last: Group | undefined;
  for (const line of lines) {
    const { functionName, requestId = null } = line;
    if (last === undefined || last[1] !== requestId || last[0] !== functionName) {
      last = [functionName, requestId, []];
      groups.push(last);
    }
    last[2].push(storedLine(line));
  }
  return { lines: JSON.stringify(groups), records: JSON.stringify(records) };
}

export function recordsOf(row: Pick<BatchRow, 'records'>): InvocationRecord[] {
  return JSON.parse(row.records) as InvocationRecord[];
}

/** In the order in which they were kept, as far as their times tell. */
export function linesOf(row: Pick<BatchRow, 'lines'>): LogLine[] {
  return (JSON.parse(row.lines) as Group[])
    .flatMap(([functionName, requestId, lines]) =>
      lines.map(([timestampMs, environmentId, source, text]): LogLine => ({
        timestampMs,
        functionName,
        environmentId,
        ...(requestId === null ? {} : { requestId }),
        source: SOURCES[source] ?? 'function',
        text,
      })),
    )
    .sort((one, other) => one.timestampMs - other.timestampMs);
}

function storedLine(line: LogLine): StoredLine {
  return [line.timestampMs, line.environmentId, SOURCES.indexOf(line.source), line.text];
}
