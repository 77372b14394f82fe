import { randomUUID } from 'node:crypto';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

const table = new DynamoDBClient();

/** POST /orders {"item": "tea", "amount": 3} → 201 with the order. */
export async function handler(event) {
  let order;
  try {
    // Bodies that are no text, as `curl -d` says of its own, come in Base64.
    const encoding = event.isBase64Encoded ? 'base64' : 'utf8';
    order = JSON.parse(Buffer.from(event.body ?? '', encoding).toString());
  } catch {
    return answer(400, { message: 'The body is not JSON.' });
  }
  const { id = randomUUID(), item, amount } = order;
  if (typeof item !== 'string' || !Number.isFinite(amount)) {
    return answer(400, { message: 'An order has an item and an amount.' });
  }
  await table.send(
    new PutItemCommand({
      TableName: process.env.ORDERS_TABLE,
      Item: {
        id: { S: id },
        item: { S: item },
        amount: { N: String(amount) },
        state: { S: 'placed' },
      },
    }),
  );
  return answer(201, { id, item, amount, state: 'placed' });
}

function answer(statusCode, body) {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
