/**
 * Where log lines go: to whoever follows them live, and to the store. A follower must be quick;
 * buffering for slow readers is its own affair.
 */

import type { LogLine, LogQuery } from '../admin-api/view.js';
import type { LogSink } from './environment-log.js';

export interface LineStore {
  /** Must not throw and must not wait. */
  keep(line: LogLine): void;
}

export class LogHub implements LogSink {
  readonly #store: LineStore;
  readonly #followers = new Set<{ query: LogQuery; onLine: (line: LogLine) => void }>();

  constructor(store: LineStore) {
    this.#store = store;
  }

  line(line: LogLine): void {
    this.#store.keep(line);
    for (const { query, onLine } of this.#followers) {
      if (matches(line, query)) onLine(line);
    }
  }

  /** Calls `onLine` from now on; the returned function ends it. */
  follow(query: LogQuery, onLine: (line: LogLine) => void): () => void {
    const follower = { query, onLine };
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }
}

function matches(line: LogLine, query: LogQuery): boolean {
  return (
    (query.functionName === undefined || query.functionName === line.functionName) &&
    (query.requestId === undefined || query.requestId === line.requestId)
  );
}
