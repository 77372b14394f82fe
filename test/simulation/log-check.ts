/**
 * What is promised about logs and records: each invocation's lines in their order, whoever dies
 * when; what a function writes is tagged with the invocation that wrote it; one record for each.
 */

import type { InvocationRecord, LogLine } from '../../src/view.js';
import type { RecordSink } from '../../src/environment/journal.js';
import {
  endOf,
  recordOf,
  startOf,
  type PlainEnd,
  type PlainStart,
} from '../../src/invocation/plain-invocation.js';
import type { LogSink } from '../../src/log/log-sink.js';
import { demand } from './demand.js';

type Stage = 'started' | 'ended' | 'reported';

export class LogCheck implements LogSink, RecordSink {
  readonly #present = new Map<string, { requestId: string; stage: Stage }>();
  readonly #recorded = new Set<string>();
  readonly #answered = new Set<string>();
  /** Environments whose runtime does not mark what it writes: its lines may go astray. */
  readonly #astray = new Set<string>();

  line({ environmentId, source, text, requestId }: LogLine): void {
    if (source === 'function') {
      const [, writer] = /^says (\S+)$/.exec(text) ?? [];
      if (writer === undefined || this.#astray.has(environmentId)) return;
      demand(requestId === writer, `a line of ${writer} is taken for one of ${requestId}`);
      const stage = this.#stageOf(environmentId, writer);
      demand(stage === 'started', `a line of ${writer} comes when it is ${stage}`);
      return;
    }
    const [, word = '', id = ''] = /^(START|END|REPORT) RequestId: (\S+)/.exec(text) ?? [];
    if (word === 'START') {
      demand(!this.#runs(environmentId), `${id} starts before another has ended`);
      this.#present.set(environmentId, { requestId: id, stage: 'started' });
    } else if (word !== '') {
      const stage = this.#stageOf(environmentId, id);
      const due = word === 'END' ? 'started' : 'ended';
      demand(stage === due, `${word} of ${id} comes when it is ${stage}`);
      const next = word === 'END' ? 'ended' : 'reported';
      this.#present.set(environmentId, { requestId: id, stage: next });
    }
  }

  began(start: PlainStart): void {
    this.line(startOf(start));
  }

  ended(start: PlainStart, end: PlainEnd): void {
    for (const line of endOf(start, end)) this.line(line);
    this.record(recordOf(start, end));
  }

  record({ requestId }: InvocationRecord): void {
    demand(!this.#recorded.has(requestId), `${requestId} is recorded twice`);
    this.#recorded.add(requestId);
  }

  /** The runtime of the environment has not marked, or not waited for its start. */
  goesAstray(environmentId: string): void {
    this.#astray.add(environmentId);
  }

  /** It was run and answered: a record of it is due. */
  answered(requestId: string, tail: Buffer | undefined): void {
    this.#answered.add(requestId);
    if (tail === undefined) return;
    const text = tail.toString();
    const complete = ['START', 'END', 'REPORT'].every((word) =>
      text.includes(`${word} RequestId: ${requestId}`),
    );
    demand(complete, `the tail of ${requestId} is not complete: ${JSON.stringify(text)}`);
  }

  /** Everything has ended. */
  complete(): void {
    for (const requestId of this.#answered) {
      demand(this.#recorded.has(requestId), `there is no record of ${requestId}`);
    }
    for (const [environmentId, { requestId }] of this.#present) {
      demand(!this.#runs(environmentId), `the log of ${requestId} has no end`);
    }
  }

  #runs(environmentId: string): boolean {
    return this.#present.get(environmentId)?.stage === 'started';
  }

  #stageOf(environmentId: string, requestId: string): Stage | 'unknown' {
    const present = this.#present.get(environmentId);
    return present?.requestId === requestId ? present.stage : 'unknown';
  }
}
