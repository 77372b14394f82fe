/** DynamoDB tables with their indexes, streams and time to live. */

import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  type GlobalSecondaryIndexUpdate,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { messageOf } from '../errors.js';
import type { TableDefinition } from '../stack/service-resources.js';
import { isNamed, type MakingContext, type ResourceMaker } from './resource-maker.js';

type Input = Omit<CreateTableCommandInput, 'TableName'>;
type Update = Omit<ConstructorParameters<typeof UpdateTableCommand>[0], 'TableName'>;

export const tables: ResourceMaker<TableDefinition> = {
  kind: 'table',
  async make({ name, input, timeToLiveAttribute }, context, before) {
    const client = await context.clients.dynamodb();
    const wanted = input as Input;
    const there = await describe(client, name);
    if (there === undefined) {
      await client.send(new CreateTableCommand({ ...wanted, TableName: name }));
    } else {
      refuseOtherKeys(wanted, there);
      for (const update of updatesOf(wanted, there)) {
        await change(client, name, update);
        await active(client, name, context);
      }
    }
    await active(client, name, context);
    const attribute = timeToLiveAttribute ?? before?.timeToLiveAttribute;
    if (attribute === undefined) return;
    await expireBy(client, name, attribute, timeToLiveAttribute !== undefined);
  },
};

async function change(client: DynamoDBClient, name: string, update: Update): Promise<void> {
  try {
    await client.send(new UpdateTableCommand({ ...update, TableName: name }));
  } catch (error) {
    const stream = update.StreamSpecification?.StreamEnabled === true;
    if (!stream || !isNamed(error, 'ResourceInUseException')) throw error;
    const reason = 'these services give a table no second stream; begin anew, without its data';
    throw new Error(`${reason} (${messageOf(error)})`, { cause: error });
  }
}

async function describe(
  client: DynamoDBClient,
  name: string,
): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

async function active(
  client: DynamoDBClient,
  name: string,
  { pause }: MakingContext,
): Promise<void> {
  while ((await describe(client, name))?.TableStatus !== 'ACTIVE') await pause();
}

async function expireBy(
  client: DynamoDBClient,
  name: string,
  attribute: string,
  enabled: boolean,
): Promise<void> {
  const { TimeToLiveDescription: there } = await client.send(
    new DescribeTimeToLiveCommand({ TableName: name }),
  );
  const isEnabled = there?.TimeToLiveStatus === 'ENABLED' || there?.TimeToLiveStatus === 'ENABLING';
  if (isEnabled === enabled && (!enabled || there?.AttributeName === attribute)) return;
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { AttributeName: attribute, Enabled: enabled },
    }),
  );
}

function refuseOtherKeys({ KeySchema: wanted }: Input, { KeySchema: there }: TableDescription) {
  if (keyText(wanted) === keyText(there)) return;
  throw new Error(
    `it is there with other keys (${keyText(there)}); delete it, or give this one another name`,
  );
}

function keyText(schema: TableDescription['KeySchema'] = []): string {
  return schema.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join(', ');
}

/** One after the other: a table takes one change at a time. */
function updatesOf(wanted: Input, there: TableDescription): Update[] {
  const updates: Update[] = [];
  const stream = streamUpdate(wanted, there);
  if (stream !== undefined) updates.push(...stream);
  const attributes = { AttributeDefinitions: wanted.AttributeDefinitions };
  for (const index of indexUpdates(wanted, there)) {
    updates.push({ ...attributes, GlobalSecondaryIndexUpdates: [index] });
  }
  return updates;
}

function streamUpdate(wanted: Input, there: TableDescription): Update[] | undefined {
  const view = wanted.StreamSpecification?.StreamViewType;
  const current = there.StreamSpecification;
  const enabled = current?.StreamEnabled === true;
  if ((enabled ? current.StreamViewType : undefined) === view) return undefined;
  // Another view is another stream: the one that is there ends first.
  const off = enabled ? [{ StreamSpecification: { StreamEnabled: false } }] : [];
  if (view === undefined) return off;
  return [...off, { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }];
}

function indexUpdates(wanted: Input, there: TableDescription): GlobalSecondaryIndexUpdate[] {
  const current = (there.GlobalSecondaryIndexes ?? []).map(({ IndexName: name }) => name);
  const indexes = wanted.GlobalSecondaryIndexes ?? [];
  const removed = current.filter((name) => !indexes.some(({ IndexName }) => IndexName === name));
  const added = indexes.filter(({ IndexName }) => !current.includes(IndexName));
  return [
    ...removed.map((name) => ({ Delete: { IndexName: name } })),
    ...added.map((index) => ({ Create: index })),
  ];
}
