import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { nearest } from '../../../src/cli/nearest.js';
import { sampleEvent, SAMPLE_SOURCES } from '../../../src/sample-events/catalogue.js';
import type { SampleKind } from '../../../src/sample-events/sample.js';
import { settingOf } from '../../../src/sample-events/settings.js';

type Json = any; // eslint-disable-line -- whatever an event holds

const MOMENT = Date.UTC(2026, 0, 5, 10);

function kindOf(source: string, kind?: string): SampleKind {
  const kinds = SAMPLE_SOURCES.find(({ name }) => name === source)?.kinds ?? {};
  return kinds[kind ?? (Object.keys(kinds)[0] as string)] as SampleKind;
}

function make(source: string, kind: string | undefined, ...sets: string[]): Json {
  return sampleEvent(kindOf(source, kind), {
    region: 'eu-west-1',
    accountId: '000000000000',
    nowMs: MOMENT,
    settings: sets.map(settingOf),
    nearest,
  });
}

describe('values set in a sample event', () => {
  it('reach any place, by names and indexes', () => {
    const event = make('s3', 'put', 'Records.0.s3.object.key=a.txt', 'Records.0.s3.object.size=7');
    expect(event.Records[0].s3.object).toMatchObject({ key: 'a.txt', size: 7 });
  });

  it('are JSON where they parse, and text where the event has text', () => {
    const event = make(
      'apigateway',
      'rest',
      'pathParameters.id=7',
      'headers.x-count=12',
      'isBase64Encoded=true',
      'stageVariables={"table":"orders"}',
      'queryStringParameters=null',
    );
    expect(event).toMatchObject({
      pathParameters: { id: '7' },
      headers: { 'x-count': '12' },
      isBase64Encoded: true,
      stageVariables: { table: 'orders' },
      queryStringParameters: null,
    });
  });

  it('keep their types where anything may stand', () => {
    const event = make(
      'eventbridge',
      'custom',
      'detail.orderId=7',
      'detail.lines.0.sku=x',
      'source=my',
    );
    expect(event.detail).toEqual({ orderId: 7, quantity: 2, lines: [{ sku: 'x' }] });
    expect(event.source).toBe('my');
  });

  it('are set as what they mean by a short name, and as they stand by their path', () => {
    const data = make('kinesis', undefined, 'data={"a":1}').Records[0].kinesis.data;
    expect(Buffer.from(data, 'base64').toString()).toBe('{"a":1}');
    const part = make('kinesis', undefined, 'data.page=/cart').Records[0].kinesis.data;
    expect(JSON.parse(Buffer.from(part, 'base64').toString())).toEqual({ page: '/cart', visit: 1 });
    const raw = make('kinesis', undefined, 'Records.0.kinesis.data=aGk=').Records[0].kinesis.data;
    expect(raw).toBe('aGk=');
    const whole = make('kinesis', undefined, 'Records.0.kinesis.data={"a":1}').Records[0].kinesis;
    expect(Buffer.from(whole.data, 'base64').toString()).toBe('{"a":1}');
  });

  it('go into zipped data', () => {
    const { data } = make('logs', undefined, 'data.logGroup=mine').awslogs;
    const decoded = JSON.parse(gunzipSync(Buffer.from(data, 'base64')).toString());
    expect(decoded).toMatchObject({ logGroup: 'mine', messageType: 'DATA_MESSAGE' });
  });

  it('go into bodies as JSON text, with a sum that fits', () => {
    const [record] = make('sqs', undefined, 'body={"orderId":7}').Records;
    expect(record.body).toBe('{"orderId":7}');
    expect(record.md5OfBody).toBe(createHash('md5').update(record.body).digest('hex'));
    expect(make('sqs', undefined, 'body=1.0').Records[0].body).toBe('1.0');
    expect(make('sqs', undefined, 'Records.0.md5OfBody=x').Records[0].md5OfBody).toBe('x');
  });

  it('sum message attributes up as SQS does', () => {
    const one = '{"k":{"dataType":"String","stringValue":"v"}}';
    const [record] = make('sqs', undefined, `attributes=${one}`).Records;
    // Name, type, a 1 for text, and value, each but the 1 after its length.
    const bytes = '\0\0\0\x01k\0\0\0\x06String\x01\0\0\0\x01v';
    expect(record.md5OfMessageAttributes).toBe(createHash('md5').update(bytes).digest('hex'));
    expect(make('sqs', undefined).Records[0].md5OfMessageAttributes).toBeNull();
  });

  it('become typed attributes in items', () => {
    const item = '{"orderId":"o-9","total":12.5,"paid":true,"note":null,"tags":["a"],"at":{"x":1}}';
    const [record] = make('dynamodb', 'insert', `item=${item}`, 'keys.orderId=o-9').Records;
    expect(record.dynamodb.NewImage).toEqual({
      orderId: { S: 'o-9' },
      total: { N: '12.5' },
      paid: { BOOL: true },
      note: { NULL: true },
      tags: { L: [{ S: 'a' }] },
      at: { M: { x: { N: '1' } } },
    });
    expect(record.dynamodb.Keys).toEqual({ orderId: { S: 'o-9' } });
    const changed = make('dynamodb', 'modify', 'old.status=new', 'item.set={"SS":["a","b"]}');
    expect(changed.Records[0].dynamodb.OldImage.status).toEqual({ S: 'new' });
    expect(changed.Records[0].dynamodb.NewImage.set).toEqual({ SS: ['a', 'b'] });
  });

  it('are encoded as S3 encodes keys, and name the bucket twice', () => {
    const { s3 } = make('s3', 'put', 'key=a b/ü+.txt', 'bucket=photos').Records[0];
    expect(s3.object.key).toBe('a+b/%C3%BC%2B.txt');
    expect(s3.bucket).toMatchObject({ name: 'photos', arn: 'arn:aws:s3:::photos' });
  });

  it('add a record like the first one', () => {
    const event = make('sqs', undefined, 'Records.1.body=second');
    expect(event.Records).toHaveLength(2);
    expect(event.Records[1]).toMatchObject({
      body: 'second',
      md5OfBody: createHash('md5').update('second').digest('hex'),
      eventSource: 'aws:sqs',
    });
  });

  it.each([
    ['Records.0.s3.objekt.key=a', 'there is no objekt in this event', 'Did you mean object?'],
    ['Records.0.s3.object.Key=a', 'there is no Key in this event', 'Did you mean key?'],
    ['Records.0.nowhere.key=a', 'there is no nowhere in this event', 'There it has eventVersion'],
    ['Records.2.s3=a', '2 is no index of a list of 1', 'a number from 0 to 1'],
    ['Records.0.awsRegion.x=a', 'awsRegion is eu-west-1, which holds nothing', 'Set all of it'],
    ['Records..s3=a', 'a part of the path is empty', 'Write it as'],
    ['Records', '--set must be path=value, not Records', 'Write it as'],
    ['=a', '--set must be path=value', 'Write it as'],
  ])('are refused where they make no sense: %s', (set, message, remedy) => {
    expect(() => make('s3', 'put', set)).toThrow(message);
    let thrown: { remedy?: string } = {};
    try {
      make('s3', 'put', set);
    } catch (error) {
      thrown = error as { remedy?: string };
    }
    expect(thrown.remedy).toContain(remedy);
  });
});

describe('sample events', () => {
  it('are the same each time with a seed, and never without', () => {
    const options = { region: 'eu-west-1', accountId: '0', nowMs: MOMENT, nearest };
    for (const { kinds } of SAMPLE_SOURCES) {
      for (const kind of Object.values(kinds)) {
        expect(sampleEvent(kind, { ...options, seed: 7 })).toEqual(
          sampleEvent(kind, { ...options, seed: 7 }),
        );
      }
    }
    const [first, second] = [make('sqs', undefined), make('sqs', undefined)];
    expect(first.Records[0].messageId).not.toBe(second.Records[0].messageId);
  });

  it('come from the region and account asked for, wherever they name one', () => {
    for (const { kinds } of SAMPLE_SOURCES) {
      for (const kind of Object.values(kinds)) {
        const options = { region: 'xx-test-9', accountId: '999988887777', nowMs: MOMENT, nearest };
        const text = JSON.stringify(sampleEvent(kind, options));
        for (const [arn] of text.matchAll(/arn:aws:(?!s3:|iam:)[a-z0-9-]+:[^"]*?:\d*:/g)) {
          expect(arn).toMatch(/^arn:aws:[a-z0-9-]+:xx-test-9:999988887777:$/);
        }
        expect(text).not.toContain('us-east-1');
      }
    }
  });

  it('hold as many records as asked for, each its own', () => {
    const options = { region: 'eu-west-1', accountId: '0', nowMs: MOMENT, nearest, count: 3 };
    const event = sampleEvent(kindOf('dynamodb'), options) as Json;
    expect(event.Records.map((record: Json) => record.dynamodb.Keys.orderId.S)).toEqual([
      'o-1',
      'o-2',
      'o-3',
    ]);
    expect(() => sampleEvent(kindOf('alb'), options)).toThrow('does not come as records');
  });

  it.each([
    ['put', 'ObjectCreated:Put', ['key', 'size', 'eTag', 'sequencer']],
    ['delete', 'ObjectRemoved:Delete', ['key', 'sequencer']],
    ['tags-put', 'ObjectTagging:Put', ['key', 'eTag']],
  ])('of S3 %s have what the contract gives them (11.6)', (kind, name, object) => {
    const [record] = make('s3', kind).Records;
    expect(record.eventName).toBe(name);
    expect(Object.keys(record.s3.object)).toEqual(object);
  });

  it('keep the order of keys that was recorded (11.8, 11.10)', () => {
    expect(Object.keys(make('sqs', 'fifo').Records[0])).toEqual([
      'messageId',
      'receiptHandle',
      'body',
      'attributes',
      'messageAttributes',
      'md5OfMessageAttributes',
      'md5OfBody',
      'eventSource',
      'eventSourceARN',
      'awsRegion',
    ]);
    expect(Object.keys(make('kinesis', undefined).Records[0].kinesis)).toEqual([
      'kinesisSchemaVersion',
      'partitionKey',
      'sequenceNumber',
      'data',
      'approximateArrivalTimestamp',
    ]);
  });

  it('of a time to live say who deleted the item (11.11)', () => {
    const [record] = make('dynamodb', 'ttl').Records;
    expect(record).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    });
    expect(record.dynamodb).not.toHaveProperty('NewImage');
  });
});

describe('samples of what other sources send in their own way', () => {
  it('have names of headers in lower case behind an HTTP API, in payload 1.0 too', () => {
    const { headers, multiValueHeaders } = make('apigateway', 'http-1.0');
    expect(Object.keys(headers)).toContain('content-type');
    expect(Object.keys(multiValueHeaders)).toEqual(Object.keys(headers));
    expect(Object.keys(headers).join()).toBe(Object.keys(headers).join().toLowerCase());
    expect(headers.host).toMatch(/^\w+\.execute-api\./);
  });

  it('have execution ids of schedules as Scheduler makes them', () => {
    expect(make('scheduler', 'input').executionId).toMatch(/^[0-9a-f]{16}$/);
  });
});
