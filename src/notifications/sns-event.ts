/** What a topic tells a queue, as functions get it (contract 11.7). Pure. */

import { isMap, map, type Map } from '../config/map.js';

/** Undefined when the text is no notification of a topic. */
export function snsEvent(body: string, subscriptionArn: string): Map | undefined {
  const told = parsed(body);
  if (told === undefined || told['Type'] !== 'Notification') return undefined;
  const { TopicArn: topicArn } = told;
  const region = String(topicArn).split(':')[3] ?? '';
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: 'Notification',
          MessageId: told['MessageId'],
          TopicArn: topicArn,
          Subject: told['Subject'] ?? null,
          Message: told['Message'],
          Timestamp: told['Timestamp'],
          SignatureVersion: told['SignatureVersion'],
          Signature: told['Signature'],
          SigningCertUrl: told['SigningCertURL'],
          UnsubscribeUrl: `https://sns.${region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
          MessageAttributes: attributesOf(map(told['MessageAttributes'])),
        },
      },
    ],
  };
}

function attributesOf(attributes: Map): Map {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const { Type, Value } = map(attribute);
      return [name, { Type, Value: typeof Value === 'string' ? Value : String(Value) }];
    }),
  );
}

function parsed(body: string): Map | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
