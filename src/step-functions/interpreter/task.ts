/** Runs the work of a Task state: calls it, waits for a callback where it asks for one, times it. */

import type { Clock } from '../../async/clock.js';
import type { Answer, Attempt } from './cursor.js';
import { argumentsOf, numberField, sized, type Place } from './data.js';
import { Aborted, Suspended, type TaskCall } from './effects.js';
import { taskEvents, type TaskEvents } from './events.js';
import { HEARTBEAT_TIMEOUT, runtimeError, StateFailed, TIMEOUT } from './failure.js';
import type { Json } from './json.js';
import type { State } from './machine.js';
import { parseResource, type Resource } from './resource.js';
import type { Running } from './running.js';
import type { Thread } from './thread.js';

/** Contract 11.16. */
const LONGEST_SECONDS = 99_999_999;

/** The result, and the place its fields are to be seen from: a token is part of it. */
export async function runTask(run: Running, thread: Thread, state: State): Promise<[Place, Json]> {
  const resource = parseResource(state.Resource ?? '');
  if (resource === undefined) {
    throw runtimeError(`The resource '${state.Resource ?? ''}' cannot be run.`);
  }
  const task = new Task(run, thread, { state, resource });
  return [task.place, await task.result()];
}

class Task {
  readonly place: Place;
  readonly #run: Running;
  readonly #thread: Thread;
  readonly #resource: Resource;
  readonly #token: string | undefined;

  constructor(
    run: Running,
    thread: Thread,
    { state, resource }: { readonly state: State; readonly resource: Resource },
  ) {
    this.#run = run;
    this.#thread = thread;
    this.#resource = resource;
    this.#token = waitsForCallback(resource)
      ? (this.#attempt?.token ?? run.effects.newToken())
      : undefined;
    this.place = run.place(thread, state, this.#token);
  }

  get #attempt(): Attempt | undefined {
    return this.#thread.cursor.entered?.attempt;
  }

  async result(): Promise<Json> {
    const input = sized(await argumentsOf(this.place), this.place);
    const timeoutSeconds = await numberField(this.place, 'TimeoutSeconds');
    const heartbeatSeconds = await numberField(this.place, 'HeartbeatSeconds');
    const events = taskEvents(this.#resource, {
      input,
      region: this.#run.effects.region,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
    });
    if (this.#attempt?.submitted !== true) {
      this.#thread.tell(...events.scheduled);
      if (this.#resource.kind !== 'activity') this.#thread.tell(...events.started);
      this.#thread.keep();
    }
    const times = { timeoutSeconds: timeoutSeconds ?? LONGEST_SECONDS, heartbeatSeconds };
    try {
      const output =
        this.#token === undefined
          ? await this.#direct(input, times.timeoutSeconds, events)
          : await this.#callback(input, times, events);
      sized(output, this.place);
      this.#thread.tell(...events.succeeded(output));
      return output;
    } catch (error) {
      if (error instanceof StateFailed) {
        const { failure } = error;
        const timedOut = failure.error === TIMEOUT || failure.error === HEARTBEAT_TIMEOUT;
        this.#thread.tell(...(timedOut ? events.timedOut(failure) : events.failed(failure)));
      }
      throw error;
    }
  }

  /** What runs goes on to its end, in real time, when the run is suspended. */
  async #direct(input: Json, timeoutSeconds: number, events: TaskEvents): Promise<Json> {
    const { signal } = this.#thread;
    const { effects, options } = this.#run;
    const elsewhere = this.#resource.kind === 'integration' && this.#resource.pattern !== undefined;
    const timer = new Deadline(elsewhere ? effects.clock : effects.realClock);
    timer.set(timeoutSeconds * 1000, () => new StateFailed(TIMEOUT));
    const stops = elsewhere ? AbortSignal.any([signal, options.suspend]) : signal;
    const cut = new Cut(stops, options.suspend);
    const done = effects.perform(
      this.#call(input, stops, (output) => {
        this.#thread.tell(...events.submitted(output));
        this.#thread.keep();
      }),
    );
    try {
      return await Promise.race([done, timer.passed, cut.happened]);
    } finally {
      cut.close();
      timer.cancel();
    }
  }

  async #callback(
    input: Json,
    { timeoutSeconds, heartbeatSeconds }: Times,
    events: TaskEvents,
  ): Promise<Json> {
    const { effects, options } = this.#run;
    const token = this.#token ?? '';
    const early = this.#attempt?.answer;
    if (early !== undefined) return outputOf(early);
    const now = effects.clock.now();
    const timeoutMs = this.#attempt?.timeoutMs ?? now + timeoutSeconds * 1000;
    this.#note({ token, timeoutMs });
    const whole = new Deadline(effects.clock);
    const beat = new Deadline(effects.clock);
    const restart = (): void => {
      if (heartbeatSeconds === undefined) return;
      beat.set(heartbeatSeconds * 1000, () => new StateFailed(HEARTBEAT_TIMEOUT));
    };
    const expected = effects.callbacks.expect({
      token,
      keep: (answer) => this.#note({ answer }),
      heartbeat: restart,
    });
    whole.set(timeoutMs - now, () => new StateFailed(TIMEOUT));
    restart();
    const stops = AbortSignal.any([this.#thread.signal, options.suspend]);
    const cut = new Cut(stops, options.suspend);
    const over = [whole.passed, beat.passed, cut.happened];
    try {
      // What is called may answer before the call is over.
      const asked = this.#ask(input, token, stops, events).then(() => expected.answer);
      return outputOf(await Promise.race([expected.answer, asked, ...over]));
    } finally {
      expected.close();
      cut.close();
      whole.cancel();
      beat.cancel();
    }
  }

  async #ask(input: Json, token: string, signal: AbortSignal, events: TaskEvents): Promise<void> {
    if (this.#attempt?.submitted === true) return;
    const { callbacks } = this.#run.effects;
    if (this.#resource.kind === 'activity') {
      const task = { token, input: JSON.stringify(input) };
      const workerName = await callbacks.offer(this.#resource.arn, task, signal);
      this.#thread.tell('ActivityStarted', {
        activityStartedEventDetails: workerName === undefined ? {} : { workerName },
      });
    } else {
      const given = await this.#run.effects.perform(this.#call(input, signal, () => undefined));
      if (this.#attempt?.answer === undefined) this.#thread.tell(...events.submitted(given));
    }
    this.#note({ submitted: true });
  }

  #note(change: Partial<Attempt>): void {
    this.#thread.note((at) => ({ ...at, attempt: { ...at.attempt, ...change } }));
  }

  #call(input: Json, signal: AbortSignal, submitted: (output: Json) => void): TaskCall {
    const { execution, suspend } = this.#run.options;
    const { entered } = this.#thread.cursor;
    return {
      resource: this.#resource,
      input,
      key: `${execution.arn} ${this.#thread.scope} ${entered?.eventId ?? 0} ${(entered?.retries ?? []).join()}`,
      isSuspended: () => suspend.aborted,
      ...(this.#token === undefined ? {} : { token: this.#token }),
      submitted,
      signal,
      execution,
    };
  }
}

interface Times {
  readonly timeoutSeconds: number;
  readonly heartbeatSeconds: number | undefined;
}

function waitsForCallback(resource: Resource): boolean {
  return (
    resource.kind === 'activity' ||
    (resource.kind === 'integration' && resource.pattern === 'waitForTaskToken')
  );
}

function outputOf(answer: Answer): Json {
  if ('output' in answer) return answer.output;
  throw new StateFailed(answer.failure.error, answer.failure.cause);
}

/** Fails whatever waits for it when the run is to go no further; closed, it holds nothing. */
class Cut {
  readonly happened: Promise<never>;
  #close: () => void = () => undefined;

  constructor(signal: AbortSignal, suspend: AbortSignal) {
    this.happened = new Promise((_, reject) => {
      const cut = (): void => reject(suspend.aborted ? new Suspended() : new Aborted());
      this.#close = () => signal.removeEventListener('abort', cut);
      if (signal.aborted) cut();
      else signal.addEventListener('abort', cut, { once: true });
    });
    this.happened.catch(() => undefined);
  }

  close(): void {
    this.#close();
  }
}

/** A time that fails whatever waits for it; it can be set anew. */
class Deadline {
  readonly passed: Promise<never>;
  readonly #clock: Clock;
  #reject: (error: Error) => void = () => undefined;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.passed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.passed.catch(() => undefined);
  }

  set(ms: number, error: () => Error): void {
    this.#cancel();
    const timer = this.#clock.setTimer(ms, () => this.#reject(error()));
    this.#cancel = () => timer.cancel();
  }

  cancel(): void {
    this.#cancel();
  }
}
