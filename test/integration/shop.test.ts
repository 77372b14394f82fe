/** The example application, end to end: every part as a person would start and use it. */

import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, S3Client, GetObjectCommand } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../src/package-root.js';
import { until } from '../support/project.js';
import { finished, removeFolder, up, type RunningUp } from '../support/running-up.js';

const LIMIT_MS = 240_000;
const ORDERS = 40;
const REFUNDS = 'arn:aws:states:us-east-1:123456789012:stateMachine:shop-refunds';

describe('the example shop', () => {
  let directory: string;
  let shop: RunningUp;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestrator-shop-'));
    await cp(join(packageRoot(), 'examples/shop'), directory, {
      recursive: true,
      filter: (path) => !path.endsWith('.orchestrator'),
    });
    shop = await start();
  }, LIMIT_MS);

  afterAll(async () => {
    await shop.end('SIGTERM');
    await removeFolder(directory);
  }, LIMIT_MS);

  function start(): Promise<RunningUp> {
    return up(directory, { flags: ['--http-port', '0'] });
  }

  function httpOrigin(): string {
    return /https?:\/\/[^/]+/.exec(shop.addresses['HTTP API'] ?? '')?.[0] ?? '';
  }

  const aws = () => ({
    endpoint: shop.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });

  async function place(id: string, amount: number): Promise<void> {
    const response = await fetch(`${httpOrigin()}/orders`, {
      method: 'POST',
      body: JSON.stringify({ id, item: 'tea', amount }),
    });
    expect([response.status, await response.json()]).toEqual([
      201,
      { id, item: 'tea', amount, state: 'placed' },
    ]);
  }

  async function reports(): Promise<string[]> {
    const s3 = new S3Client({ ...aws(), forcePathStyle: true });
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: 'shop-reports', Prefix: 'orders/' }),
    );
    s3.destroy();
    return Contents.map(({ Key = '' }) => Key).sort();
  }

  it(
    'brings each order from HTTP over table, stream, topic and queue into the bucket, though it is killed half-way',
    async () => {
      const ids = Array.from({ length: ORDERS }, (_, index) => `order-${100 + index}`);
      await Promise.all(ids.slice(0, ORDERS / 2).map((id, index) => place(id, index + 1)));
      await until(async () => (await reports()).length > 0);
      await Promise.all(ids.slice(ORDERS / 2).map((id, index) => place(id, index + 21)));
      await shop.end('SIGKILL');
      shop = await start();
      // What the worker had when it was killed comes again after half a minute, as on AWS.
      await until(
        async () => (await reports()).length >= ORDERS - 10,
        () => shop.messages.slice(-20),
      );
      await until(
        async () => (await reports()).length >= ORDERS,
        () => shop.messages.slice(-20),
      );
      expect(await reports()).toEqual(ids.map((id) => `orders/${id}.json`));
      const shown = await fetch(`${httpOrigin()}/orders/order-139`);
      expect(await shown.json()).toEqual({
        id: 'order-139',
        item: 'tea',
        amount: 40,
        state: 'placed',
      });
    },
    LIMIT_MS,
  );

  it(
    'sums up every night and refunds after a day of second thoughts',
    async () => {
      const states = new SFNClient(aws());
      await place('large', 5000);
      const startOf = async (id: string): Promise<string> => {
        const input = JSON.stringify({ id });
        const started = await states.send(
          new StartExecutionCommand({ stateMachineArn: REFUNDS, input }),
        );
        return started.executionArn ?? '';
      };
      const arns = [await startOf('order-100'), await startOf('large'), await startOf('nowhere')];
      const describe = (executionArn: string) =>
        states.send(new DescribeExecutionCommand({ executionArn }));
      await until(async () => (await describe(arns[2] ?? '')).status === 'FAILED');
      await until(async () => (await describe(arns[1] ?? '')).status === 'FAILED');
      expect(await describe(arns[1] ?? '')).toMatchObject({ error: 'NotRefundable' });
      expect(await describe(arns[0] ?? '')).toMatchObject({ status: 'RUNNING' });

      const state = join(directory, '.orchestrator');
      const advanced = await finished(['time', 'advance', '25h', '--state', state]);
      expect(advanced.stderr).toBe('');
      await until(async () => (await describe(arns[0] ?? '')).status === 'SUCCEEDED');
      states.destroy();
      const table = new DynamoDBClient(aws());
      const { Item } = await table.send(
        new GetItemCommand({ TableName: 'shop-orders', Key: { id: { S: 'order-100' } } }),
      );
      table.destroy();
      expect(Item?.['state']).toEqual({ S: 'refunded' });

      const s3 = new S3Client({ ...aws(), forcePathStyle: true });
      const nightly = async (): Promise<string[]> => {
        const { Contents = [] } = await s3.send(
          new ListObjectsV2Command({ Bucket: 'shop-reports', Prefix: 'nightly/' }),
        );
        return Contents.map(({ Key = '' }) => Key);
      };
      await until(async () => (await nightly()).length > 0);
      const [Key = ''] = await nightly();
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'shop-reports', Key }));
      s3.destroy();
      const sum = JSON.parse((await Body?.transformToString()) ?? '') as { orders: number };
      expect(sum.orders).toBeGreaterThanOrEqual(ORDERS);
    },
    LIMIT_MS,
  );
});
