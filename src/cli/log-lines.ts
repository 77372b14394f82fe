/**
 * Live log lines on their way to the terminal: those of one turn of the event loop go out in one
 * write. A reader that stands still must not stop functions or fill memory: beyond a bound lines
 * are left out, and a line says how many.
 */

export interface LogLines {
  add(text: string): void;
  /** Writes what waits, so that other output keeps its place. */
  flush(): void;
}

export interface LogLinesOptions {
  write(text: string): void;
  /** Bytes the stream has taken but not passed on. */
  backlogBytes(): number;
  /** The line that stands for lines left out. */
  skipped(count: number): string;
}

const MOST_BACKLOG_BYTES = 1024 * 1024;

export function createLogLines(options: LogLinesOptions): LogLines {
  let waiting: string[] = [];
  let left = 0;
  let scheduled = false;
  const flush = (): void => {
    scheduled = false;
    if (options.backlogBytes() > MOST_BACKLOG_BYTES) {
      left += waiting.length;
      waiting = [];
      return;
    }
    if (left > 0) waiting.unshift(options.skipped(left));
    left = 0;
    if (waiting.length === 0) return;
    const text = waiting.join('\n');
    waiting = [];
    options.write(text);
  };
  return {
    add(text) {
      waiting.push(text);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    flush,
  };
}
