/** Buckets, queues, topics, tables, streams and log groups of templates. */

import type { TemplatePart } from '../parts.js';
import { bucket, bucketNotifications, checkOverlaps, s3Event } from './buckets.js';
import { cloudWatchLogsEvent, logGroup, subscriptionFilter } from './logs.js';
import { checkRedrive, policy, queue } from './queues.js';
import { stream } from './streams.js';
import { globalTable, simpleTable, table } from './tables.js';
import { adoptTopics, checkFifo, snsEvent, subscription, topic } from './topics.js';

export const serviceResources: TemplatePart = {
  resources: {
    'AWS::S3::Bucket': bucket,
    'AWS::S3::BucketPolicy': policy,
    'Custom::S3BucketNotifications': bucketNotifications,
    'AWS::SQS::Queue': queue,
    'AWS::SQS::QueuePolicy': policy,
    'AWS::SNS::Topic': topic,
    'AWS::SNS::TopicPolicy': policy,
    'AWS::SNS::Subscription': subscription,
    'AWS::DynamoDB::Table': table,
    'AWS::DynamoDB::GlobalTable': globalTable,
    'AWS::Serverless::SimpleTable': simpleTable,
    'AWS::Kinesis::Stream': stream,
    'AWS::Logs::LogGroup': logGroup,
    'AWS::Logs::SubscriptionFilter': subscriptionFilter,
  },
  events: { S3: s3Event, SNS: snsEvent, CloudWatchLogs: cloudWatchLogsEvent },
  finish({ context }) {
    adoptTopics(context);
    checkFifo(context);
    checkOverlaps(context);
    checkRedrive(context.stack.queues, context);
  },
};
