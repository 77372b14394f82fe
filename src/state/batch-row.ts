/** How a batch of log lines and records is written in a row, and how it is read again. Pure. */

import {
  endOf,
  recordOf,
  startOf,
  type PlainEnd,
  type PlainStart,
  type ServedBy,
} from '../invocation/plain-invocation.js';
import type { InvocationRecord, LogLine } from '../view.js';

/** JSON texts: of a list of `Place`, and of a list of `Entry`. */
export interface BatchRow {
  readonly lines: string;
  readonly records: string;
}

/**
 * What the log has in one place: lines as they are, START of the plain invocation of that number, or,
 * where the number is the complement of it, END and REPORT.
 */
export type Place = Group | number;

/** Lines that followed each other, of one invocation or of one function between two. */
export type Group = [functionName: string, requestId: string | null, lines: StoredLine[]];

/** Time, environment, whose it is, text. */
type StoredLine = [timestampMs: number, environmentId: string, source: number, text: string];

export type Entry = InvocationRecord | StoredServer | StoredStart | StoredInvocation;

/** Others name it by how many came before it. */
type StoredServer = [
  functionName: string,
  version: string,
  memorySizeMb: number,
  environmentId: string,
];

/** A plain invocation that ends in another batch, if it does. */
type StoredStart = [number: number, server: number, requestId: string, startMs: number];

type StoredInvocation = [
  ...start: StoredStart,
  /** From there to its dispatch, which comes first, and to its end. */
  dispatchedAfterMs: number,
  endedAfterMs: number,
  durationMs: number,
  memoryPeakMb: number | null,
  thawed: 0 | 1,
  served: number,
];

/** Their places are what is stored. */
const SOURCES: readonly LogLine['source'][] = ['function', 'platform', 'extension'];

export function storedLine(line: LogLine): StoredLine {
  return [line.timestampMs, line.environmentId, SOURCES.indexOf(line.source), line.text];
}

export function storedServer(by: ServedBy): StoredServer {
  return [by.functionName, by.version, by.memorySizeMb, by.environmentId];
}

export function storedStart(number: number, server: number, start: PlainStart): StoredStart {
  return [number, server, start.requestId, start.timestampMs];
}

export function storedInvocation(
  number: number,
  server: number,
  { requestId, timestampMs }: PlainStart,
  end: PlainEnd,
): StoredInvocation {
  return [
    number,
    server,
    requestId,
    timestampMs,
    end.startedAtMs - timestampMs,
    end.timestampMs - timestampMs,
    end.durationMs,
    end.memoryPeakMb ?? null,
    end.start === 'warm' ? 0 : 1,
    end.served,
  ];
}

export function recordsOf(row: Pick<BatchRow, 'records'>): InvocationRecord[] {
  const { records, plain } = entriesOf(row);
  const ended = [...plain.values()].flatMap(({ start, end }) =>
    end === undefined ? [] : [recordOf(start, end)],
  );
  return [...records, ...ended];
}

/** In the order in which they were kept, as far as their times tell. */
export function linesOf(row: BatchRow): LogLine[] {
  const { plain } = entriesOf(row);
  return (JSON.parse(row.lines) as Place[])
    .flatMap((place) => (typeof place === 'number' ? plainLines(place, plain) : groupLines(place)))
    .sort((one, other) => one.timestampMs - other.timestampMs);
}

/** Of an invocation: undefined while it has not ended. */
interface Plain {
  readonly start: PlainStart;
  readonly end: PlainEnd | undefined;
}

function entriesOf({ records: text }: Pick<BatchRow, 'records'>): {
  records: InvocationRecord[];
  plain: Map<number, Plain>;
} {
  const records: InvocationRecord[] = [];
  const plain = new Map<number, Plain>();
  const servers: ServedBy[] = [];
  for (const entry of JSON.parse(text) as Entry[]) {
    if (!Array.isArray(entry)) records.push(entry);
    else if (isServer(entry)) servers.push(serverOf(entry));
    else plain.set(entry[0], plainOf(entry, servers));
  }
  return { records, plain };
}

function isServer(entry: StoredServer | StoredStart | StoredInvocation): entry is StoredServer {
  return typeof entry[0] === 'string';
}

function serverOf([functionName, version, memorySizeMb, environmentId]: StoredServer): ServedBy {
  return { functionName, version, memorySizeMb, environmentId };
}

function plainOf(entry: StoredStart | StoredInvocation, servers: readonly ServedBy[]): Plain {
  const [, server, requestId, timestampMs] = entry;
  const by = servers[server];
  if (by === undefined) throw new Error(`a batch names an environment ${server} it does not have`);
  const start = { by, requestId, timestampMs };
  if (entry.length === 4) return { start, end: undefined };
  const [, , , , dispatchedAfterMs, endedAfterMs, durationMs, memoryPeakMb, thawed, served] = entry;
  const end: PlainEnd = {
    startedAtMs: timestampMs + dispatchedAfterMs,
    durationMs,
    timestampMs: timestampMs + endedAfterMs,
    memoryPeakMb: memoryPeakMb ?? undefined,
    start: thawed === 1 ? 'thawed' : 'warm',
    served,
  };
  return { start, end };
}

function plainLines(place: number, plain: ReadonlyMap<number, Plain>): LogLine[] {
  const isEnd = place < 0;
  const { start, end } = plain.get(isEnd ? ~place : place) ?? {};
  if (start === undefined) return [];
  if (!isEnd) return [startOf(start)];
  return end === undefined ? [] : endOf(start, end);
}

function groupLines([functionName, requestId, lines]: Group): LogLine[] {
  return lines.map(([timestampMs, environmentId, source, text]): LogLine => ({
    timestampMs,
    functionName,
    environmentId,
    ...(requestId === null ? {} : { requestId }),
    source: SOURCES[source] ?? 'function',
    text,
  }));
}
