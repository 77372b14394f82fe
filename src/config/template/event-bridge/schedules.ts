/** Scheduler in templates: `AWS::Scheduler::*`, and SAM's event `ScheduleV2` (contract 11.13, 12.2). */

import { messageOf } from '../../../errors.js';
import { scheduleTargetProblem } from '../../../event-input/target-kinds.js';
import { InvalidSchedule, parseSchedulerSchedule } from '../../../schedule-time/expression.js';
import { isZone } from '../../../schedule-time/zone.js';
import { arnOf, scheduleArn } from '../../../stack/arns.js';
import type { ScheduleDefinition } from '../../../stack/event-bridge.js';
import type { DeclaredEvent, ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import {
  deadLetterOf,
  functionArn,
  isEnabled,
  NO_KEYS,
  NO_PERMISSIONS,
  NO_TAGS,
  ownDeadLetterOf,
  placeOf,
  retryOf,
  RULE_NAME,
  type OwnedEvent,
} from './parts.js';

const WINDOW = [1, 1440] as const;
const STATES = ['ENABLED', 'DISABLED'];
const NAME_PROPERTY = 'Name';

export const scheduleGroup: ResourceType = {
  identify(logicalId, { Name: written }, place) {
    const name = typeof written === 'string' ? written : logicalId;
    return { ref: name, attributes: { Arn: arnOf('scheduler', place, `schedule-group/${name}`) } };
  },
  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    const name = own.text(NAME_PROPERTY, RULE_NAME) ?? logicalId;
    own.ignore(NO_TAGS, 'Tags');
    own.rest();
    context.stack.scheduleGroups.push({ path, name });
  },
};

export const schedule: ResourceType = {
  identify(logicalId, { Name: written, GroupName: group }, place) {
    const name = typeof written === 'string' ? written : logicalId;
    const groupName = typeof group === 'string' ? group : 'default';
    return { ref: name, attributes: { Arn: scheduleArn(place, groupName, name) } };
  },
  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    const name = own.text(NAME_PROPERTY, RULE_NAME) ?? logicalId;
    const times = timesOf(own);
    const target = own.map('Target');
    if (!own.has('Target')) own.missing('Target', 'what the schedule sends to');
    const found = target === undefined ? undefined : targetOf(target);
    const after = own.oneOf('ActionAfterCompletion', ['NONE', 'DELETE']);
    own.ignore(NO_KEYS, 'KmsKeyArn');
    own.rest();
    if (times === undefined || found === undefined) return;
    context.stack.schedules.push({
      path,
      name,
      ...times,
      ...(after === 'DELETE' ? { deleteAfterCompletion: true } : {}),
      target: found,
    });
  },
};

export const scheduleV2Event = (event: DeclaredEvent): void =>
  readScheduleV2Event(event, functionArn(event.owned, placeOf(event.scope)));

/** SAM's `ScheduleV2`, for a function's or state machine's ARN. */
export function readScheduleV2Event(event: OwnedEvent, arn: string): void {
  const { path, name: eventName, properties, owner, context } = event;
  const own = new Properties(`${path}.Properties`, properties, context);
  // With OmitName AWS makes a name up.
  own.flag('OmitName');
  const name = own.text(NAME_PROPERTY, RULE_NAME) ?? `${owner}${eventName}`;
  const times = timesOf(own);
  const input = own.text('Input');
  const target = {
    arn,
    ...(input === undefined ? {} : { input }),
    ...retryOf(own),
    ...ownDeadLetterOf(own, event),
  };
  own.ignore(NO_PERMISSIONS, 'RoleArn', 'PermissionsBoundary');
  own.ignore(NO_KEYS, 'KmsKeyArn');
  own.rest();
  if (times === undefined) return;
  context.stack.schedules.push({ path, name, ...times, target });
}

type Times = Omit<ScheduleDefinition, 'path' | 'name' | 'target'>;

/** Undefined when it is not known when it is due. */
function timesOf(own: Properties): Times | undefined {
  const expression = own.text('ScheduleExpression');
  if (!own.has('ScheduleExpression')) {
    own.missing('ScheduleExpression', 'a schedule such as rate(5 minutes)');
  }
  const timezone = own.text('ScheduleExpressionTimezone') ?? 'UTC';
  const group = own.text('GroupName', RULE_NAME) ?? 'default';
  const startDate = dateOf(own, 'StartDate');
  const endDate = dateOf(own, 'EndDate');
  const description = own.text('Description');
  const window = windowOf(own);
  const enabled = isEnabled(own, STATES);
  if (!isZone(timezone)) {
    const expected = 'the name of a time zone, such as Europe/Berlin';
    own.refuse('ScheduleExpressionTimezone', expected, 'Correct the name.', timezone);
  }
  if (startDate !== undefined && endDate !== undefined && endDate <= startDate) {
    own.refuse('EndDate', 'a time after StartDate', 'Correct one of the two.', endDate);
  }
  if (expression === undefined || !isSchedule(own, expression)) return undefined;
  return {
    group,
    expression,
    timezone,
    enabled,
    ...(startDate === undefined ? {} : { startDate }),
    ...(endDate === undefined ? {} : { endDate }),
    ...(window === undefined ? {} : { flexibleWindowMinutes: window }),
    ...(description === undefined ? {} : { description }),
  };
}

function isSchedule(own: Properties, expression: string): boolean {
  try {
    parseSchedulerSchedule(expression);
    return true;
  } catch (error) {
    if (!(error instanceof InvalidSchedule)) throw error;
    const expected = `a schedule expression: this one ${messageOf(error)}`;
    own.refuse('ScheduleExpression', expected, 'Correct it.', expression);
    return false;
  }
}

function dateOf(own: Properties, name: string): string | undefined {
  const text = own.text(name);
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  own.refuse(name, 'a time such as 2026-01-31T10:00:00Z', 'Correct it.', text);
  return undefined;
}

function windowOf(own: Properties): number | undefined {
  const window = own.map('FlexibleTimeWindow');
  if (window === undefined) return undefined;
  const mode = window.oneOf('Mode', ['OFF', 'FLEXIBLE']);
  const minutes = window.whole('MaximumWindowInMinutes', WINDOW);
  if (mode === 'FLEXIBLE' && !window.has('MaximumWindowInMinutes')) {
    window.missing('MaximumWindowInMinutes', `a whole number from ${WINDOW.join(' to ')}`);
  }
  return mode === 'FLEXIBLE' ? minutes : undefined;
}

function targetOf(own: Properties): ScheduleDefinition['target'] | undefined {
  const arn = own.text('Arn');
  if (!own.has('Arn')) own.missing('Arn', 'the ARN of the target');
  const input = own.text('Input');
  const groupId = own.map('SqsParameters')?.text('MessageGroupId');
  const partitionKey = own.map('KinesisParameters')?.text('PartitionKey');
  const event = eventOf(own);
  const rest = { ...retryOf(own), ...deadLetterOf(own) };
  own.ignore(NO_PERMISSIONS, 'RoleArn');
  own.ignore('no such thing runs here', 'EcsParameters', 'SageMakerPipelineParameters');
  if (arn === undefined) return undefined;
  const problem = scheduleTargetProblem(arn, input);
  if (problem !== undefined) {
    own.ignored('Arn', `${problem}; the schedule is left out`);
    return undefined;
  }
  return {
    arn,
    ...(input === undefined ? {} : { input }),
    ...rest,
    ...(groupId === undefined ? {} : { messageGroupId: groupId }),
    ...(partitionKey === undefined ? {} : { partitionKey }),
    ...(event === undefined ? {} : { event }),
  };
}

function eventOf(own: Properties): { source: string; detailType: string } | undefined {
  const parameters = own.map('EventBridgeParameters');
  const source = parameters?.text('Source');
  const detailType = parameters?.text('DetailType');
  return source === undefined || detailType === undefined ? undefined : { source, detailType };
}
