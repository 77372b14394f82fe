/** An environment's log under a manual clock, with everything it passed on, in one list. */

import type { InvocationRecord, LogLine } from '../../src/view.js';
import {
  endOf as plainEndOf,
  recordOf,
  startOf as plainStartOf,
} from '../../src/invocation/plain-invocation.js';
import { EnvironmentLog, type EnvironmentLogOptions } from '../../src/log/environment-log.js';
import type { PlatformEvent } from '../../src/telemetry/events.js';
import type { SystemLog } from '../../src/telemetry/system-log.js';
import { textLines } from '../../src/telemetry/text-lines.js';
import { ManualClock } from './manual-clock.js';

export const TOKEN = 'f00dfeed';

export const INIT_START: PlatformEvent = {
  type: 'platform.initStart',
  timeMs: 0,
  record: { initializationType: 'on-demand', phase: 'init' },
};

export const INIT_REPORT: PlatformEvent = {
  type: 'platform.initReport',
  timeMs: 0,
  record: {
    initializationType: 'on-demand',
    phase: 'init',
    status: 'error',
    metrics: { durationMs: 1 },
  },
};

export function startOf(requestId: string): PlatformEvent {
  return { type: 'platform.start', timeMs: 0, record: { requestId, version: '1' } };
}

export function endOf(requestId: string): PlatformEvent {
  return { type: 'platform.end', timeMs: 0, record: { requestId } };
}

function reportOf(requestId: string): PlatformEvent {
  const metrics = { durationMs: 1, billedDurationMs: 1, memorySizeMB: 128, maxMemoryUsedMB: 1 };
  return { type: 'platform.report', timeMs: 0, record: { requestId, status: 'success', metrics } };
}

/** Just enough of each event to tell it by. */
const BRIEF: SystemLog = {
  detailed: false,
  lines: (event) => {
    if (event.type === 'platform.logsDropped') return textLines(event);
    const word = event.type
      .slice('platform.'.length)
      .replace(/([A-Z])/, '_$1')
      .toUpperCase();
    return ['requestId' in event.record ? `${word} ${event.record.requestId}` : word];
  },
};

export class RecordedLog {
  readonly clock = new ManualClock();
  readonly lines: LogLine[] = [];
  /** Of invocations that the log told of by few values. */
  readonly records: InvocationRecord[] = [];
  readonly tails = new Map<string, string>();
  readonly log: EnvironmentLog;

  constructor(options: Partial<EnvironmentLogOptions> = { marker: TOKEN }) {
    this.log = new EnvironmentLog({
      clock: this.clock,
      sink: {
        line: (line) => this.lines.push(line),
        began: (start) => this.lines.push(plainStartOf(start)),
        ended: (start, end) => {
          this.lines.push(...plainEndOf(start, end));
          this.records.push(recordOf(start, end));
        },
      },
      system: BRIEF,
      by: { functionName: 'hello', version: '1', memorySizeMb: 128, environmentId: 'env-1' },
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
    this.log.begin(id, () => startOf(id));
  }

  end(id: string): void {
    this.log.end(
      id,
      () => [endOf(id), reportOf(id)],
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
