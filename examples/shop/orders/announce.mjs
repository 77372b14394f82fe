import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

const topic = new SNSClient();

/** The table's stream: every new order is announced. */
export async function handler({ Records }) {
  for (const { dynamodb } of Records) {
    const { id, item, amount } = dynamodb.NewImage;
    const order = { id: id.S, item: item.S, amount: Number(amount.N) };
    await topic.send(
      new PublishCommand({ TopicArn: process.env.PLACED_TOPIC, Message: JSON.stringify(order) }),
    );
  }
}
