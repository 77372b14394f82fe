/** SNS notifications (contract 11.7). */

import type { SNSEvent } from 'aws-lambda';
import { plain, text } from './codecs.js';
import { ORDER } from './http-parts.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

export const sns: SampleSource = {
  name: 'sns',
  about: 'SNS: a notification of a topic',
  kinds: {
    notification: {
      about: 'one message',
      make: notification,
      fields: [
        { name: 'message', at: 'Records.*.Sns.Message', codec: text },
        { name: 'subject', at: 'Records.*.Sns.Subject', codec: plain },
        { name: 'attributes', at: 'Records.*.Sns.MessageAttributes', codec: plain },
      ],
      free: ['Records.*.Sns.MessageAttributes'],
    },
  },
};

function notification(maker: Maker): SNSEvent {
  const topicArn = maker.arn('sns', 'orders');
  const subscriptionArn = `${topicArn}:${maker.uuid()}`;
  const host = `https://sns.${maker.region}.amazonaws.com`;
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: 'Notification',
          MessageId: maker.uuid(),
          TopicArn: topicArn,
          Subject: 'Order placed',
          Message: JSON.stringify(ORDER),
          Timestamp: maker.iso(),
          SignatureVersion: '1',
          Signature: `${maker.base64(342)}==`,
          SigningCertUrl: `${host}/SimpleNotificationService-${maker.hex(32)}.pem`,
          UnsubscribeUrl: `${host}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
          MessageAttributes: { kind: { Type: 'String', Value: 'order' } },
        },
      },
    ],
  };
}
