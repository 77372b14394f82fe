/**
 * How the platform's events appear in a function's log, and which of its own lines stay in it, as
 * its logging configuration says (contract 6.1–6.4). Pure.
 */

import type { FunctionVersion, LoggingConfig } from '../function/function-version.js';
import { systemLevel, type PlatformEvent, type SystemLevel } from './events.js';
import { jsonLine } from './records.js';
import { textLines } from './text-lines.js';

export interface SystemLog {
  /** The lines an event has in the log. */
  lines(event: PlatformEvent): readonly string[];
  /** Events that have no line in a text log may have one here. */
  readonly detailed: boolean;
  /** Present when the platform has to filter what the runtime writes: whether a line stays. */
  readonly keeps?: (line: string) => boolean;
}

const TEXT_LOG: SystemLog = { lines: textLines, detailed: false };

export function systemLogOf(version: Pick<FunctionVersion, 'logging' | 'runtime'>): SystemLog {
  const { logging } = version;
  if (logging?.format !== 'JSON') return TEXT_LOG;
  const least = SYSTEM_RANKS[logging.systemLevel ?? 'INFO'];
  const keeps = applicationFilter(version.runtime, logging);
  return {
    lines: (event) => {
      if (SYSTEM_RANKS[systemLevel(event)] < least) return [];
      const line = jsonLine(event);
      return line === undefined ? [] : [line];
    },
    detailed: true,
    ...(keeps === undefined ? {} : { keeps }),
  };
}

const SYSTEM_RANKS: Readonly<Record<SystemLevel, number>> = { DEBUG: 0, INFO: 1, WARN: 2 };

const APPLICATION_RANKS: Readonly<Record<string, number>> = {
  TRACE: 0,
  DEBUG: 1,
  INFO: 2,
  WARN: 3,
  WARNING: 3,
  ERROR: 4,
  FATAL: 5,
  CRITICAL: 5,
};

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Runtimes whose own logging drops what is below the level (contract 6.4). */
const FILTERS_ITSELF = /^(nodejs|python)/;

function applicationFilter(
  runtime: string,
  logging: LoggingConfig,
): ((line: string) => boolean) | undefined {
  if (FILTERS_ITSELF.test(runtime)) return undefined;
  const least = APPLICATION_RANKS[logging.applicationLevel ?? 'INFO'] ?? 0;
  return (line) => rankOf(line) >= least;
}

/** What carries no valid level and time counts as INFO. */
function rankOf(line: string): number {
  const rank = APPLICATION_RANKS['INFO'] as number;
  if (!line.startsWith('{')) return rank;
  try {
    const { level, timestamp } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level !== 'string' || typeof timestamp !== 'string') return rank;
    return RFC_3339.test(timestamp) ? (APPLICATION_RANKS[level.toUpperCase()] ?? rank) : rank;
  } catch {
    return rank;
  }
}
