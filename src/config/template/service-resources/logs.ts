/** `AWS::Logs::LogGroup`, `AWS::Logs::SubscriptionFilter`, and SAM's event `CloudWatchLogs`. */

import { logGroupArn, parseArn } from '../../../stack/arns.js';
import type { LogSubscriptionDefinition } from '../../../stack/service-resources.js';
import { parseFilterPattern } from '../../../log-filter/pattern.js';
import type { DeclaredEvent, ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import { nameOf } from './naming.js';

const NAME = {
  pattern: /^[\w./#-]{1,512}$/,
  expected: '1 to 512 letters, digits, _, -, /, . and #',
};
const DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
];
const ANY_DAYS = [1, 3653] as const;

export const logGroup: ResourceType = {
  identify(logicalId, properties, place) {
    const name = nameOf(logicalId, properties, 'LogGroupName');
    return { ref: name, attributes: { Arn: `${logGroupArn(place, name)}:*` } };
  },

  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    own.text('LogGroupName', NAME);
    const days = own.whole('RetentionInDays', ANY_DAYS);
    if (days !== undefined && !DAYS.includes(days)) {
      own.refuse('RetentionInDays', `one of ${DAYS.join(', ')}`, 'Change it to one of these.');
    }
    own.ignore('log events are not encrypted here', 'KmsKeyId');
    own.ignore('tags have no meaning here', 'Tags');
    own.rest();
    context.stack.logGroups.push({
      path,
      name: nameOf(logicalId, properties, 'LogGroupName'),
      ...(days === undefined ? {} : { retentionDays: days }),
    });
  },
};

export const subscriptionFilter: ResourceType = {
  identify: (logicalId, properties) => ({
    ref: nameOf(logicalId, properties, 'FilterName'),
    attributes: {},
  }),

  read({ path, logicalId, properties, context, target }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    own.text('FilterName');
    const arn = own.text('DestinationArn');
    if (!own.has('DestinationArn')) own.missing('DestinationArn', 'the ARN of a function');
    own.ignore('permissions are not checked here', 'RoleArn');
    const name = nameOf(logicalId, properties, 'FilterName');
    const found = arn === undefined ? undefined : target(arn);
    const isStream = arn !== undefined && parseArn(arn)?.service === 'kinesis';
    const subscription = filterOf(own, path, name);
    own.ignore('records go to one shard each, by log stream', 'Distribution');
    own.rest();
    if (arn === undefined || subscription === undefined) return;
    if (found === undefined && !isStream) {
      const reason = 'functions of the template and Kinesis streams can be told of log events';
      context.notices.push({ path, treatment: 'ignored', reason });
      return;
    }
    const to =
      found === undefined
        ? ({ kind: 'stream', arn } as const)
        : ({ kind: 'function', ...found } as const);
    context.stack.logSubscriptions.push({ ...subscription, target: to });
  },
};

/** SAM's event. */
export function cloudWatchLogsEvent({
  path,
  name,
  owner,
  properties,
  context,
  owned,
}: DeclaredEvent): void {
  const own = new Properties(`${path}.Properties`, properties, context);
  const subscription = filterOf(own, path, `${owner}${name}`);
  own.rest();
  if (subscription === undefined) return;
  context.stack.logSubscriptions.push({ ...subscription, target: { kind: 'function', ...owned } });
}

function filterOf(
  own: Properties,
  path: string,
  name: string,
): Omit<LogSubscriptionDefinition, 'target'> | undefined {
  const logGroup = own.text('LogGroupName', NAME);
  if (!own.has('LogGroupName')) own.missing('LogGroupName', 'the name of a log group');
  const filterPattern = own.text('FilterPattern');
  if (!own.has('FilterPattern')) own.missing('FilterPattern', 'a pattern, or an empty text');
  if (filterPattern !== undefined) {
    const pattern = parseFilterPattern(filterPattern);
    if (pattern.kind === 'invalid') {
      own.refuse('FilterPattern', pattern.expected, 'Correct the pattern.');
    }
  }
  if (logGroup === undefined || filterPattern === undefined) return undefined;
  return { path, name, logGroup, filterPattern };
}
