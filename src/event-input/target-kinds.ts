/** What rules and schedules may send to. Pure. */

import { parseArn } from '../stack/arns.js';

/** Services, as ARNs name them. */
const SERVICES: ReadonlySet<string> = new Set([
  'lambda',
  'sqs',
  'sns',
  'kinesis',
  'states',
  'events',
  'logs',
]);

/** Operations that schedules may call as universal targets. */
const OPERATIONS: readonly string[] = [
  'lambda:invoke',
  'sqs:sendmessage',
  'sns:publish',
  'sfn:startexecution',
  'eventbridge:putevents',
];
const UNIVERSAL = /^arn:aws[\w-]*:scheduler:::aws-sdk:(\w+):(\w+)$/;

/** Why it cannot be a rule's target; undefined when it can. */
export function ruleTargetProblem(arn: string): string | undefined {
  const service = parseArn(arn)?.service;
  if (service === undefined) return 'it is no ARN';
  return SERVICES.has(service) ? undefined : `targets of ${service} are not served here`;
}

/** Such as `lambda:invoke`; undefined when the ARN is of something else. */
export function universalOperation(arn: string): string | undefined {
  const [, service, operation] = UNIVERSAL.exec(arn) ?? [];
  return service === undefined ? undefined : `${service}:${operation}`.toLowerCase();
}

/** Why it cannot be a schedule's target with this input; undefined when it can. */
export function scheduleTargetProblem(arn: string, input: string | undefined): string | undefined {
  const operation = universalOperation(arn);
  if (operation === undefined) return ruleTargetProblem(arn);
  if (!OPERATIONS.includes(operation)) {
    return `the universal target ${operation} is not served here (${OPERATIONS.join(', ')} are)`;
  }
  const parsed = parsedMap(input);
  if (parsed === undefined) return 'its Input must be the input of the operation, a JSON object';
  const { Entries: entries } = parsed;
  if (operation === 'eventbridge:putevents' && (!Array.isArray(entries) || entries.length !== 1)) {
    return 'its Input must have exactly one of Entries here';
  }
  return undefined;
}

function parsedMap(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Of targets that are not served here; they would change what a target gets. */
export const UNSERVED_PARAMETERS = [
  'EcsParameters',
  'BatchParameters',
  'HttpParameters',
  'RedshiftDataParameters',
  'SageMakerPipelineParameters',
  'AppSyncParameters',
  'RunCommandParameters',
] as const;
