/** One line of states that runs: the machine itself, a branch, or an item of a Map state. */

import type { Cursor, Entered, EventDetails, Journal } from './cursor.js';
import type { Json, JsonMap } from './json.js';
import type { Machine } from './machine.js';

export interface ThreadOptions {
  /** Empty for the machine itself; `0/3` for the fourth item in the first branch. */
  readonly scope: string;
  readonly machine: Machine;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  /** Of Map states: index and value, by which `$$.Map` is made. */
  readonly item?: JsonMap;
  readonly start: Cursor;
}

export class Thread {
  readonly scope: string;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  readonly item: JsonMap | undefined;
  readonly #journal: Journal;
  #cursor: Cursor;

  constructor({ scope, machine, journal, signal, item, start }: ThreadOptions) {
    this.scope = scope;
    this.machine = machine;
    this.signal = signal;
    this.item = item;
    this.#journal = journal;
    this.#cursor = journal.cursor(scope) ?? start;
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  get previous(): number {
    return this.#cursor.previous;
  }

  /** Follows the thread's last event. */
  tell(type: string, details?: EventDetails): number {
    const id = this.#journal.event(type, this.#cursor.previous, details);
    this.#cursor = { ...this.#cursor, previous: id };
    return id;
  }

  /** The thread goes on behind an event of another one. */
  behind(previous: number): void {
    this.#cursor = { ...this.#cursor, previous };
  }

  enter(entered: Entered): void {
    this.#cursor = { ...this.#cursor, entered };
    this.keep();
  }

  /** Changes what is known of the state it is in. */
  note(change: (entered: Entered) => Entered): void {
    const { entered } = this.#cursor;
    if (entered !== undefined) this.enter(change(entered));
  }

  goTo(state: string, input: Json, variables: JsonMap): void {
    const { previous } = this.#cursor;
    this.#cursor = { state, input, variables, previous };
    this.keep();
  }

  end(output: Json): void {
    const { entered: _, ...cursor } = this.#cursor;
    this.#cursor = { ...cursor, ended: { output } };
    this.keep();
  }

  keep(): void {
    this.#journal.keep(this.scope, this.#cursor);
  }

  forgetChildren(): void {
    this.#journal.forgetBelow(this.scope);
  }
}

/** Before a machine's first state. */
export function firstCursor(
  machine: Machine,
  input: Json,
  variables: JsonMap,
  previous: number,
): Cursor {
  return { state: machine.StartAt, input, variables, previous };
}
