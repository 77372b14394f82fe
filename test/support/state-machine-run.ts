/** State machines run in memory and in manual time, with tasks that are functions of the test. */

import { VirtualClock } from '../../src/async/virtual-clock.js';
import { CallbackDesk } from '../../src/step-functions/callbacks.js';
import type { Cursor, EventDetails, Journal } from '../../src/step-functions/interpreter/cursor.js';
import type { TaskCall } from '../../src/step-functions/interpreter/effects.js';
import { StateFailed, type Failure } from '../../src/step-functions/interpreter/failure.js';
import type { Json } from '../../src/step-functions/interpreter/json.js';
import type { Machine } from '../../src/step-functions/interpreter/machine.js';
import { Run } from '../../src/step-functions/interpreter/run.js';
import { validate } from '../../src/step-functions/interpreter/validate.js';
import { ManualClock } from './manual-clock.js';

export const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:work';
export const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:orders:one';
export const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:orders';

export interface ToldEvent {
  readonly id: number;
  readonly type: string;
  readonly previous: number;
  readonly details: EventDetails;
  readonly atMs: number;
}

export class ToldJournal implements Journal {
  readonly events: ToldEvent[] = [];
  readonly cursors: Map<string, Cursor>;
  readonly #now: () => number;

  constructor(now: () => number, cursors = new Map<string, Cursor>()) {
    this.#now = now;
    this.cursors = cursors;
  }

  event(type: string, previous: number, details: EventDetails = {}): number {
    const id = this.events.length + 1;
    this.events.push({ id, type, previous, details, atMs: this.#now() });
    return id;
  }

  cursor(scope: string): Cursor | undefined {
    return this.cursors.get(scope);
  }

  keep(scope: string, cursor: Cursor): void {
    this.cursors.set(scope, JSON.parse(JSON.stringify(cursor)) as Cursor);
  }

  forgetBelow(scope: string): void {
    const prefix = scope === '' ? '' : `${scope}/`;
    for (const key of this.cursors.keys()) {
      if (key !== scope && key.startsWith(prefix)) this.cursors.delete(key);
    }
  }
}

export type Work = (input: Json, call: TaskCall) => Json | Promise<Json>;

export interface MachineRunOptions {
  readonly input?: Json;
  readonly work?: Work;
  readonly random?: () => number;
  /** Of an earlier run. */
  readonly cursors?: Map<string, Cursor>;
}

export class MachineRun {
  readonly real = new ManualClock();
  readonly clock = new VirtualClock(this.real);
  readonly desk = new CallbackDesk();
  readonly journal: ToldJournal;
  readonly stop = new AbortController();
  readonly suspend = new AbortController();
  readonly calls: TaskCall[] = [];
  readonly ended: Promise<{
    readonly output?: Json;
    readonly failure?: Failure;
    readonly error?: Error;
  }>;
  #tokens = 0;

  constructor(machine: object, options: MachineRunOptions = {}) {
    const { input = {}, work = () => ({}), random = () => 0.5 } = options;
    this.journal = new ToldJournal(() => this.clock.now(), options.cursors);
    const run = new Run({
      machine: machine as Machine,
      input,
      context: {
        Execution: {
          Id: EXECUTION,
          Name: 'one',
          Input: input,
          StartTime: '2026-01-01T00:00:00.000Z',
        },
        StateMachine: { Id: MACHINE, Name: 'orders' },
      },
      execution: { arn: EXECUTION, machineArn: MACHINE },
      journal: this.journal,
      effects: {
        clock: this.clock,
        realClock: this.real,
        region: 'us-east-1',
        random,
        perform: async (call) => {
          this.calls.push(call);
          return work(call.input, call);
        },
        callbacks: this.desk,
        newToken: () => {
          this.#tokens += 1;
          return `AQ${String(this.#tokens).padStart(30, '0')}`;
        },
      },
      signal: this.stop.signal,
      suspend: this.suspend.signal,
    });
    this.ended = run.result().then(
      (output) => ({ output }),
      (error: unknown) =>
        error instanceof StateFailed ? { failure: error.failure } : { error: error as Error },
    );
  }

  get types(): string[] {
    return this.journal.events.map(({ type }) => type);
  }

  /** Lets whatever needs no time happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Queue time moves on, as `time advance` does it. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    this.clock.advance(ms);
    this.real.advance(0);
    await this.settle();
  }
}

/** One state by itself. */
export function only(state: object, more: object = {}): object {
  const ends = !['Succeed', 'Fail', 'Choice'].includes((state as { Type: string }).Type);
  return { StartAt: 'A', ...more, States: { A: { ...state, ...(ends ? { End: true } : {}) } } };
}

/** The output; the machine must be valid. */
export async function outputOf(machine: object, options: MachineRunOptions = {}): Promise<Json> {
  const problems = validate(machine, 'STANDARD');
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const { output, failure, error } = await new MachineRun(machine, options).ended;
  if (failure !== undefined) throw new StateFailed(failure.error, failure.cause);
  if (error !== undefined) throw error;
  return output ?? null;
}

/** How it failed. */
export async function failureOf(
  machine: object,
  options: MachineRunOptions = {},
): Promise<Failure> {
  const { failure, output } = await new MachineRun(machine, options).ended;
  if (failure === undefined) throw new Error(`it ended with ${JSON.stringify(output)}`);
  return failure;
}
