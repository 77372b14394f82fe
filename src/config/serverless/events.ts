/**
 * The events of a function in the words of `serverless.yml` (contract 12.7) → SAM's events, and the
 * resources that the Serverless Framework makes for them.
 */

import { isMap, map, type Map as Named } from '../map.js';
import { nearestOf } from '../problems.js';
import { add, ignored, named, type EventContext, type Events, type Place } from './event-place.js';
import { noticeUnread } from './event-keys.js';
import { readHttp, readHttpApi } from './http-events.js';
import { readLoadBalancer } from './load-balancer-event.js';
import { bucketId, busId, normalized, topicId } from './names.js';

const UNSERVED = [
  'activemq',
  'alexaSkill',
  'alexaSmartHome',
  'cloudFront',
  'cognitoUserPool',
  'iot',
  'iotFleetProvisioning',
  'kafka',
  'msk',
  'rabbitmq',
];

type Read = (value: unknown, at: Place) => void;

const READERS: Readonly<Record<string, Read>> = {
  http: readHttp,
  httpApi: readHttpApi,
  websocket(value, { out, path }) {
    const written = isMap(value) ? value : { route: value };
    out.socketRoutes.push({ route: String(written['route']), written, path });
  },
  schedule: readSchedule,
  s3: readBucket,
  sns: readTopic,
  sqs(value, at) {
    const written = isMap(value) && !isReference(value) ? value : { arn: value };
    add(at, 'SQS', {
      Queue: arnOr(written['arn'], at, 'queue'),
      ...batching(written),
      ...named('ScalingConfig', written['maximumConcurrency'], (most) => ({
        MaximumConcurrency: most,
      })),
    });
  },
  stream: readStream,
  eventBridge: readEventBridge,
  cloudwatchEvent(value, at) {
    const { event, name, ...rest } = map(value);
    add(at, 'CloudWatchEvent', { Pattern: event, ...inputs(rest), ...enabled(rest) });
    if (name !== undefined) ignored(at, 'name', 'the rule has the name that SAM gives it');
  },
  cloudwatchLog(value, at) {
    const written = isMap(value) && !isReference(value) ? value : { logGroup: value };
    add(at, 'CloudWatchLogs', {
      LogGroupName: written['logGroup'],
      FilterPattern: written['filter'] ?? '',
    });
  },
  alb: readLoadBalancer,
};

export const EVENT_KINDS = [...Object.keys(READERS), ...UNSERVED].sort();

function noEvents(): Events {
  return {
    events: {},
    resources: {},
    places: {},
    socketRoutes: [],
    authorizers: [],
    usesRest: false,
    usesHttp: false,
    cors: undefined,
  };
}

/** Reads the list of a function's events; `path` is that of the list. */
export function readEvents(
  list: unknown,
  path: string,
  functionId: string,
  context: EventContext,
): Events {
  const out = noEvents();
  if (list === undefined || list === null) return out;
  if (!Array.isArray(list)) {
    context.problems.add({
      path,
      value: list,
      expected: 'a list of events',
      remedy: 'Write each event as an item, such as `- httpApi: GET /orders`.',
    });
    return out;
  }
  list.forEach((item: unknown, index) => {
    const [kind = '', ...more] = typeof item === 'string' ? [item] : Object.keys(map(item));
    const where = `${path}.${index}`;
    const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
    if (read !== undefined && more.length === 0) {
      const name = `${normalized(kind)}${index}`;
      const at = { path: `${where}.${kind}`, name, functionId, out, context };
      read(map(item)[kind], at);
      noticeUnread(kind, map(item)[kind], at);
      return;
    }
    if (UNSERVED.includes(kind)) {
      const reason = 'there is no such source here; `orchestrator event` makes an event of it';
      context.notices.push({ path: `${where}.${kind}`, treatment: 'ignored', reason });
      return;
    }
    const nearest = nearestOf(kind, EVENT_KINDS);
    context.problems.add({
      path: where,
      value: item,
      expected: `an event of one kind: ${EVENT_KINDS.join(', ')}`,
      remedy:
        nearest === undefined || nearest === kind ? 'Correct it.' : `Did you mean '${nearest}'?`,
    });
  });
  return out;
}

function readSchedule(value: unknown, at: Place): void {
  const written = isMap(value) ? value : { rate: value };
  const rates = Array.isArray(written['rate']) ? (written['rate'] as unknown[]) : [written['rate']];
  const zone = written['timezone'];
  const isScheduler = written['method'] === 'scheduler' || zone !== undefined;
  rates.forEach((rate, index) => {
    const one = index === 0 ? at : { ...at, name: `${at.name}x${index}` };
    const name = written['name'];
    const common = {
      ...(name === undefined ? {} : { Name: rates.length > 1 ? `${String(name)}-${index}` : name }),
      ...named('Description', written['description'], (text) => text),
    };
    if (isScheduler) {
      add(one, 'ScheduleV2', {
        ScheduleExpression: rate,
        ScheduleExpressionTimezone: zone,
        ...named('State', written['enabled'], stateOf),
        ...named('Input', written['input'], asText),
        ...common,
      });
    } else if (written['inputPath'] === undefined && written['inputTransformer'] === undefined) {
      add(one, 'Schedule', {
        Schedule: rate,
        ...named('Enabled', written['enabled'], (on) => on),
        ...named('Input', written['input'], asText),
        ...common,
      });
    } else readRule({ ...one, path: at.path }, { ScheduleExpression: rate }, written);
  });
}

/** A rule that SAM's events cannot say. */
function readRule(at: Place, what: Named, written: Named): void {
  const id = `${at.functionId}${at.name}Rule`;
  at.out.resources[id] = {
    Type: 'AWS::Events::Rule',
    Properties: {
      ...what,
      ...named('State', written['enabled'], stateOf),
      ...named('Name', written['name'], (name) => name),
      Targets: [{ Id: at.name, Arn: { 'Fn::GetAtt': [at.functionId, 'Arn'] }, ...inputs(written) }],
    },
  };
  at.out.places[`rule ${id}`] = at.path;
}

function readBucket(value: unknown, at: Place): void {
  const written = isMap(value) && !isReference(value) ? value : { bucket: value };
  const { bucket, event = 's3:ObjectCreated:*', rules } = written;
  const name = typeof bucket === 'string' ? bucket : undefined;
  const filters = (Array.isArray(rules) ? rules : []).flatMap((rule: unknown) =>
    Object.entries(map(rule)).map(([key, text]) => ({ Name: key, Value: text })),
  );
  const known =
    name === undefined ? undefined : declaredAs(at, 'AWS::S3::Bucket', 'BucketName', name);
  const id = known ?? (name === undefined ? undefined : bucketId(name));
  if (id !== undefined && known === undefined) {
    at.out.resources[id] = { Type: 'AWS::S3::Bucket', Properties: { BucketName: name } };
  }
  add(at, 'S3', {
    Bucket: id === undefined ? bucket : { Ref: id },
    Events: event,
    ...(filters.length === 0 ? {} : { Filter: { S3Key: { Rules: filters } } }),
  });
}

function readTopic(value: unknown, at: Place): void {
  const written = isMap(value) && !isReference(value) ? value : { arn: value };
  const { arn, topicName, filterPolicy, filterPolicyScope, redrivePolicy } = written;
  add(at, 'SNS', {
    Topic: arnOr(arn ?? topicName, at, 'topic'),
    FilterPolicy: filterPolicy,
    FilterPolicyScope: filterPolicyScope,
    RedrivePolicy: redrivePolicy,
  });
}

function readStream(value: unknown, at: Place): void {
  const written = isMap(value) && !isReference(value) ? value : { arn: value };
  const text = JSON.stringify(written['arn'] ?? '');
  const isTable =
    written['type'] === 'dynamodb' ||
    (written['type'] === undefined && /dynamodb|StreamArn/.test(text));
  add(at, isTable ? 'DynamoDB' : 'Kinesis', {
    Stream: isTable ? written['arn'] : arnOr(written['arn'], at, 'stream'),
    StartingPosition: written['startingPosition'] ?? 'TRIM_HORIZON',
    StartingPositionTimestamp: written['startingPositionTimestamp'],
    BisectBatchOnFunctionError: written['bisectBatchOnFunctionError'],
    MaximumRetryAttempts: written['maximumRetryAttempts'],
    MaximumRecordAgeInSeconds: written['maximumRecordAgeInSeconds'],
    ParallelizationFactor: written['parallelizationFactor'],
    TumblingWindowInSeconds: written['tumblingWindowInSeconds'],
    ...named('DestinationConfig', map(written['destinations'])['onFailure'], (target) => ({
      OnFailure: { Destination: isMap(target) && 'arn' in target ? target['arn'] : target },
    })),
    ...batching(written, { BatchSize: 10 }),
  });
  if (written['consumer'] !== undefined) {
    ignored(at, 'consumer', 'records are read as without an enhanced fan-out consumer');
  }
}

function readEventBridge(value: unknown, at: Place): void {
  const written = map(value);
  const { eventBus, pattern, schedule, retryPolicy, deadLetterQueueArn } = written;
  if (schedule !== undefined && pattern === undefined) {
    readSchedule({ ...written, rate: schedule }, at);
    return;
  }
  if (schedule !== undefined) {
    readRule(at, { ScheduleExpression: schedule, EventPattern: pattern }, written);
    return;
  }
  const retry = map(retryPolicy);
  const [, busName] =
    typeof eventBus === 'string'
      ? (/event-bus\/(.+)$/.exec(eventBus) ?? [undefined, eventBus])
      : [undefined, eventBus];
  const isMade = typeof eventBus === 'string' && eventBus === busName && busName !== 'default';
  if (isMade && declaredAs(at, 'AWS::Events::EventBus', 'Name', eventBus) === undefined) {
    at.out.resources[busId(eventBus)] = {
      Type: 'AWS::Events::EventBus',
      Properties: { Name: eventBus },
    };
  }
  add(at, 'EventBridgeRule', {
    Pattern: pattern,
    EventBusName: busName,
    ...inputs(written),
    ...named('State', written['enabled'], stateOf),
    ...named('RuleName', written['name'], (name) => name),
    ...(retryPolicy === undefined
      ? {}
      : {
          RetryPolicy: {
            MaximumEventAgeInSeconds: retry['maximumEventAge'],
            MaximumRetryAttempts: retry['maximumRetryAttempts'],
          },
        }),
    ...named('DeadLetterConfig', deadLetterQueueArn, (arn) => ({ Arn: arn })),
  });
}

/** A name that is no ARN is that of a queue, topic or stream which is made. */
function arnOr(value: unknown, at: Place, what: 'queue' | 'topic' | 'stream'): unknown {
  if (typeof value !== 'string' || value.startsWith('arn:')) return value;
  const [type, property, attribute] = {
    queue: ['AWS::SQS::Queue', 'QueueName', 'Arn'] as const,
    topic: ['AWS::SNS::Topic', 'TopicName', undefined] as const,
    stream: ['AWS::Kinesis::Stream', 'Name', 'Arn'] as const,
  }[what];
  const known = declaredAs(at, type, property, value);
  const id =
    known ?? (what === 'topic' ? topicId(value) : `${normalized(value)}${normalized(what)}`);
  if (known === undefined) {
    const fifo = what !== 'stream' && value.endsWith('.fifo');
    at.out.resources[id] = {
      Type: type,
      Properties: {
        [property]: value,
        ...(what === 'stream' ? { ShardCount: 1 } : {}),
        ...(fifo ? { [what === 'queue' ? 'FifoQueue' : 'FifoTopic']: true } : {}),
      },
    };
  }
  return attribute === undefined ? { Ref: id } : { 'Fn::GetAtt': [id, attribute] };
}

/** The resource of the file that has the name already. */
function declaredAs(at: Place, type: string, property: string, name: string): string | undefined {
  const all = { ...at.context.declared, ...at.out.resources };
  return Object.entries(all).find(
    ([, resource]) =>
      map(resource)['Type'] === type && map(map(resource)['Properties'])[property] === name,
  )?.[0];
}

function batching(written: Named, defaults: Named = {}): Named {
  const filters = written['filterPatterns'];
  return {
    BatchSize: written['batchSize'] ?? defaults['BatchSize'],
    MaximumBatchingWindowInSeconds: written['maximumBatchingWindow'] ?? written['batchWindow'],
    ...named('Enabled', written['enabled'], (on) => on),
    ...named('FunctionResponseTypes', written['functionResponseType'], (type) => [type]),
    ...(Array.isArray(filters)
      ? {
          FilterCriteria: {
            Filters: filters.map((pattern: unknown) => ({ Pattern: asText(pattern) })),
          },
        }
      : {}),
  };
}

function inputs(written: Named): Named {
  const { input, inputPath, inputTransformer } = written;
  const { inputPathsMap, inputTemplate } = map(inputTransformer);
  return {
    ...named('Input', input, asText),
    ...named('InputPath', inputPath, (path) => path),
    ...(inputTransformer === undefined
      ? {}
      : { InputTransformer: { InputPathsMap: inputPathsMap, InputTemplate: inputTemplate } }),
  };
}

function enabled(written: Named): Named {
  return named('State', written['enabled'], stateOf);
}

function stateOf(on: unknown): string {
  return on === false || on === 'false' ? 'DISABLED' : 'ENABLED';
}

function asText(value: unknown): unknown {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isReference(value: Named): boolean {
  const [key = '', ...others] = Object.keys(value);
  return others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'));
}
