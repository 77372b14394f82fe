/** History events in AWS's names: which member holds the details of which event. Pure. */

import type { EventDetails } from './cursor.js';
import type { Failure } from './failure.js';
import type { Json, JsonMap } from './json.js';
import type { StateType } from './machine.js';
import type { Resource } from './resource.js';

const WHOLE = { truncated: false };

/** Such as `TaskStateEntered`. */
export const entered = (type: StateType): string => `${type}StateEntered`;
export const exited = (type: StateType): string => `${type}StateExited`;

export function enteredDetails(name: string, input: Json): EventDetails {
  return {
    stateEnteredEventDetails: { name, input: JSON.stringify(input), inputDetails: WHOLE },
  };
}

export function exitedDetails(
  name: string,
  output: Json,
  assigned: JsonMap | undefined,
): EventDetails {
  return {
    stateExitedEventDetails: {
      name,
      output: JSON.stringify(output),
      outputDetails: WHOLE,
      ...(assigned === undefined
        ? {}
        : {
            assignedVariables: Object.fromEntries(
              Object.entries(assigned).map(([key, item]) => [key, JSON.stringify(item)]),
            ),
            assignedVariablesDetails: WHOLE,
          }),
    },
  };
}

function failureDetails({ error, cause }: Failure): Failure {
  return { error, ...(cause === undefined ? {} : { cause }) };
}

export interface TaskEvents {
  readonly scheduled: readonly [string, EventDetails];
  readonly started: readonly [string, EventDetails];
  submitted(output: Json): readonly [string, EventDetails];
  succeeded(output: Json): readonly [string, EventDetails];
  failed(failure: Failure): readonly [string, EventDetails];
  timedOut(failure: Failure): readonly [string, EventDetails];
}

export interface Scheduled {
  readonly input: Json;
  readonly region: string;
  readonly timeoutSeconds?: number;
  readonly heartbeatSeconds?: number;
}

/** What the history says of a task of this kind. */
export function taskEvents(resource: Resource, about: Scheduled): TaskEvents {
  return resource.kind === 'integration'
    ? integrationEvents(resource, about)
    : namedEvents(resource, about);
}

function namedEvents(
  { kind, arn }: Extract<Resource, { arn: string }>,
  { input, timeoutSeconds, heartbeatSeconds }: Scheduled,
): TaskEvents {
  const [prefix, member] =
    kind === 'function' ? ['LambdaFunction', 'lambdaFunction'] : ['Activity', 'activity'];
  const scheduled = {
    resource: arn,
    input: JSON.stringify(input),
    inputDetails: WHOLE,
    ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
    ...(kind === 'activity' && heartbeatSeconds !== undefined
      ? { heartbeatInSeconds: heartbeatSeconds }
      : {}),
  };
  const succeeded = (output: Json) =>
    [
      `${prefix}Succeeded`,
      {
        [`${member}SucceededEventDetails`]: {
          output: JSON.stringify(output),
          outputDetails: WHOLE,
        },
      },
    ] as const;
  return {
    scheduled: [`${prefix}Scheduled`, { [`${member}ScheduledEventDetails`]: scheduled }],
    started: [`${prefix}Started`, {}],
    submitted: succeeded,
    succeeded,
    failed: (failure) => [
      `${prefix}Failed`,
      { [`${member}FailedEventDetails`]: { ...failureDetails(failure) } },
    ],
    timedOut: (failure) => [
      `${prefix}TimedOut`,
      { [`${member}TimedOutEventDetails`]: { ...failureDetails(failure) } },
    ],
  };
}

function integrationEvents(
  { service, action, pattern }: Extract<Resource, { kind: 'integration' }>,
  { input, region, timeoutSeconds, heartbeatSeconds }: Scheduled,
): TaskEvents {
  const what = {
    resourceType: service,
    resource: pattern === undefined ? action : `${action}.${pattern}`,
  };
  const output = (value: Json) => ({
    ...what,
    output: JSON.stringify(value),
    outputDetails: WHOLE,
  });
  return {
    scheduled: [
      'TaskScheduled',
      {
        taskScheduledEventDetails: {
          ...what,
          region,
          parameters: JSON.stringify(input),
          ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
          ...(heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: heartbeatSeconds }),
        },
      },
    ],
    started: ['TaskStarted', { taskStartedEventDetails: what }],
    submitted: (value) => ['TaskSubmitted', { taskSubmittedEventDetails: output(value) }],
    succeeded: (value) => ['TaskSucceeded', { taskSucceededEventDetails: output(value) }],
    failed: (failure) => [
      'TaskFailed',
      { taskFailedEventDetails: { ...what, ...failureDetails(failure) } },
    ],
    timedOut: (failure) => [
      'TaskTimedOut',
      { taskTimedOutEventDetails: { ...what, ...failureDetails(failure) } },
    ],
  };
}
