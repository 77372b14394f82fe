/** `AWS::DynamoDB::Table`, `AWS::DynamoDB::GlobalTable` and `AWS::Serverless::SimpleTable`. */

import { tableArn, type Place } from '../../../stack/arns.js';
import { LATEST_STREAM } from '../../../stack/service-resources.js';
import type { Map } from '../../map.js';
import type { Identity } from '../intrinsics.js';
import type { DeclaredResource, ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import { checkKeys, keysOf, type Index } from './table-keys.js';
import { nameOf } from './naming.js';

const NAME = {
  pattern: /^[\w.-]{3,255}$/,
  expected: '3 to 255 letters, digits, _, - and .',
};
const UNITS = [1, 1_000_000] as const;
const VIEWS = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'] as const;
const PROJECTIONS = ['ALL', 'KEYS_ONLY', 'INCLUDE'] as const;
const ON_DEMAND = 'PAY_PER_REQUEST';
const TYPES: Readonly<Record<string, string>> = { String: 'S', Number: 'N', Binary: 'B' };

export const table: ResourceType = {
  identify: identityOf,
  read: (resource) => readTable(resource, false),
};

export const globalTable: ResourceType = {
  identify: identityOf,
  read: (resource) => readTable(resource, true),
};

export const simpleTable: ResourceType = {
  identify: identityOf,
  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    own.text('TableName', NAME);
    const key = own.map('PrimaryKey');
    const name = key?.text('Name') ?? 'id';
    const type = key?.oneOf('Type', Object.keys(TYPES)) ?? 'String';
    const throughput = throughputOf(own);
    own.ignore('tags have no meaning here', 'Tags');
    own.rest();
    const input = {
      AttributeDefinitions: [{ AttributeName: name, AttributeType: TYPES[type] }],
      KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
      ...(throughput === undefined
        ? { BillingMode: ON_DEMAND }
        : { ProvisionedThroughput: throughput }),
    };
    context.stack.tables.push({ path, name: nameOf(logicalId, properties, 'TableName'), input });
  },
};

function identityOf(logicalId: string, properties: Map, place: Place): Identity {
  const name = nameOf(logicalId, properties, 'TableName');
  const arn = tableArn(place, name);
  return { ref: name, attributes: { Arn: arn, StreamArn: `${arn}/stream/${LATEST_STREAM}` } };
}

function readTable({ path, logicalId, properties, context }: DeclaredResource, global: boolean) {
  const own = new Properties(`${path}.Properties`, properties, context);
  own.text('TableName', NAME);
  const { attributes, schema } = keysOf(own);
  const indexes = {
    local: own.maps('LocalSecondaryIndexes').map((index) => indexOf(index)),
    global: own.maps('GlobalSecondaryIndexes').map((index) => indexOf(index)),
  };
  checkKeys(own, { attributes, schema, indexes });
  const onDemand = own.oneOf('BillingMode', ['PROVISIONED', ON_DEMAND]) === ON_DEMAND || global;
  const throughput = throughputOf(own);
  if (!onDemand && !own.has('ProvisionedThroughput')) {
    const remedy = `Add it, or set BillingMode to ${ON_DEMAND}.`;
    own.refuse('ProvisionedThroughput', 'the throughput of a table that is PROVISIONED', remedy);
  }
  if (onDemand && throughput !== undefined) {
    const expected = `no throughput with BillingMode ${ON_DEMAND}`;
    own.refuse('ProvisionedThroughput', expected, 'Remove it or the BillingMode.');
  }
  const view = streamView(own);
  const ttl = own.map('TimeToLiveSpecification');
  const ttlAttribute = ttl?.text('AttributeName');
  const expires = ttl?.flag('Enabled') !== false;
  if (global) noticeGlobal(own);
  own.ignore('tags have no meaning here', 'Tags');
  own.rest();
  context.stack.tables.push({
    path,
    name: nameOf(logicalId, properties, 'TableName'),
    input: {
      AttributeDefinitions: attributes,
      KeySchema: schema,
      ...(onDemand ? { BillingMode: ON_DEMAND } : {}),
      ...(onDemand || throughput === undefined ? {} : { ProvisionedThroughput: throughput }),
      ...(indexes.local.length === 0 ? {} : { LocalSecondaryIndexes: indexes.local }),
      ...(indexes.global.length === 0
        ? {}
        : { GlobalSecondaryIndexes: indexes.global.map((index) => served(index, onDemand)) }),
      ...(view === undefined
        ? {}
        : { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
    },
    ...(ttlAttribute !== undefined && expires ? { timeToLiveAttribute: ttlAttribute } : {}),
  });
}

function streamView(own: Properties): string | undefined {
  const stream = own.map('StreamSpecification');
  const view = stream?.oneOf('StreamViewType', VIEWS);
  if (stream !== undefined && !stream.has('StreamViewType')) {
    stream.missing('StreamViewType', `one of ${VIEWS.join(', ')}`);
  }
  return view;
}

function noticeGlobal(own: Properties): void {
  own.approximated('', 'one table, billed on demand, stands for those of all regions');
  own.ignore('there is one table only', 'Replicas');
  const reason = 'it is billed on demand here';
  own.ignore(reason, 'WriteProvisionedThroughputSettings', 'WriteOnDemandThroughputSettings');
}

function throughputOf(own: Properties): object | undefined {
  const written = own.map('ProvisionedThroughput');
  if (written === undefined) return undefined;
  const read = written.whole('ReadCapacityUnits', UNITS);
  const write = written.whole('WriteCapacityUnits', UNITS);
  // SAM's own may leave both out.
  return { ReadCapacityUnits: read ?? 5, WriteCapacityUnits: write ?? 5 };
}

function indexOf(own: Properties): Index {
  const { schema } = keysOf(own, false);
  const projection = own.map('Projection');
  const type = projection?.oneOf('ProjectionType', PROJECTIONS) ?? 'ALL';
  const others = projection?.list('NonKeyAttributes') ?? [];
  const throughput = throughputOf(own);
  const name = own.text('IndexName', NAME);
  if (!own.has('IndexName')) own.missing('IndexName', NAME.expected);
  return {
    own,
    IndexName: name ?? '',
    KeySchema: schema,
    Projection: {
      ProjectionType: type,
      ...(others.length === 0 ? {} : { NonKeyAttributes: others }),
    },
    ...(throughput === undefined ? {} : { ProvisionedThroughput: throughput }),
  };
}

/** An index as CreateTable takes it. */
function served(index: Index, onDemand: boolean): object {
  const { IndexName, KeySchema, Projection, ProvisionedThroughput } = index;
  const throughput = onDemand ? undefined : (ProvisionedThroughput ?? undefined);
  return {
    IndexName,
    KeySchema,
    Projection,
    ...(throughput === undefined ? {} : { ProvisionedThroughput: throughput }),
  };
}
