/** What our own commands ask for: executions of every type, each whole. */

import { parseJson } from '../interpreter/json.js';
import type { ExecutionRecord, HistoryEvent } from '../records.js';
import { executionMissing, machineMissing } from './failure.js';
import { optionalText, text } from './input.js';
import type { Operation } from './parts.js';

/** Rows of a list, whatever there is. */
const MOST_LISTED = 100;
const MOST_EVENTS = 25_000;

export interface ExecutionList {
  /** Queue time. */
  readonly nowMs: number;
  readonly executions: readonly ExecutionRecord[];
}

export interface ExecutionStory {
  readonly nowMs: number;
  readonly execution: ExecutionRecord;
  readonly definition: unknown;
  readonly events: readonly HistoryEvent[];
}

export const listAllExecutions: Operation = ({ machines, store, effects }, input) => {
  const machine = optionalText(input, 'machine');
  const found = machines.list().find(({ name, arn }) => name === machine || arn === machine);
  if (machine !== undefined && found === undefined) throw machineMissing(machine);
  const executions = store.list({
    limit: MOST_LISTED,
    ...(found === undefined ? {} : { machineArn: found.arn }),
  });
  return { nowMs: effects.clock.now(), executions } satisfies ExecutionList;
};

/** By ARN, by name, or by the id at the end of an Express execution's ARN; `wait` for its end. */
export const showExecution: Operation = async ({ store, executions, effects }, input) => {
  const asked = text(input, 'execution');
  const find = (): ExecutionRecord => {
    const record = asked.startsWith('arn:') ? store.find(asked) : store.findByName(asked);
    if (record === undefined) throw executionMissing(asked);
    return record;
  };
  if (input['wait'] === true) await executions.ended(find().arn);
  const execution = find();
  return {
    nowMs: effects.clock.now(),
    execution,
    definition: parseJson(store.definition(execution.id)) ?? {},
    events: store.history(execution.id, { limit: MOST_EVENTS, reverse: false }),
  } satisfies ExecutionStory;
};
