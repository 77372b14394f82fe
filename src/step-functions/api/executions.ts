/** StartExecution and its like. */

import { executionType, nameOf } from '../names.js';
import type { ExecutionRecord, HistoryEvent } from '../records.js';
import {
  executionMissing,
  invalidArn,
  StatesApiError,
  typeNotSupported,
  validation,
} from './failure.js';
import {
  executionInput,
  failureIn,
  machineIn,
  nameIn,
  optionalText,
  pageAfter,
  pageSize,
  pageToken,
  seconds,
  text,
  type Input,
} from './input.js';
import { machine } from './machines.js';
import type { ApiParts, Operation } from './parts.js';

const INCLUDED = { included: true };
const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'];

export const startExecution: Operation = (parts, input) => {
  const found = machine(parts, input);
  const written = executionInput(input);
  const name = input['name'] === undefined ? undefined : nameIn(input);
  if (name !== undefined && found.type === 'STANDARD') {
    const arn = found.arn.replace(':stateMachine:', ':execution:');
    const known = parts.store.find(`${arn}:${name}`);
    if (known !== undefined) {
      // The same name and input while it runs is the same request.
      if (known.status === 'RUNNING' && known.input === written) return started(known);
      throw new StatesApiError(
        'ExecutionAlreadyExists',
        `Execution Already Exists: '${known.arn}'`,
      );
    }
  }
  return started(parts.executions.start({ machine: found, input: written, ...more(input, name) }));
};

export const startSyncExecution: Operation = async (parts, input) => {
  const found = machine(parts, input);
  if (found.type !== 'EXPRESS') throw typeNotSupported();
  const written = executionInput(input);
  const name = input['name'] === undefined ? undefined : nameIn(input);
  const request = { machine: found, input: written, once: true as const, ...more(input, name) };
  const record = parts.executions.start(request);
  const ended = (await parts.executions.ended(record.arn)) ?? record;
  const durationMs = (ended.stoppedAtMs ?? ended.startedAtMs) - ended.startedAtMs;
  return {
    ...described(ended),
    billingDetails: {
      billedMemoryUsedInMB: 64,
      billedDurationInMilliseconds: Math.max(100, Math.ceil(durationMs / 100) * 100),
    },
  };
};

export const stopExecution: Operation = async (parts, input) => {
  const record = execution(parts, input);
  const ended = parts.executions.ended(record.arn);
  parts.executions.stop(record.arn, failureIn(input));
  const stopped = (await ended) ?? record;
  return { stopDate: seconds(stopped.stoppedAtMs ?? stopped.startedAtMs) };
};

export const describeExecution: Operation = (parts, input) => {
  const record = execution(parts, input);
  return {
    ...described(record),
    redriveCount: 0,
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason:
      record.status === 'RUNNING'
        ? 'Execution is RUNNING and cannot be redriven'
        : 'Executions are not redriven here',
  };
};

export const describeStateMachineForExecution: Operation = (parts, input) => {
  const record = execution(parts, input);
  const found = parts.machines.find(record.machineArn);
  return {
    stateMachineArn: record.machineArn,
    name: nameOf(record.machineArn),
    definition: parts.store.definition(record.id),
    roleArn: record.roleArn,
    updateDate: seconds(found?.updatedAtMs ?? record.startedAtMs),
    revisionId: record.revisionId,
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
  };
};

export const listExecutions: Operation = (parts, input) => {
  const arn = machineIn(input);
  const found = machine(parts, input);
  if (found.type === 'EXPRESS') throw typeNotSupported();
  const status = optionalText(input, 'statusFilter');
  if (status !== undefined && !STATUSES.includes(status)) {
    throw validation(
      'statusFilter',
      status,
      `Member must satisfy enum value set: [${STATUSES.join(', ')}]`,
    );
  }
  const size = pageSize(input);
  const before = pageAfter(input);
  const records = parts.store.list({
    machineArn: arn,
    limit: size + 1,
    ...(status === undefined ? {} : { status }),
    ...(before === undefined ? {} : { before }),
  });
  const page = records.slice(0, size);
  return {
    executions: page.map((record) => ({
      executionArn: record.arn,
      stateMachineArn: record.machineArn,
      name: record.name,
      status: record.status,
      startDate: seconds(record.startedAtMs),
      ...(record.stoppedAtMs === undefined ? {} : { stopDate: seconds(record.stoppedAtMs) }),
      redriveCount: 0,
    })),
    ...(records.length > size ? { nextToken: pageToken(page.at(-1)?.id ?? 0) } : {}),
  };
};

export const getExecutionHistory: Operation = (parts, input) => {
  const record = execution(parts, input);
  const size = pageSize(input);
  const after = pageAfter(input);
  const withData = input['includeExecutionData'] !== false;
  const events = parts.store.history(record.id, {
    limit: size + 1,
    reverse: input['reverseOrder'] === true,
    ...(after === undefined ? {} : { after }),
  });
  const page = events.slice(0, size);
  return {
    events: page.map((event) => shownEvent(event, withData)),
    ...(events.length > size ? { nextToken: pageToken(page.at(-1)?.id ?? 0) } : {}),
  };
};

/** Raises `ExecutionDoesNotExist`; AWS shows Express executions in logs only. */
function execution({ store }: Pick<ApiParts, 'store'>, input: Input): ExecutionRecord {
  const arn = text(input, 'executionArn');
  const type = executionType(arn);
  if (type === undefined) throw invalidArn(arn);
  if (type === 'EXPRESS') throw typeNotSupported();
  const record = store.find(arn);
  if (record === undefined) throw executionMissing(arn);
  return record;
}

function more(input: Input, name: string | undefined) {
  const traceHeader = optionalText(input, 'traceHeader');
  return {
    ...(name === undefined ? {} : { name }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  };
}

function started({ arn, startedAtMs }: ExecutionRecord): object {
  return { executionArn: arn, startDate: seconds(startedAtMs) };
}

/** What Describe and the synchronous start share. */
export function described(record: ExecutionRecord): Readonly<Record<string, unknown>> {
  const { output, error, cause, traceHeader, stoppedAtMs } = record;
  return {
    executionArn: record.arn,
    stateMachineArn: record.machineArn,
    name: record.name,
    status: record.status,
    startDate: seconds(record.startedAtMs),
    ...(stoppedAtMs === undefined ? {} : { stopDate: seconds(stoppedAtMs) }),
    input: record.input,
    inputDetails: INCLUDED,
    ...(output === undefined ? {} : { output, outputDetails: INCLUDED }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  };
}

const DATA = ['input', 'output', 'parameters', 'cause', 'assignedVariables'];

function shownEvent(event: HistoryEvent, withData: boolean): object {
  const { id, previousEventId, type, atMs, details } = event;
  const shown = withData
    ? details
    : Object.fromEntries(
        Object.entries(details).map(([member, fields]) => [
          member,
          Object.fromEntries(Object.entries(fields).filter(([key]) => !DATA.includes(key))),
        ]),
      );
  return { timestamp: seconds(atMs), type, id, previousEventId, ...shown };
}
