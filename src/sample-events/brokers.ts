/** Kafka, Amazon MQ and DocumentDB (contract 11.17). */

import type { MSKEvent, MSKRecord, SelfManagedKafkaEvent } from 'aws-lambda';
import { base64, plain } from './codecs.js';
import type { Maker } from './maker.js';
import { records, type Field, type SampleSource } from './sample.js';

const KAFKA_FIELDS: readonly Field[] = [
  { name: 'value', at: 'records.*.*.value', codec: base64 },
  { name: 'key', at: 'records.*.*.key', codec: base64 },
  { name: 'headers', at: 'records.*.*.headers', codec: plain },
];

export const kafka: SampleSource = {
  name: 'kafka',
  about: 'Kafka: records of a topic',
  kinds: {
    msk: { about: 'a cluster of Amazon MSK', make: msk, fields: KAFKA_FIELDS },
    'self-managed': { about: 'a cluster of your own', make: selfManaged, fields: KAFKA_FIELDS },
  },
};

function kafkaRecords(maker: Maker): Record<string, MSKRecord[]> {
  const batch = records(maker, (index) => ({
    topic: 'orders',
    partition: 0,
    offset: 15 + index,
    timestamp: maker.nowMs,
    timestampType: 'CREATE_TIME' as const,
    key: base64.encode(`o-${index + 1}`) as string,
    value: base64.encode({ orderId: `o-${index + 1}`, quantity: 2 }) as string,
    headers: [{ kind: [...Buffer.from('order')] }],
  }));
  return { 'orders-0': batch };
}

function msk(maker: Maker): MSKEvent {
  const name = `orders/${maker.uuid()}-1`;
  const domain = `orders.${maker.id(6)}.c1.kafka.${maker.region}.amazonaws.com:9092`;
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: maker.arn('kafka', `cluster/${name}`),
    bootstrapServers: `b-1.${domain},b-2.${domain}`,
    records: kafkaRecords(maker),
  };
}

function selfManaged(maker: Maker): SelfManagedKafkaEvent {
  return {
    eventSource: 'SelfManagedKafka',
    bootstrapServers: 'broker-1.example.com:9092,broker-2.example.com:9092',
    records: kafkaRecords(maker),
  };
}

export const mq: SampleSource = {
  name: 'mq',
  about: 'Amazon MQ: messages of a queue',
  kinds: {
    activemq: {
      about: 'ActiveMQ',
      make: activeMq,
      fields: [{ name: 'data', at: 'messages.*.data', codec: base64 }],
    },
    rabbitmq: {
      about: 'RabbitMQ',
      make: rabbitMq,
      fields: [{ name: 'data', at: 'rmqMessagesByQueue.*.*.data', codec: base64 }],
      free: ['rmqMessagesByQueue.*.*.basicProperties.headers'],
    },
  },
};

function brokerArn(maker: Maker): string {
  return maker.arn('mq', `broker:orders:b-${maker.uuid()}`);
}

function activeMq(maker: Maker) {
  return {
    eventSource: 'aws:mq',
    eventSourceArn: brokerArn(maker),
    messages: records(maker, (index) => ({
      messageID: `ID:b-${maker.uuid()}-1.mq.${maker.region}.amazonaws.com-${maker.digits(5)}-1:1:1:1:${index + 1}`,
      messageType: 'jms/text-message',
      deliveryMode: 1,
      replyTo: null,
      type: null,
      expiration: '0',
      priority: 4,
      correlationId: null,
      redelivered: false,
      destination: { physicalName: 'orders' },
      data: base64.encode({ orderId: `o-${index + 1}`, quantity: 2 }),
      timestamp: maker.nowMs,
      brokerInTime: maker.nowMs + 1,
      brokerOutTime: maker.nowMs + 2,
      properties: { kind: 'order' },
    })),
  };
}

function rabbitMq(maker: Maker) {
  return {
    eventSource: 'aws:rmq',
    eventSourceArn: brokerArn(maker),
    rmqMessagesByQueue: {
      'orders::/': records(maker, (index) => ({
        basicProperties: {
          contentType: 'application/json',
          contentEncoding: null,
          headers: { kind: { bytes: [...Buffer.from('order')] } },
          deliveryMode: 1,
          priority: 0,
          correlationId: null,
          replyTo: null,
          expiration: '60000',
          messageId: null,
          timestamp: rabbitTime(maker),
          type: null,
          userId: 'shop',
          appId: null,
          clusterId: null,
          bodySize: 33,
        },
        redelivered: false,
        data: base64.encode({ orderId: `o-${index + 1}`, quantity: 2 }),
      })),
    },
  };
}

/** Such as `Jan 5, 2026, 10:00:00 AM`. */
function rabbitTime({ nowMs }: Maker): string {
  return new Date(nowMs).toLocaleString('en-US', {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: 'UTC',
  });
}

export const documentDb: SampleSource = {
  name: 'documentdb',
  about: 'DocumentDB: a change stream',
  kinds: {
    insert: {
      about: 'a document was inserted',
      make: (maker) => changes(maker, 'insert'),
      fields: [{ name: 'document', at: 'events.*.event.fullDocument', codec: plain }],
      free: ['events.*.event.fullDocument'],
    },
    delete: {
      about: 'a document was deleted',
      make: (maker) => changes(maker, 'delete'),
    },
  },
};

function changes(maker: Maker, operationType: 'insert' | 'delete') {
  return {
    eventSourceArn: maker.arn('rds', 'cluster:orders'),
    events: records(maker, (index) => {
      const id = { $oid: maker.hex(24) };
      return {
        event: {
          _id: { _data: maker.hex(36) },
          clusterTime: { $timestamp: { t: Math.floor(maker.nowMs / 1000), i: index + 1 } },
          documentKey: { _id: id },
          ...(operationType === 'insert'
            ? { fullDocument: { _id: id, orderId: `o-${index + 1}`, quantity: 2 } }
            : {}),
          ns: { db: 'shop', coll: 'orders' },
          operationType,
        },
      };
    }),
    eventSource: 'aws:docdb',
  };
}
