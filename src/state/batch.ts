/**
 * What is written at one time, as one row: an index over single entries would cost each invocation
 * more than everything else that is done for it, and is hardly ever asked.
 */

import type { InvocationRecord, LogLine } from '../view.js';

export interface BatchRow {
  readonly lines: string;
  readonly records: string;
}

/** Of one invocation, or of one function between two. */
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
  const groups = new Map<string, Group>();
  for (const line of lines) {
    const { functionName, requestId } = line;
    // A request id is its caller's choice and may be equal to a name.
    const key = requestId === undefined ? functionName : `${functionName} ${requestId}`;
    const stored = storedLine(line);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [functionName, requestId ?? null, [stored]]);
    else group[2].push(stored);
  }
  return { lines: JSON.stringify([...groups.values()]), records: JSON.stringify(records) };
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
