/** Schedules of Scheduler's API ↔ ours. */

import { InvalidSchedule, parseSchedulerSchedule } from '../schedule-time/expression.js';
import { scheduleTargetProblem } from '../event-input/target-kinds.js';
import { isZone } from '../schedule-time/zone.js';
import type { ScheduleDefinition } from '../stack/event-bridge.js';
import { invalid } from './api-fault.js';
import { Checked, mapOf, type Input } from './api-input.js';
import { DEFAULT_GROUP } from './schedule-book.js';
import { deadLetterOf, readRetry } from './target-input.js';

const NAME = /^[0-9a-zA-Z\-_.]+$/;

export function nameOf(name: string, member = 'Name'): string {
  const checked = new Checked({ [member]: name });
  checked.text(member, { required: true, min: 1, max: 64, pattern: NAME });
  checked.done();
  return name;
}

/** Raises `ValidationException`. */
export function readSchedule(name: string, input: Input): ScheduleDefinition {
  const checked = new Checked(input);
  const expression = checked.text('ScheduleExpression', { required: true, min: 1, max: 256 }) ?? '';
  const timezone = checked.text('ScheduleExpressionTimezone', { min: 1, max: 50 }) ?? 'UTC';
  const group = checked.text('GroupName', { min: 1, max: 64, pattern: NAME }) ?? DEFAULT_GROUP;
  const state = checked.text('State', { choices: ['ENABLED', 'DISABLED'] });
  const after = checked.text('ActionAfterCompletion', { choices: ['NONE', 'DELETE'] });
  const description = checked.text('Description', { max: 512 });
  const startDate = dateOf(input['StartDate'], 'StartDate');
  const endDate = dateOf(input['EndDate'], 'EndDate');
  const window = windowOf(mapOf(input['FlexibleTimeWindow'] ?? {}, 'FlexibleTimeWindow'));
  const target = targetOf(mapOf(input['Target'] ?? {}, 'Target'));
  checked.done();
  try {
    parseSchedulerSchedule(expression);
  } catch (error) {
    if (!(error instanceof InvalidSchedule)) throw error;
    throw invalid(`Invalid Schedule Expression ${expression}.`);
  }
  if (!isZone(timezone)) throw invalid(`Invalid Timezone ${timezone}.`);
  if (startDate !== undefined && endDate !== undefined && endDate <= startDate) {
    throw invalid('The EndDate you specify must come after the StartDate.');
  }
  return {
    path: '',
    name,
    group,
    expression,
    timezone,
    enabled: state !== 'DISABLED',
    ...(startDate === undefined ? {} : { startDate }),
    ...(endDate === undefined ? {} : { endDate }),
    ...(window === undefined ? {} : { flexibleWindowMinutes: window }),
    ...(after === 'DELETE' ? { deleteAfterCompletion: true } : {}),
    ...(description === undefined ? {} : { description }),
    target,
  };
}

/** Unix seconds of the protocol → ISO 8601. */
function dateOf(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  const ms = typeof value === 'number' ? value * 1000 : Date.parse(String(value));
  if (Number.isNaN(ms)) throw invalid(`${name} is no date.`);
  return new Date(ms).toISOString();
}

function windowOf(input: Input): number | undefined {
  const checked = new Checked(input);
  const mode = checked.text('Mode', { required: true, choices: ['OFF', 'FLEXIBLE'] });
  const minutes = checked.number('MaximumWindowInMinutes', { min: 1, max: 1440 });
  checked.done();
  if (mode === 'OFF') return undefined;
  if (minutes === undefined) {
    throw invalid('MaximumWindowInMinutes is required when the FlexibleTimeWindow is FLEXIBLE.');
  }
  return minutes;
}

function targetOf(input: Input): ScheduleDefinition['target'] {
  const checked = new Checked(input);
  const arn = checked.text('Arn', { required: true, min: 1, max: 1600 }) ?? '';
  checked.text('RoleArn', { required: true, min: 1, max: 1600 });
  const text = checked.text('Input', { min: 1 });
  const retry = checked.map('RetryPolicy');
  const deadLetterArn = deadLetterOf(checked.map('DeadLetterConfig'));
  const groupId = new Checked(checked.map('SqsParameters') ?? {}).text('MessageGroupId');
  const partitionKey = new Checked(checked.map('KinesisParameters') ?? {}).text('PartitionKey');
  const event = checked.map('EventBridgeParameters');
  for (const name of ['EcsParameters', 'SageMakerPipelineParameters']) {
    if (input[name] !== undefined) throw invalid(`${name} is not supported here.`);
  }
  checked.done();
  const problem = scheduleTargetProblem(arn, text);
  if (problem !== undefined) throw invalid(`Provided Arn ${arn} cannot be used: ${problem}.`);
  return {
    arn,
    ...(text === undefined ? {} : { input: text }),
    ...(retry === undefined ? {} : { retry: readRetry(retry) }),
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    ...(groupId === undefined ? {} : { messageGroupId: groupId }),
    ...(partitionKey === undefined ? {} : { partitionKey }),
    ...(event === undefined ? {} : { event: eventOf(event) }),
  };
}

function eventOf(input: Input): { source: string; detailType: string } {
  const checked = new Checked(input);
  const source = checked.text('Source', { required: true, min: 1, max: 256 }) ?? '';
  const detailType = checked.text('DetailType', { required: true, min: 1, max: 128 }) ?? '';
  checked.done();
  return { source, detailType };
}

/** Of a file's schedule, which was never an input; members as GetSchedule has them. */
export function inputOf(definition: ScheduleDefinition): Input {
  const { target, flexibleWindowMinutes } = definition;
  const { arn, input, retry, deadLetterArn, messageGroupId, partitionKey, event } = target;
  return {
    ScheduleExpression: definition.expression,
    ScheduleExpressionTimezone: definition.timezone,
    ...(definition.startDate === undefined ? {} : { StartDate: definition.startDate }),
    ...(definition.endDate === undefined ? {} : { EndDate: definition.endDate }),
    ...(definition.description === undefined ? {} : { Description: definition.description }),
    FlexibleTimeWindow:
      flexibleWindowMinutes === undefined
        ? { Mode: 'OFF' }
        : { Mode: 'FLEXIBLE', MaximumWindowInMinutes: flexibleWindowMinutes },
    Target: {
      Arn: arn,
      RoleArn: '',
      ...(input === undefined ? {} : { Input: input }),
      ...(retry === undefined
        ? {}
        : {
            RetryPolicy: {
              MaximumRetryAttempts: retry.maximumAttempts ?? 185,
              MaximumEventAgeInSeconds: retry.maximumAgeSeconds ?? 86_400,
            },
          }),
      ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: deadLetterArn } }),
      ...(messageGroupId === undefined
        ? {}
        : { SqsParameters: { MessageGroupId: messageGroupId } }),
      ...(partitionKey === undefined ? {} : { KinesisParameters: { PartitionKey: partitionKey } }),
      ...(event === undefined
        ? {}
        : { EventBridgeParameters: { Source: event.source, DetailType: event.detailType } }),
    },
  };
}
