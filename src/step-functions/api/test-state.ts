/** TestState: one state by itself, without an execution. */

import { caught } from '../interpreter/data.js';
import type { Cursor, Journal } from '../interpreter/cursor.js';
import { StateFailed } from '../interpreter/failure.js';
import { isJsonMap, parseJson, type Json } from '../interpreter/json.js';
import type { Machine, State } from '../interpreter/machine.js';
import { verdict } from '../interpreter/retry.js';
import { Run } from '../interpreter/run.js';
import { firstCursor, Thread } from '../interpreter/thread.js';
import { validate } from '../interpreter/validate.js';
import { arnOf } from '../../stack/arns.js';
import { invalidDefinition } from './failure.js';
import { executionInput, text, type Input } from './input.js';
import { locationOf } from './machines.js';
import type { ApiParts, Operation } from './parts.js';

const NAME = 'State';

export const testState: Operation = async (parts, input, signal) => {
  const state = stateIn(input);
  const {
    Next: next,
    End: _,
    Retry: retry,
    Catch: __,
    ...plain
  } = state as unknown as Record<string, unknown>;
  const ends = !['Choice', 'Succeed', 'Fail'].includes(state.Type);
  const alone = { ...plain, ...(ends ? { End: true } : {}) } as unknown as State;
  const given = JSON.parse(executionInput(input)) as Json;
  const test = runOf(parts, { StartAt: NAME, States: { [NAME]: alone } }, given, signal);
  try {
    const { output, target } = await outcome(test, state);
    const following = target ?? (next as string | undefined);
    return {
      output: JSON.stringify(output),
      status: 'SUCCEEDED',
      ...(following === undefined ? {} : { nextState: following }),
    };
  } catch (error) {
    if (!(error instanceof StateFailed)) throw error;
    const { failure } = error;
    const found = verdict(state, failure, [], () => parts.effects.random());
    if (found.kind === 'retry' && retry !== undefined) return { ...failure, status: 'RETRIABLE' };
    if (found.kind === 'catch') {
      const { output } = await caught(test.placeOf(state, given), found.catcher, failure);
      const status = 'CAUGHT_ERROR';
      return { ...failure, status, output: JSON.stringify(output), nextState: found.catcher.Next };
    }
    return { ...failure, status: 'FAILED' };
  }
};

async function outcome(
  { run, journal }: TestRun,
  state: State,
): Promise<{ readonly output: Json; readonly target?: string }> {
  if (state.Type !== 'Choice') return { output: await run.result() };
  // Where a Choice leads to is not there: the run ends when it asks for it.
  const ended = await run.result().catch((error: unknown) => {
    const at = journal.last;
    if (at === undefined || at.state === NAME) throw error;
    return at.input;
  });
  return { output: ended, ...(journal.last === undefined ? {} : { target: journal.last.state }) };
}

interface TestRun {
  readonly run: Run;
  readonly journal: MemoryJournal;
  placeOf(state: State, input: Json): ReturnType<Run['place']>;
}

class MemoryJournal implements Journal {
  last: Cursor | undefined;
  #id = 0;

  event(): number {
    this.#id += 1;
    return this.#id;
  }

  cursor(): undefined {
    return undefined;
  }

  keep(scope: string, cursor: Cursor): void {
    if (scope === '') this.last = cursor;
  }

  forgetBelow(): void {
    // Nothing of it is kept.
  }
}

function runOf(parts: ApiParts, machine: Machine, input: Json, signal: AbortSignal): TestRun {
  const journal = new MemoryJournal();
  const arn = arnOf('states', parts.place, 'execution:TestState:test');
  const machineArn = arnOf('states', parts.place, 'stateMachine:TestState');
  const now = parts.effects.clock.now();
  const run = new Run({
    machine,
    input,
    context: {
      Execution: { Id: arn, Input: input, Name: 'test', StartTime: new Date(now).toISOString() },
      StateMachine: { Id: machineArn, Name: 'TestState' },
    },
    execution: { arn, machineArn },
    journal,
    effects: parts.effects,
    signal,
    suspend: signal,
  });
  return {
    run,
    journal,
    placeOf(state, given) {
      const start = firstCursor(machine, given, {}, 0);
      return run.place(new Thread({ scope: 'test', machine, journal, signal, start }), state);
    },
  };
}

function stateIn(input: Input): State {
  const written = parseJson(text(input, 'definition'));
  // Where it leads to is not part of what is tested.
  const targets = isJsonMap(written) ? namesIn(written) : [];
  const others = Object.fromEntries(targets.map((name) => [name, { Type: 'Succeed' }]));
  const definition = { StartAt: NAME, States: { ...others, [NAME]: written ?? null } };
  const errors = validate(definition, 'STANDARD').filter(({ severity }) => severity === 'ERROR');
  if (errors.length === 0) return written as unknown as State;
  throw invalidDefinition(
    errors
      .map(
        ({ code, message, path, expected }) =>
          `${code}: ${message}; expected ${expected} at ${locationOf(path)}`,
      )
      .join(', '),
  );
}

function namesIn(state: Readonly<Record<string, unknown>>): string[] {
  const rules = [state['Choices'], state['Catch']].flatMap((list) =>
    Array.isArray(list) ? (list as readonly unknown[]) : [],
  );
  return [state, ...rules]
    .flatMap((holder) => (isJsonMap(holder) ? [holder['Next'], holder['Default']] : []))
    .filter((name): name is string => typeof name === 'string' && name !== NAME);
}
