/** How the sources of mappings are read; tests read others. */

import type { SourceParts } from '../sources/source.js';
import type { QueueMapping, StreamMapping } from './mapping.js';
import type { QueueReader } from './queue/queue-reader.js';
import { SqsReader } from './queue/sqs-reader.js';
import { DynamoDbReader } from './stream/dynamodb-reader.js';
import { KinesisReader } from './stream/kinesis-reader.js';
import type { StreamReader } from './stream/stream-reader.js';

export interface Readers {
  queue(mapping: QueueMapping): QueueReader;
  stream(mapping: StreamMapping): StreamReader;
}

export function readersOf({ services, roleOf }: SourceParts): Readers {
  return {
    queue: ({ sourceArn }) => new SqsReader(sourceArn, services),
    stream: ({ kind, sourceArn, target }) =>
      kind === 'kinesis'
        ? new KinesisReader(sourceArn, services, roleOf(target.functionName))
        : new DynamoDbReader(sourceArn, services),
  };
}
