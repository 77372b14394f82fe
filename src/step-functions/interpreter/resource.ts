/** What the `Resource` of a Task state means. Pure. */

export type Resource =
  /** A function's ARN: its event is the state's input, its answer the result. */
  | { readonly kind: 'function'; readonly arn: string }
  | { readonly kind: 'activity'; readonly arn: string }
  | {
      readonly kind: 'integration';
      /** Such as `sqs`, or `aws-sdk:dynamodb`. */
      readonly service: string;
      /** Such as `sendMessage`. */
      readonly action: string;
      readonly pattern?: Pattern;
    };

export type Pattern = 'waitForTaskToken' | 'sync' | 'sync:2';

const FUNCTION = /^arn:aws[\w-]*:lambda:[^:]*:\d{12}:function:.+$/;
const ACTIVITY = /^arn:aws[\w-]*:states:[^:]*:\d{12}:activity:.+$/;
const INTEGRATION =
  /^arn:aws[\w-]*:states:[^:]*:\d*:((?:aws-sdk:)?[\w-]+):(\w+)(?:\.(waitForTaskToken|sync:2|sync))?$/;

/** Undefined when it is nothing that a Task can have. */
export function parseResource(text: string): Resource | undefined {
  if (FUNCTION.test(text)) return { kind: 'function', arn: text };
  if (ACTIVITY.test(text)) return { kind: 'activity', arn: text };
  const [, service, action, pattern] = INTEGRATION.exec(text) ?? [];
  if (service === undefined || action === undefined) return undefined;
  return {
    kind: 'integration',
    service,
    action,
    ...(pattern === undefined ? {} : { pattern: pattern as Pattern }),
  };
}

/** What the optimised integrations of each service can do here. */
const OPTIMISED: Readonly<Record<string, readonly string[]>> = {
  lambda: ['invoke'],
  sqs: ['sendMessage'],
  sns: ['publish'],
  dynamodb: ['getItem', 'putItem', 'updateItem', 'deleteItem'],
  events: ['putEvents'],
  states: ['startExecution'],
};
/** Services with an SDK client at hand, as integrations call them. */
export const SDK_SERVICES: readonly string[] = [
  'cloudwatchlogs',
  'dynamodb',
  'eventbridge',
  'kinesis',
  'lambda',
  's3',
  'sfn',
  'sns',
  'sqs',
];
const PATTERNS: Readonly<Record<string, readonly Pattern[]>> = {
  lambda: ['waitForTaskToken'],
  sqs: ['waitForTaskToken'],
  sns: ['waitForTaskToken'],
  events: ['waitForTaskToken'],
  states: ['waitForTaskToken', 'sync', 'sync:2'],
};

/** Why it cannot be run here; undefined when it can. */
export function unsupported(resource: Resource): string | undefined {
  if (resource.kind !== 'integration') return undefined;
  const { service, action, pattern } = resource;
  if (service.startsWith('aws-sdk:')) {
    const name = service.slice('aws-sdk:'.length);
    if (!SDK_SERVICES.includes(name)) {
      return `aws-sdk integrations reach ${SDK_SERVICES.join(', ')} here, not ${name}`;
    }
    if (name === 'lambda' && action !== 'invoke') return 'of aws-sdk:lambda only invoke runs here';
    if (name === 'eventbridge' && action !== 'putEvents') {
      return 'of aws-sdk:eventbridge only putEvents runs here';
    }
    if (name === 'sfn' && !['startExecution', 'startSyncExecution'].includes(action)) {
      return 'of aws-sdk:sfn only startExecution and startSyncExecution run here';
    }
    return pattern === undefined || pattern === 'waitForTaskToken'
      ? undefined
      : 'aws-sdk integrations have no .sync';
  }
  const actions = OPTIMISED[service];
  if (actions === undefined) {
    return `the service integration ${service} does not run here (those of ${Object.keys(OPTIMISED).join(', ')} and aws-sdk do)`;
  }
  if (!actions.includes(action)) return `of ${service} only ${actions.join(', ')} run here`;
  if (pattern === undefined || (PATTERNS[service] ?? []).includes(pattern)) return undefined;
  return `${service}:${action} has no .${pattern}`;
}
