/** What rules and schedules of templates have in common. */

import { parseArn, arnOf, type Place } from '../../../stack/arns.js';
import type { FunctionTarget } from '../../../stack/function-target.js';
import type { RetryPolicy } from '../../../stack/event-bridge.js';
import { UNRESOLVED, type Scope } from '../intrinsics.js';
import type { DeclaredEvent } from '../parts.js';
import type { Properties } from '../properties.js';

/** An event of a function or of a state machine. */
export type OwnedEvent = Pick<
  DeclaredEvent,
  'path' | 'name' | 'type' | 'properties' | 'owner' | 'context' | 'scope'
>;

export const NO_PERMISSIONS = 'permissions are not checked here';
export const NO_KEYS = 'nothing is encrypted here';
export const NO_TAGS = 'tags have no meaning here';

export const RULE_NAME = {
  pattern: /^[.\-_A-Za-z0-9]{1,64}$/,
  expected: '1 to 64 letters, digits, ., - and _',
};

const RETRIES = [0, 185] as const;
const AGES = [60, 86_400] as const;
const QUEUE_ARN = { pattern: /^arn:aws[\w-]*:sqs:/, expected: 'the ARN of a queue' };

export function placeOf({ pseudo }: Scope): Place {
  return { region: pseudo['AWS::Region'] ?? '', accountId: pseudo['AWS::AccountId'] ?? '' };
}

export function functionArn({ functionName, qualifier }: FunctionTarget, place: Place): string {
  const name = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
  return arnOf('lambda', place, `function:${name}`);
}

export function retryOf(own: Properties): { readonly retry?: RetryPolicy } {
  const policy = own.map('RetryPolicy');
  if (policy === undefined) return {};
  const maximumAttempts = policy.whole('MaximumRetryAttempts', RETRIES);
  const maximumAgeSeconds = policy.whole('MaximumEventAgeInSeconds', AGES);
  return {
    retry: {
      ...(maximumAttempts === undefined ? {} : { maximumAttempts }),
      ...(maximumAgeSeconds === undefined ? {} : { maximumAgeSeconds }),
    },
  };
}

export function deadLetterOf(own: Properties): { readonly deadLetterArn?: string } {
  const deadLetterArn = own.map('DeadLetterConfig')?.text('Arn', QUEUE_ARN);
  return deadLetterArn === undefined ? {} : { deadLetterArn };
}

/** SAM makes the queue when it is only told the kind. */
export function ownDeadLetterOf(
  own: Properties,
  { path, name, owner, context, scope }: OwnedEvent,
): { readonly deadLetterArn?: string } {
  const config = own.map('DeadLetterConfig');
  if (config === undefined) return {};
  const deadLetterArn = config.text('Arn', QUEUE_ARN);
  if (deadLetterArn !== undefined) return { deadLetterArn };
  const kind = config.oneOf('Type', ['SQS']);
  const queue = config.text('QueueLogicalId') ?? `${owner}${name}Queue`;
  if (kind === undefined) {
    if (!config.has('Arn') && !config.has('Type')) config.missing('Arn', QUEUE_ARN.expected);
    return {};
  }
  context.stack.queues.push({
    path: `${path}.Properties.DeadLetterConfig`,
    name: queue,
    attributes: {},
  });
  return { deadLetterArn: arnOf('sqs', placeOf(scope), queue) };
}

/** Whether something in it cannot be known here. */
export function isUnknown(value: unknown): boolean {
  if (value === UNRESOLVED) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(isUnknown);
}

export function busNameOf(nameOrArn: string | undefined): string {
  if (nameOrArn === undefined) return 'default';
  return (parseArn(nameOrArn)?.resource ?? nameOrArn).replace(/^event-bus\//, '');
}

/** `State`, or SAM's older `Enabled`. */
export function isEnabled(own: Properties, states: readonly string[] = STATES): boolean {
  const enabled = own.flag('Enabled');
  const state = own.oneOf('State', states);
  return state === undefined ? (enabled ?? true) : state !== 'DISABLED';
}

const STATES = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'];
