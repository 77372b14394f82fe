// Drives the shop: places orders, waits until each has its report, asks for two refunds and for the
// nightly sum. `node examples/shop/drive.mjs [orders]`, while `orchestrator up examples/shop` runs.

import { setTimeout as pause } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

const api = process.env.SHOP_API ?? 'http://127.0.0.1:3000';
const aws = {
  endpoint: process.env.AWS_ENDPOINT_URL ?? 'http://127.0.0.1:3001',
  region: 'us-east-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
};
const s3 = new S3Client({ ...aws, forcePathStyle: true });
const Bucket = 'shop-reports';

const count = Number(process.argv[2] ?? 20);
const orders = await Promise.all(
  Array.from({ length: count }, (_, index) => place('tea', (index + 1) * 60)),
);
console.log(`${count} orders placed; waiting for their reports`);
for (const { id } of orders) await reportOf(`orders/${id}.json`);
console.log(`${count} reports are in the bucket`);

const states = new SFNClient(aws);
for (const { id, amount } of [orders[0], orders[orders.length - 1]]) {
  const { executionArn } = await states.send(
    new StartExecutionCommand({
      stateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:shop-refunds',
      input: JSON.stringify({ id }),
    }),
  );
  console.log(`refund of ${amount} asked for: ${executionArn}`);
}
console.log('A refund waits for a day; `orchestrator time advance 24h` lets it pass.');

const lambda = new LambdaClient(aws);
const { Payload } = await lambda.send(
  new InvokeCommand({
    FunctionName: 'sum-up',
    Payload: JSON.stringify({ time: new Date().toISOString() }),
  }),
);
console.log(`the nightly sum, made now: ${Buffer.from(Payload).toString()}`);

async function place(item, amount) {
  const response = await fetch(`${api}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ item, amount }),
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

async function reportOf(Key) {
  for (;;) {
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    if (KeyCount > 0) break;
    await pause(200);
  }
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return JSON.parse(await Body.transformToString());
}
