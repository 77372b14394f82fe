/** The Step Functions API: AWS's JSON 1.0 protocol, one operation for each `X-Amz-Target`. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { readJson, sendJson } from '../../aws-endpoint/json-protocol.js';
import { messageOf } from '../../errors.js';
import {
  describeExecution,
  describeStateMachineForExecution,
  getExecutionHistory,
  listExecutions,
  startExecution,
  startSyncExecution,
  stopExecution,
} from './executions.js';
import { StatesApiError } from './failure.js';
import type { Input } from './input.js';
import {
  createStateMachine,
  deleteStateMachine,
  describeStateMachine,
  listStateMachines,
  listTagsForResource,
  tagResource,
  untagResource,
  updateStateMachine,
  validateStateMachineDefinition,
} from './machines.js';
import type { ApiParts, Operation } from './parts.js';
import {
  createActivity,
  deleteActivity,
  describeActivity,
  getActivityTask,
  listActivities,
  sendTaskFailure,
  sendTaskHeartbeat,
  sendTaskSuccess,
} from './tasks.js';
import { listAllExecutions, showExecution } from './shown.js';
import { testState } from './test-state.js';

const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateActivity: createActivity,
  CreateStateMachine: createStateMachine,
  DeleteActivity: deleteActivity,
  DeleteStateMachine: deleteStateMachine,
  DescribeActivity: describeActivity,
  DescribeExecution: describeExecution,
  DescribeStateMachine: describeStateMachine,
  DescribeStateMachineForExecution: describeStateMachineForExecution,
  GetActivityTask: getActivityTask,
  GetExecutionHistory: getExecutionHistory,
  ListActivities: listActivities,
  ListAllExecutions: listAllExecutions,
  ListExecutions: listExecutions,
  ListStateMachines: listStateMachines,
  ListTagsForResource: listTagsForResource,
  SendTaskFailure: sendTaskFailure,
  SendTaskHeartbeat: sendTaskHeartbeat,
  SendTaskSuccess: sendTaskSuccess,
  ShowExecution: showExecution,
  StartExecution: startExecution,
  StartSyncExecution: startSyncExecution,
  StopExecution: stopExecution,
  TagResource: tagResource,
  TestState: testState,
  UntagResource: untagResource,
  UpdateStateMachine: updateStateMachine,
  ValidateStateMachineDefinition: validateStateMachineDefinition,
};

/** Those of ours, for our own commands: AWS shows nothing of Express executions. */
const TARGET = /^(?:AWSStepFunctions|Orchestrator)\.(\w+)$/;
/** Contract 11.16: requests of at most 1 MB, and what is around them. */
const MOST_BODY_BYTES = 1024 * 1024 + 64 * 1024;
const JSON_TYPE = 'application/x-amz-json-1.0';

/** `parts` are made when the first request comes. */
export async function serveStates(
  parts: () => Promise<ApiParts>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const { operation, input } = await requestOf(request, response);
    const body = await operation(await parts(), input, gone.signal);
    sendJson(response, 200, { contentType: JSON_TYPE, body });
  } catch (error) {
    const [status, body] = failureBody(error);
    sendJson(response, status, { contentType: JSON_TYPE, body });
  }
}

async function requestOf(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly operation: Operation; readonly input: Input }> {
  const input = await readJson(request, response, MOST_BODY_BYTES);
  if (input === 'too large') {
    throw new StatesApiError('ValidationException', 'The request is larger than 1 MB');
  }
  const name = TARGET.exec(String(request.headers['x-amz-target'] ?? ''))?.[1] ?? '';
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation === undefined) {
    throw new StatesApiError(
      'UnknownOperationException',
      name === ''
        ? 'The header X-Amz-Target names no operation of Step Functions'
        : `${name} is not served here`,
    );
  }
  if (typeof input === 'string') {
    throw new StatesApiError('SerializationException', 'The request body is no JSON object');
  }
  return { operation, input };
}

function failureBody(error: unknown): readonly [number, object] {
  if (error instanceof StatesApiError) {
    return [400, { __type: error.type, message: error.message, ...error.more }];
  }
  return [500, { __type: 'InternalServerError', message: messageOf(error) }];
}
