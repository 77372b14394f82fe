/** An environment's log under a manual clock, with everything it passed on, in one list. */

import type { LogLine } from '../../src/admin-api/view.js';
import { EnvironmentLog, type EnvironmentLogOptions } from '../../src/log/environment-log.js';
import { ManualClock } from './manual-clock.js';

export const TOKEN = 'f00dfeed';

export class RecordedLog {
  readonly clock = new ManualClock();
  readonly lines: LogLine[] = [];
  readonly tails = new Map<string, string>();
  readonly log: EnvironmentLog;

  constructor(options: Partial<EnvironmentLogOptions> = { marker: TOKEN }) {
    this.log = new EnvironmentLog({
      clock: this.clock,
      sink: { line: (line) => this.lines.push(line) },
      functionName: 'hello',
      environmentId: 'env-1',
      ...options,
    });
  }

  /** Each line as `<request id or ->: <text>`. */
  get told(): string[] {
    return this.lines.map(({ requestId = '-', text }) => `${requestId}: ${text}`);
  }

  write(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    this.log.write(Buffer.from(text), stream);
  }

  mark(what: string): void {
    this.write(`\x1e${TOKEN} ${what}\n`);
  }

  begin(id: string): void {
    this.log.begin(id, `START ${id}`);
  }

  end(id: string): void {
    this.log.end(
      id,
      () => [`END ${id}`, `REPORT ${id}`],
      (tail) => {
        if (this.tails.has(id)) throw new Error(`${id} was reported twice`);
        this.tails.set(id, tail.toString());
      },
    );
  }

  /** Processes whose init is over. */
  started(): this {
    this.log.processesStarted();
    this.mark('init');
    return this;
  }
}
