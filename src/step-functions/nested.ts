/** Machines started by machines: `states:startExecution`, and `.sync`, which waits for the end. */

import { createHash } from 'node:crypto';
import { described } from './api/executions.js';
import type { Executions } from './executions.js';
import { Aborted, type TaskCall } from './interpreter/effects.js';
import { runtimeError, StateFailed, TASK_FAILED } from './interpreter/failure.js';
import { parseJson, type Json, type JsonMap } from './interpreter/json.js';
import { metadata } from './integrations/metadata.js';
import type { StartOptions } from './integrations/perform.js';
import type { Machines } from './machines.js';
import { isName, machineOf } from './names.js';
import type { ExecutionRecord, MachineRecord } from './records.js';
import type { ExecutionStore } from './store.js';

export interface NestedParts {
  readonly machines: Machines;
  readonly executions: Executions;
  readonly store: ExecutionStore;
}

export async function startMachine(
  parts: NestedParts,
  call: TaskCall,
  input: JsonMap,
  { mode, raw }: StartOptions,
): Promise<Json> {
  const machine = machineIn(parts, input);
  if (mode === 'startSync' && machine.type !== 'EXPRESS') {
    throw new StateFailed(
      'Sfn.StateMachineTypeNotSupportedException',
      'This operation is not supported by this type of state machine',
    );
  }
  const record = begin(parts, machine, { call, input });
  const started = {
    ExecutionArn: record.arn,
    ...(raw ? {} : metadata(requestIdOf(call.key))),
    StartDate: raw ? new Date(record.startedAtMs).toISOString() : record.startedAtMs,
  };
  if (mode === 'start') return started;
  if (mode !== 'startSync') call.submitted(started);
  const ended = await endOf(parts, record, call);
  if (mode === 'startSync') return shown(ended, false);
  if (ended.status === 'SUCCEEDED') return shown(ended, mode === 'sync:2');
  throw new StateFailed(TASK_FAILED, JSON.stringify(shown(ended, false)));
}

/** After a restart the same task finds what it started before. */
function begin(
  { executions, store }: NestedParts,
  machine: MachineRecord,
  { call, input }: { readonly call: TaskCall; readonly input: JsonMap },
): ExecutionRecord {
  const { Name: written, Input: given = {} } = input;
  const name = written === undefined ? requestIdOf(call.key) : written;
  if (!isName(name))
    throw new StateFailed('StepFunctions.InvalidNameException', `Invalid Name: '${String(name)}'`);
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  if (parseJson(text) === undefined) {
    throw new StateFailed('StepFunctions.InvalidExecutionInputException', 'The input is not JSON');
  }
  const known =
    machine.type === 'STANDARD'
      ? store.find(`${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`)
      : undefined;
  if (known === undefined) return executions.start({ machine, name, input: text });
  const isSame = written === undefined || (known.status === 'RUNNING' && known.input === text);
  if (isSame) return known;
  throw new StateFailed(
    'StepFunctions.ExecutionAlreadyExistsException',
    `Execution Already Exists: '${known.arn}'`,
  );
}

/** What is stopped takes the execution it waits for along. */
async function endOf(
  { executions, store }: NestedParts,
  record: ExecutionRecord,
  { signal, isSuspended }: TaskCall,
): Promise<ExecutionRecord> {
  const left = (): Promise<never> =>
    new Promise((_, reject) => {
      const leave = (): void => {
        if (!isSuspended()) executions.stop(record.arn, {});
        reject(new Aborted());
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  const ended = executions.ended(record.arn);
  if (ended === undefined) return store.find(record.arn) ?? record;
  return Promise.race([ended, left()]);
}

function machineIn({ machines }: NestedParts, input: JsonMap): MachineRecord {
  const { StateMachineArn: arn } = input;
  if (typeof arn !== 'string') {
    throw runtimeError('StateMachineArn is missing from the parameters.');
  }
  const named = machineOf(arn);
  const machine = named === undefined ? undefined : machines.find(named.arn);
  if (machine !== undefined) return machine;
  throw new StateFailed(
    'StepFunctions.StateMachineDoesNotExistException',
    `State Machine Does Not Exist: '${arn}'`,
  );
}

/** DescribeExecution's answer in PascalCase; its JSON as values where asked for. */
function shown(record: ExecutionRecord, asValues: boolean): JsonMap {
  const { startDate: _, stopDate: __, ...rest } = described(record);
  const entries = Object.entries({
    ...rest,
    startDate: record.startedAtMs,
    ...(record.stoppedAtMs === undefined ? {} : { stopDate: record.stoppedAtMs }),
  }).map(([key, value]) => {
    const name = `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
    if (key === 'inputDetails' || key === 'outputDetails') return [name, { Included: true }];
    const isText = typeof value === 'string' && (key === 'input' || key === 'output');
    return [name, asValues && isText ? (parseJson(value) ?? value) : value];
  });
  return Object.fromEntries(entries) as JsonMap;
}

/** A UUID made of the task itself. */
function requestIdOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
