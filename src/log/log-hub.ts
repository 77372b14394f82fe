/**
 * Where log lines go: to the store, and to whoever follows them live. A follower is called for
 * each line at once; one that writes to somebody slow bounds its own buffer and counts what it
 * leaves out (`admin-api/follow.ts`). A follower that throws is not called again.
 */

import { endOf, startOf, type PlainEnd, type PlainStart } from '../invocation/plain-invocation.js';
import type { LogLine, LogQuery } from '../view.js';
import type { LogSink } from './log-sink.js';

interface Follower {
  readonly query: LogQuery;
  readonly onLine: (line: LogLine) => void;
}

/** Where CloudWatch Logs would keep what an environment writes (contract 6.7). */
export interface LogPlace {
  readonly logGroup: string;
  readonly logStream: string;
}

/** Lines may come a little after their environment has gone. */
const MOST_PLACES = 10_000;

export class LogHub implements LogSink {
  readonly #store: LogSink;
  readonly #places = new Map<string, LogPlace>();
  readonly #followers = new Set<Follower>();

  constructor(store: LogSink) {
    this.#store = store;
  }

  line(line: LogLine): void {
    this.#store.line(line);
    if (this.#followers.size > 0) this.#tell(line);
  }

  began(start: PlainStart): void {
    this.#store.began(start);
    if (this.#followers.size > 0) this.#tell(startOf(start));
  }

  ended(start: PlainStart, end: PlainEnd): void {
    this.#store.ended(start, end);
    if (this.#followers.size > 0) for (const line of endOf(start, end)) this.#tell(line);
  }

  #tell(line: LogLine): void {
    for (const follower of this.#followers) {
      if (!matches(line, follower.query)) continue;
      try {
        follower.onLine(line);
      } catch {
        // The line came from the middle of an invocation, which this is no reason to fail.
        this.#followers.delete(follower);
      }
    }
  }

  /** An environment begins to write. */
  opened(environmentId: string, place: LogPlace): void {
    this.#places.set(environmentId, place);
    if (this.#places.size <= MOST_PLACES) return;
    const [oldest] = this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
  }

  /** Undefined for lines that are of no environment. */
  placeOf(environmentId: string): LogPlace | undefined {
    return this.#places.get(environmentId);
  }

  /** Calls `onLine` from now on; the returned function ends it. */
  follow(query: LogQuery, onLine: (line: LogLine) => void): () => void {
    const follower = { query, onLine };
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
    };
  }
}

function matches(line: LogLine, query: LogQuery): boolean {
  return (
    (query.functionName === undefined || query.functionName === line.functionName) &&
    (query.requestId === undefined || query.requestId === line.requestId)
  );
}
