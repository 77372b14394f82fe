/** CloudWatch: log subscriptions (contract 11.15) and alarms. */

import type {
  CloudWatchAlarmEvent,
  CloudWatchLogsDecodedData,
  CloudWatchLogsEvent,
} from 'aws-lambda';
import { plain, zipped } from './codecs.js';
import type { Maker } from './maker.js';
import { records, type Field, type SampleSource } from './sample.js';

const DATA: Field = { name: 'data', at: 'awslogs.data', codec: zipped };

export const logs: SampleSource = {
  name: 'logs',
  about: 'CloudWatch Logs: what a subscription sends',
  kinds: {
    data: { about: 'log events', make: (maker) => event(decoded(maker)), fields: [DATA] },
    control: {
      about: 'whether the function can be reached',
      make: (maker) =>
        event({
          ...decoded(maker),
          messageType: 'CONTROL_MESSAGE',
          owner: 'CloudwatchLogs',
          logGroup: '',
          logStream: '',
          subscriptionFilters: [],
          logEvents: [
            {
              id: '',
              timestamp: maker.nowMs,
              message: 'CWL CONTROL MESSAGE: Checking health of destination Lambda function.',
            },
          ],
        }),
      fields: [DATA],
    },
  },
};

export const alarm: SampleSource = {
  name: 'alarm',
  about: 'CloudWatch: an alarm has changed its state',
  kinds: {
    metric: {
      about: 'an alarm on a metric',
      make: alarmEvent,
      fields: [{ name: 'state', at: 'alarmData.state.value', codec: plain }],
    },
  },
};

function event(data: CloudWatchLogsDecodedData): CloudWatchLogsEvent {
  return { awslogs: { data: zipped.encode(data) as string } };
}

function decoded(maker: Maker): CloudWatchLogsDecodedData {
  return {
    messageType: 'DATA_MESSAGE',
    owner: maker.accountId,
    logGroup: '/aws/lambda/orders',
    logStream: `${maker.iso().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${maker.hex(32)}`,
    subscriptionFilters: ['errors'],
    logEvents: records(maker, (index) => ({
      id: `39${maker.digits(54)}`,
      timestamp: maker.nowMs + index,
      message: `ERROR no stock for order o-${index + 1}`,
    })),
  };
}

function alarmEvent(maker: Maker): CloudWatchAlarmEvent {
  const timestamp = (offsetMs: number): string => maker.iso(offsetMs).replace('Z', '+0000');
  return {
    source: 'aws.cloudwatch',
    alarmArn: maker.arn('cloudwatch', 'alarm:errors'),
    accountId: maker.accountId,
    time: timestamp(0),
    region: maker.region,
    alarmData: {
      alarmName: 'errors',
      state: {
        value: 'ALARM',
        reason:
          'Threshold Crossed: 1 datapoint [3.0] was greater than or equal to the threshold (1.0).',
        timestamp: timestamp(0),
      },
      previousState: {
        value: 'OK',
        reason: 'Threshold Crossed: 1 datapoint [0.0] was not greater than the threshold (1.0).',
        timestamp: timestamp(-300_000),
      },
      configuration: {
        description: 'Errors of the function orders',
        metrics: [
          {
            id: maker.uuid(),
            metricStat: {
              metric: {
                namespace: 'AWS/Lambda',
                name: 'Errors',
                dimensions: { FunctionName: 'orders' },
              },
              period: 60,
              stat: 'Sum',
            },
            returnData: true,
          },
        ],
      },
    },
  };
}
