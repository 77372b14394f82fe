/**
 * Runs one execution: from state to state, with retries, catchers, branches and items, its effects
 * handed in. It goes on where its journal says an earlier run of it was.
 */

import { sleep } from '../../async/clock.js';
import { nextTurn } from '../../async/next-turn.js';
import { runMap, runParallel } from './children.js';
import { holds } from './choice.js';
import type { Entered } from './cursor.js';
import {
  argumentsOf,
  caught,
  effectiveInput,
  field,
  leave,
  leaveByRule,
  value,
  type Left,
  type Place,
} from './data.js';
import { Aborted, Suspended, type Effects } from './effects.js';
import { entered, enteredDetails, exited, exitedDetails } from './events.js';
import {
  INTRINSIC_FAILURE,
  NO_CHOICE,
  QUERY_ERROR,
  RUNTIME_ERROR,
  runtimeError,
  StateFailed,
} from './failure.js';
import type { Json, JsonMap } from './json.js';
import { languageOf, type State } from './machine.js';
import { verdict } from './retry.js';
import type { Running, RunOptions } from './running.js';
import { runTask } from './task.js';
import { firstCursor, Thread } from './thread.js';
import { waitUntil } from './wait.js';

/** Errors of the interpreter's own; their cause says which state it was. */
const OWN_ERRORS: readonly string[] = [RUNTIME_ERROR, INTRINSIC_FAILURE, QUERY_ERROR, NO_CHOICE];
/** A machine may go round for 25,000 events. */
const STEPS_A_TURN = 20;
const WHERE = 'An error occurred while executing the state';

interface Step extends Left {
  readonly next: string | undefined;
}

export class Run implements Running {
  readonly options: RunOptions;
  readonly #main: Thread;

  constructor(options: RunOptions) {
    this.options = options;
    const { machine, input, journal, signal } = options;
    const start = firstCursor(machine, input, {}, 0);
    this.#main = new Thread({ scope: '', machine, journal, signal, start });
  }

  get effects(): Effects {
    return this.options.effects;
  }

  /** Resolves with the output. Rejects with `StateFailed`, `Aborted` or `Suspended`. */
  result(): Promise<Json> {
    return this.thread(this.#main);
  }

  /** Of the machine itself, not of its branches. */
  get lastEventId(): number {
    return this.#main.previous;
  }

  /** Runs a thread to its end and gives its output. */
  async thread(thread: Thread): Promise<Json> {
    for (let steps = 1; ; steps += 1) {
      const { cursor } = thread;
      if (cursor.ended !== undefined) return cursor.ended.output;
      // States that wait for nothing would otherwise keep everybody else waiting.
      if (steps % STEPS_A_TURN === 0) await nextTurn();
      this.check(thread);
      const state = thread.machine.States[cursor.state];
      if (state === undefined) throw runtimeError(`There is no state '${cursor.state}'.`);
      const step = await this.#state(thread, state);
      if (step.next === undefined) thread.end(step.output);
      else thread.goTo(step.next, step.output, step.variables);
    }
  }

  /** Raises `Suspended` or `Aborted` where the run is not to go on. */
  check({ signal }: Pick<Thread, 'signal'>): void {
    if (this.options.suspend.aborted) throw new Suspended();
    if (signal.aborted) throw new Aborted();
  }

  /** Waits in queue time. Rejects with `Suspended` or `Aborted`. */
  async pause(thread: Thread, untilMs: number): Promise<void> {
    const { clock } = this.effects;
    this.check(thread);
    const either = AbortSignal.any([thread.signal, this.options.suspend]);
    await sleep(clock, untilMs - clock.now(), either).catch(() => undefined);
    this.check(thread);
  }

  /** What the fields of a state see. */
  place(thread: Thread, state: State, token?: string): Place {
    const { input, state: name, variables, entered: at } = thread.cursor;
    const retries = (at?.retries ?? []).reduce((sum, count) => sum + count, 0);
    const context: JsonMap = {
      ...this.options.context,
      State: {
        Name: name,
        EnteredTime: new Date(at?.atMs ?? 0).toISOString(),
        RetryCount: retries,
      },
      ...(token === undefined ? {} : { Task: { Token: token } }),
      ...(thread.item === undefined ? {} : { Map: { Item: thread.item } }),
    };
    const language = languageOf(state, this.options.machine);
    const { effects } = this;
    return { language, name, state, input, context, variables, random: () => effects.random() };
  }

  async #state(thread: Thread, state: State): Promise<Step> {
    const { state: name, input } = thread.cursor;
    if (thread.cursor.entered === undefined) {
      const eventId = thread.tell(entered(state.Type), enteredDetails(name, input));
      thread.enter({ eventId, atMs: this.effects.clock.now(), retries: [] });
    }
    try {
      const step = await this.#attempts(thread, state);
      thread.forgetChildren();
      // A Fail state is not left.
      const { output, assigned } = step;
      thread.tell(exited(state.Type), exitedDetails(name, output, assigned));
      return step;
    } catch (error) {
      if (error instanceof Aborted && ABORTABLE.has(state.Type)) {
        thread.tell(`${state.Type}StateAborted`);
      }
      throw error;
    }
  }

  async #attempts(thread: Thread, state: State): Promise<Step> {
    for (;;) {
      const until = thread.cursor.entered?.untilMs;
      if (state.Type !== 'Wait' && until !== undefined) {
        await this.pause(thread, until);
        thread.note(resumed);
      }
      try {
        return await this.#attempt(thread, state);
      } catch (error) {
        if (!(error instanceof StateFailed)) throw error;
        const failure = located(error, thread);
        if (failure.failure.error === QUERY_ERROR) tellEvaluation(thread, failure);
        const retries = thread.cursor.entered?.retries ?? [];
        const found = verdict(state, failure.failure, retries, () => this.effects.random());
        if (found.kind === 'fail') throw failure;
        if (found.kind === 'catch') {
          const left = await caught(this.place(thread, state), found.catcher, failure.failure);
          return { ...left, next: found.catcher.Next };
        }
        const untilMs = this.effects.clock.now() + found.delayMs;
        thread.forgetChildren();
        thread.note((at) => retried(at, found.retrier, untilMs));
      }
    }
  }

  async #attempt(thread: Thread, state: State): Promise<Step> {
    const place = this.place(thread, state);
    const next = state.Next;
    switch (state.Type) {
      case 'Task':
        return { ...(await leave(...(await runTask(this, thread, state)))), next };
      case 'Parallel':
        return { ...(await leave(place, await runParallel(this, thread, place))), next };
      case 'Map':
        return { ...(await leave(place, await runMap(this, thread, place))), next };
      case 'Pass': {
        if (place.language === 'JSONata') return { ...(await leave(place)), next };
        const result = state.Result ?? (await argumentsOf(place));
        return { ...(await leave(place, result)), next };
      }
      case 'Wait':
        await this.#wait(thread, place);
        return { ...(await leave(place)), next };
      case 'Succeed':
        return { ...(await leave(place)), next: undefined };
      case 'Choice':
        return choose(place);
      case 'Fail':
        throw await failed(place);
    }
  }

  async #wait(thread: Thread, place: Place): Promise<void> {
    const { atMs = 0, untilMs } = thread.cursor.entered ?? {};
    const until = untilMs ?? (await waitUntil(place, atMs));
    if (untilMs === undefined) thread.note((at) => ({ ...at, untilMs: until }));
    await this.pause(thread, until);
  }
}

const ABORTABLE: ReadonlySet<string> = new Set(['Task', 'Wait', 'Parallel', 'Map']);

async function choose(place: Place): Promise<Step> {
  const { Choices: rules = [], Default: fallback } = place.state;
  const input = effectiveInput(place);
  for (const rule of rules) {
    const chosen =
      place.language === 'JSONata'
        ? (await value(place, 'Condition', (rule.Condition ?? false) as Json)) === true
        : holds(rule, input, place);
    if (chosen) return { ...(await leaveByRule(place, rule)), next: rule.Next };
  }
  if (fallback !== undefined) {
    return { ...(await leaveByRule(place, place.state)), next: fallback };
  }
  throw new StateFailed(
    NO_CHOICE,
    'Failed to transition out of the state. The state does not point to a next state.',
  );
}

async function failed(place: Place): Promise<StateFailed> {
  const [error, cause] = await Promise.all([field(place, 'Error'), field(place, 'Cause')]);
  const text = (found: Json | undefined): string | undefined =>
    found === undefined || typeof found === 'string' ? found : JSON.stringify(found);
  return new StateFailed(text(error) ?? '', text(cause));
}

/** Says in the cause which state it was, once. */
function located(error: StateFailed, thread: Thread): StateFailed {
  const { error: name, cause } = error.failure;
  if (!OWN_ERRORS.includes(name) || cause?.startsWith(WHERE) === true) return error;
  const { state, entered: at } = thread.cursor;
  const where = `${WHERE} '${state}' (entered at the event id #${at?.eventId ?? 0}).`;
  return new StateFailed(name, cause === undefined ? where : `${where} ${cause}`);
}

function tellEvaluation(thread: Thread, { failure }: StateFailed): void {
  const location = /specified for the field '([^']+)'/.exec(failure.cause ?? '')?.[1];
  thread.tell('EvaluationFailed', {
    evaluationFailedEventDetails: {
      ...failure,
      ...(location === undefined ? {} : { location }),
      state: thread.cursor.state,
    },
  });
}

function resumed(at: Entered): Entered {
  const { untilMs: _, ...rest } = at;
  return rest;
}

function retried(entered: Entered, retrier: number, untilMs: number): Entered {
  const { attempt: _, ...at } = entered;
  const retries = Array.from(
    { length: Math.max(at.retries.length, retrier + 1) },
    (_, index) => (at.retries[index] ?? 0) + (index === retrier ? 1 : 0),
  );
  return { ...at, retries, untilMs };
}
