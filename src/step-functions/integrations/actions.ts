/** Which actions the services have that are reached through the AWS SDK: one for each command. */

import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** As integrations call a service → the package of its client. */
export const SDK_MODULES: Readonly<Record<string, string>> = {
  cloudwatchlogs: '@aws-sdk/client-cloudwatch-logs',
  dynamodb: '@aws-sdk/client-dynamodb',
  kinesis: '@aws-sdk/client-kinesis',
  s3: '@aws-sdk/client-s3',
  sns: '@aws-sdk/client-sns',
  sqs: '@aws-sdk/client-sqs',
};

export function commandOf(action: string): string {
  return `${action.charAt(0).toUpperCase()}${action.slice(1)}Command`;
}

/** Such as `getItem`; undefined: the service is not reached through a client of its own. */
export function actionsOf(service: string): readonly string[] | undefined {
  const module = SDK_MODULES[service];
  if (module === undefined) return undefined;
  return Object.keys(load(module) as object).flatMap((name) => {
    const [, action] = /^([A-Z]\w+)Command$/.exec(name) ?? [];
    return action === undefined ? [] : [`${action.charAt(0).toLowerCase()}${action.slice(1)}`];
  });
}
