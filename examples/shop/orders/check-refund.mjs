import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const table = new DynamoDBClient();
const LARGEST = 1000;

class OrderNotFound extends Error {
  name = 'OrderNotFound';
}

/** A task of the state machine: {"id": "…"} → {"refundable": true}. */
export async function handler({ id }) {
  const { Item } = await table.send(
    new GetItemCommand({ TableName: process.env.ORDERS_TABLE, Key: { id: { S: id } } }),
  );
  if (Item === undefined) throw new OrderNotFound(`there is no order ${id}`);
  return { refundable: Number(Item.amount.N) <= LARGEST };
}
