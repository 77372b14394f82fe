/** What people write about asynchronous events (contract 9.3, 9.4), and what it means. */

import { check, optional, pipe, regex, string, type InferOutput } from 'valibot';
import { functionArn, isFunctionName } from '../function/arn.js';
import type { FunctionDefinition } from '../function/function-version.js';
import { LIMITS } from './defaults.js';
import { mapWith, type Shape } from './shape.js';
import { whole } from './whole.js';

/** A function may be named; whatever else there is has an ARN. */
function destination(services: readonly string[]): Shape<string> {
  const arn = new RegExp(`^arn:aws[a-zA-Z-]*:(${services.join('|')}):.`);
  const expected = `the name of a function, or an ARN of ${services.join(', ')}`;
  return pipe(
    string(expected),
    check((written) => isFunctionName(written) || arn.test(written), expected),
  );
}

export const asyncShape = mapWith(
  {
    retries: optional(whole(LIMITS.eventRetries, 'retries')),
    maxAge: optional(whole(LIMITS.eventAgeSeconds, 'seconds')),
    onSuccess: optional(destination(['lambda', 'sqs', 'sns', 'events'])),
    onFailure: optional(destination(['lambda', 'sqs', 'sns', 'events', 's3'])),
  },
  'a map of retries, maxAge, onSuccess and onFailure',
);

const QUEUE_OR_TOPIC = 'the ARN of an SQS queue or an SNS topic';
export const deadLetterShape = pipe(
  string(QUEUE_OR_TOPIC),
  regex(/^arn:aws[a-zA-Z-]*:(sqs|sns):./, QUEUE_OR_TOPIC),
);

interface EventSettings {
  readonly async?: InferOutput<typeof asyncShape> | undefined;
  readonly deadLetterQueue?: string | undefined;
}

type EventDefinition = Pick<FunctionDefinition, 'eventInvoke' | 'deadLetterTargetArn'>;

/** Only what was written; defaults are the queue's. */
export function eventDefinition(
  settings: EventSettings,
  where: { readonly region: string; readonly accountId: string },
): EventDefinition {
  const { async: written, deadLetterQueue } = settings;
  const arnOf = (target: string): string =>
    target.startsWith('arn:') ? target : functionArn({ ...where, name: target });
  return {
    ...(written === undefined
      ? {}
      : {
          eventInvoke: {
            ...(written.retries === undefined ? {} : { maximumRetryAttempts: written.retries }),
            ...(written.maxAge === undefined ? {} : { maximumEventAgeInSeconds: written.maxAge }),
            ...(written.onSuccess === undefined ? {} : { onSuccessArn: arnOf(written.onSuccess) }),
            ...(written.onFailure === undefined ? {} : { onFailureArn: arnOf(written.onFailure) }),
          },
        }),
    ...(deadLetterQueue === undefined ? {} : { deadLetterTargetArn: deadLetterQueue }),
  };
}
