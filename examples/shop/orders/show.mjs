import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const table = new DynamoDBClient();

/** GET /orders/{id}: what is returned without a status code is the body of a 200. */
export async function handler({ pathParameters: { id } }) {
  const { Item } = await table.send(
    new GetItemCommand({ TableName: process.env.ORDERS_TABLE, Key: { id: { S: id } } }),
  );
  if (Item === undefined)
    return { statusCode: 404, body: JSON.stringify({ message: 'No such order.' }) };
  return { id, item: Item.item.S, amount: Number(Item.amount.N), state: Item.state.S };
}
