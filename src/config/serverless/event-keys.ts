/** The keys that events of `serverless.yml` may have and that are read, kind by kind. */

import { isMap } from '../map.js';
import { nearestOf } from '../problems.js';
import { ignored, type Place } from './event-place.js';

const INPUTS = ['input', 'inputPath', 'inputTransformer'];
const BATCHES = [
  'arn',
  'batchSize',
  'enabled',
  'filterPatterns',
  'functionResponseType',
  'maximumBatchingWindow',
];

const KEYS: Readonly<Record<string, readonly string[]>> = {
  alb: ['conditions', 'listenerArn', 'multiValueHeaders', 'priority'],
  cloudwatchEvent: ['enabled', 'event', 'name', ...INPUTS],
  cloudwatchLog: ['filter', 'logGroup'],
  eventBridge: [
    'deadLetterQueueArn',
    'description',
    'enabled',
    'eventBus',
    'method',
    'name',
    'pattern',
    'retryPolicy',
    'schedule',
    'timezone',
    ...INPUTS,
  ],
  http: [
    'async',
    'authorizer',
    'connectionId',
    'cors',
    'integration',
    'method',
    'operationId',
    'path',
    'private',
    'request',
    'response',
    'timeoutInMillis',
  ],
  httpApi: ['authorizer', 'method', 'path'],
  // A bucket that is there already is told of like any other.
  s3: ['bucket', 'event', 'existing', 'forceDeploy', 'rules'],
  schedule: ['description', 'enabled', 'method', 'name', 'rate', 'timezone', ...INPUTS],
  sns: ['arn', 'filterPolicy', 'filterPolicyScope', 'redrivePolicy', 'topicName'],
  sqs: [...BATCHES, 'maximumConcurrency'],
  stream: [
    ...BATCHES,
    'batchWindow',
    'bisectBatchOnFunctionError',
    'consumer',
    'destinations',
    'maximumRecordAgeInSeconds',
    'maximumRetryAttempts',
    'parallelizationFactor',
    'startingPosition',
    'startingPositionTimestamp',
    'tumblingWindowInSeconds',
    'type',
  ],
  websocket: ['authorizer', 'route', 'routeResponseSelectionExpression'],
};

/** Tells of keys that nothing reads. */
export function noticeUnread(kind: string, value: unknown, at: Place): void {
  const known = KEYS[kind];
  if (known === undefined || !isMap(value)) return;
  for (const key of Object.keys(value)) {
    if (known.includes(key) || key === 'Ref' || key.startsWith('Fn::')) continue;
    const nearest = nearestOf(key, known);
    const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
    ignored(at, key, `this setting has no effect here${hint}`);
  }
}
