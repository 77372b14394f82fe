/** Executions that run: started, stopped, suspended when we end, taken up at the next start. */

import { randomUUID } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import { History } from './history.js';
import type { Effects } from './interpreter/effects.js';
import { Aborted, Suspended } from './interpreter/effects.js';
import { RUNTIME_ERROR, StateFailed, TIMEOUT, type Failure } from './interpreter/failure.js';
import type { Json, JsonMap } from './interpreter/json.js';
import type { Machine } from './interpreter/machine.js';
import { Run } from './interpreter/run.js';
import { executionArn, nameOf } from './names.js';
import type { Ending, ExecutionRecord, MachineRecord } from './records.js';
import type { ExecutionStore } from './store.js';
import type { Place } from '../stack/arns.js';

/** Contract 11.16. */
const EXPRESS_MS = 5 * 60_000;

export interface ExecutionsParts {
  readonly store: ExecutionStore;
  readonly effects: Effects;
  readonly place: Place;
  /** Queue time, and how far it is ahead of real time. */
  readonly clock: Clock;
  readonly aheadMs: () => number;
  readonly log: { error(message: string): void };
}

export interface StartRequest {
  /** The caller waits for the end. */
  readonly once?: true;
  readonly machine: MachineRecord;
  readonly name?: string;
  readonly input: string;
  readonly traceHeader?: string;
}

interface Running {
  readonly record: ExecutionRecord;
  readonly ended: Promise<ExecutionRecord>;
  stop(ending: Omit<Ending, 'stoppedAtMs'>): void;
  cut(): void;
}

export class Executions {
  readonly #parts: ExecutionsParts;
  readonly #running = new Map<string, Running>();
  readonly #suspend = new AbortController();

  constructor(parts: ExecutionsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Takes up what earlier runs left; gives how many. */
  resume(): number {
    const left = this.#parts.store.running();
    const again = left.filter(({ once }) => once !== true);
    for (const record of left) {
      // Who waited for it has gone with the orchestrator.
      if (record.once === true) this.#lose(record);
      else this.#begin(record);
    }
    return again.length;
  }

  start({ machine, name = randomUUID(), input, traceHeader, once }: StartRequest): ExecutionRecord {
    const { store, clock, place, aheadMs } = this.#parts;
    const run = randomUUID();
    const arn = executionArn(place, { type: machine.type, machine: machine.name, name, run });
    const record = store.add(
      {
        arn,
        machineArn: machine.arn,
        name,
        type: machine.type,
        startedAtMs: clock.now(),
        input,
        roleArn: machine.roleArn,
        revisionId: machine.revisionId,
        ...(traceHeader === undefined ? {} : { traceHeader }),
        ...(once === undefined ? {} : { once }),
      },
      machine.definition,
      aheadMs(),
    );
    this.#begin(record);
    return record;
  }

  /** Resolves when it is over. Undefined: nothing of that name runs. */
  ended(arn: string): Promise<ExecutionRecord> | undefined {
    return this.#running.get(arn)?.ended;
  }

  /** False when it does not run. */
  stop(arn: string, { error, cause }: Partial<Failure>): boolean {
    const running = this.#running.get(arn);
    running?.stop({
      status: 'ABORTED',
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    });
    return running !== undefined;
  }

  /** Everything is cut off at once. */
  async close(): Promise<void> {
    this.#suspend.abort();
    for (const { cut } of this.#running.values()) cut();
    await this.suspend();
  }

  /** Nothing goes on; resolves when what runs at this moment has come to a place to rest. */
  async suspend(): Promise<void> {
    this.#suspend.abort();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended.catch(() => undefined)));
  }

  #lose({ id }: ExecutionRecord): void {
    const { store, clock, aheadMs } = this.#parts;
    const cause = 'The orchestrator ended while it ran';
    const ending = { status: 'ABORTED' as const, stoppedAtMs: clock.now(), cause };
    store.change(id, { events: [], ending, aheadMs: aheadMs() });
  }

  #begin(record: ExecutionRecord): void {
    const ending = new AbortController();
    const ended = this.#run(record, ending);
    ended.catch((error: unknown) => {
      if (error instanceof Suspended) return;
      this.#parts.log.error(`the execution ${record.arn} is held up: ${messageOf(error)}`);
    });
    const stop = (how: Omit<Ending, 'stoppedAtMs'>): void => ending.abort(how);
    const cut = (): void => ending.abort(new Suspended());
    this.#running.set(record.arn, { record, ended, stop, cut });
    void ended.then(
      () => this.#running.delete(record.arn),
      () => this.#running.delete(record.arn),
    );
  }

  async #run(record: ExecutionRecord, ending: AbortController): Promise<ExecutionRecord> {
    const { store, clock, aheadMs } = this.#parts;
    const { signal } = ending;
    const express = record.type === 'EXPRESS';
    const history = new History({
      store,
      executionId: record.id,
      durable: !express,
      nowMs: () => clock.now(),
      aheadMs,
    });
    // Callers hear of the execution before it does anything.
    await Promise.resolve();
    if (history.isEmpty) tellStart(history, record);
    const machine = JSON.parse(store.definition(record.id)) as Machine;
    const most = Math.min(seconds(machine), express ? EXPRESS_MS : Number.POSITIVE_INFINITY);
    const timer = Number.isFinite(most)
      ? clock.setTimer(record.startedAtMs + most - clock.now(), () =>
          ending.abort({ status: 'TIMED_OUT', error: TIMEOUT }),
        )
      : undefined;
    try {
      const how = await this.#outcome(record, machine, { history, signal });
      const final: Ending = { ...how.ending, stoppedAtMs: clock.now() };
      tellEnd(history, how.previous, final);
      history.end(final);
      return { ...record, ...final };
    } finally {
      timer?.cancel();
    }
  }

  async #outcome(
    record: ExecutionRecord,
    machine: Machine,
    { history, signal }: { readonly history: History; readonly signal: AbortSignal },
  ): Promise<{ readonly ending: Omit<Ending, 'stoppedAtMs'>; readonly previous: number }> {
    const { effects } = this.#parts;
    const run = new Run({
      machine,
      input: JSON.parse(record.input) as Json,
      context: contextOf(record),
      execution: { arn: record.arn, machineArn: record.machineArn },
      journal: history,
      effects,
      signal,
      // Express executions are short, and not kept half way.
      suspend: record.type === 'EXPRESS' ? NEVER : this.#suspend.signal,
    });
    try {
      const output = await run.result();
      const ending = { status: 'SUCCEEDED' as const, output: JSON.stringify(output) };
      return { ending, previous: run.lastEventId };
    } catch (error) {
      if (error instanceof Aborted) {
        if (signal.reason instanceof Suspended) throw signal.reason;
        const ending = signal.reason as Omit<Ending, 'stoppedAtMs'>;
        return { ending, previous: run.lastEventId };
      }
      if (error instanceof StateFailed) {
        const { failure } = error;
        // As recorded from AWS: what the interpreter itself ends has no event before.
        const previous = failure.error === RUNTIME_ERROR ? 0 : run.lastEventId;
        return { ending: { status: 'FAILED', ...failure }, previous };
      }
      throw error;
    }
  }
}

const NEVER = new AbortController().signal;

function seconds({ TimeoutSeconds: limit }: Machine): number {
  return limit === undefined ? Number.POSITIVE_INFINITY : limit * 1000;
}

export function contextOf(record: ExecutionRecord): JsonMap {
  return {
    Execution: {
      Id: record.arn,
      Input: JSON.parse(record.input) as Json,
      Name: record.name,
      RoleArn: record.roleArn,
      StartTime: new Date(record.startedAtMs).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: {
      Id: record.machineArn,
      Name: nameOf(record.machineArn),
    },
  };
}

function tellStart(history: History, { input, roleArn }: ExecutionRecord): void {
  history.event('ExecutionStarted', 0, {
    executionStartedEventDetails: { input, inputDetails: { truncated: false }, roleArn },
  });
}

function tellEnd(history: History, previous: number, ending: Ending): void {
  const { status, output, error, cause } = ending;
  const failure = {
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
  switch (status) {
    case 'SUCCEEDED': {
      const details = { output, outputDetails: { truncated: false } };
      history.event('ExecutionSucceeded', previous, { executionSucceededEventDetails: details });
      return;
    }
    case 'FAILED':
      history.event('ExecutionFailed', previous, { executionFailedEventDetails: failure });
      return;
    case 'TIMED_OUT':
      history.event('ExecutionTimedOut', previous, { executionTimedOutEventDetails: failure });
      return;
    case 'ABORTED':
      history.event('ExecutionAborted', previous, { executionAbortedEventDetails: failure });
  }
}
