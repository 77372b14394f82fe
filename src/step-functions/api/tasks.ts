/** Callbacks, and activities with their workers. */

import { activityArn, nameOf } from '../names.js';
import { isToken } from '../callbacks.js';
import type { Answer } from '../interpreter/cursor.js';
import type { Json } from '../interpreter/json.js';
import { invalidArn, StatesApiError } from './failure.js';
import {
  failureIn,
  nameIn,
  optionalText,
  pageAfter,
  pageSize,
  pageToken,
  seconds,
  taskOutput,
  text,
  type Input,
} from './input.js';
import type { ApiParts, Operation } from './parts.js';

/** A worker's request is held this long. */
const LONGEST_POLL_MS = 60_000;

export const sendTaskSuccess: Operation = (parts, input) => {
  const token = tokenIn(input);
  answer(parts, token, { output: JSON.parse(taskOutput(input)) as Json });
  return {};
};

export const sendTaskFailure: Operation = (parts, input) => {
  const { error = '', cause } = failureIn(input);
  const failure = { error, ...(cause === undefined ? {} : { cause }) };
  answer(parts, tokenIn(input), { failure });
  return {};
};

export const sendTaskHeartbeat: Operation = ({ desk }, input) => {
  if (!desk.heartbeat(tokenIn(input))) throw timedOut();
  return {};
};

export const createActivity: Operation = ({ store, place, clock }, input) => {
  const arn = activityArn(place, nameIn(input));
  store.keepActivity(arn, clock.now());
  const known = store.activities().find((activity) => activity.arn === arn);
  return { activityArn: arn, creationDate: seconds(known?.createdAtMs ?? clock.now()) };
};

export const deleteActivity: Operation = ({ store }, input) => {
  store.forgetActivity(text(input, 'activityArn'));
  return {};
};

export const describeActivity: Operation = (parts, input) => {
  const { arn, createdAtMs } = activity(parts, input);
  return { activityArn: arn, name: nameOf(arn), creationDate: seconds(createdAtMs) };
};

export const listActivities: Operation = ({ store }, input) => {
  const after = pageAfter(input) ?? 0;
  const size = pageSize(input);
  const all = store.activities();
  return {
    activities: all.slice(after, after + size).map(({ arn, createdAtMs }) => ({
      activityArn: arn,
      name: nameOf(arn),
      creationDate: seconds(createdAtMs),
    })),
    ...(after + size < all.length ? { nextToken: pageToken(after + size) } : {}),
  };
};

export const getActivityTask: Operation = async (parts, input, gone) => {
  const { arn } = activity(parts, input);
  const late = new AbortController();
  const timer = parts.clock.setTimer(LONGEST_POLL_MS, () => late.abort());
  try {
    const name = optionalText(input, 'workerName');
    const task = await parts.desk.take(arn, name, AbortSignal.any([gone, late.signal]));
    return task === undefined ? {} : { taskToken: task.token, input: task.input };
  } finally {
    timer.cancel();
  }
};

function activity({ store }: Pick<ApiParts, 'store'>, input: Input) {
  const arn = text(input, 'activityArn');
  if (!/:activity:/.test(arn)) throw invalidArn(arn);
  const found = store.activities().find((each) => each.arn === arn);
  if (found !== undefined) return found;
  throw new StatesApiError('ActivityDoesNotExist', `Activity Does Not Exist: '${arn}'`);
}

function tokenIn(input: Input): string {
  const token = text(input, 'taskToken');
  if (isToken(token)) return token;
  throw new StatesApiError('InvalidToken', "Invalid Token: 'Invalid token'");
}

function answer({ desk }: ApiParts, token: string, given: Answer): void {
  if (!desk.answer(token, given)) throw timedOut();
}

function timedOut(): StatesApiError {
  return new StatesApiError(
    'TaskTimedOut',
    "Task Timed Out: 'Provided task does not exist anymore'",
  );
}
