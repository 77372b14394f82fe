/**
 * What destinations and dead-letter queues are told, as messages of queues and topics, events of
 * buses and objects of buckets (contract 9.4, 9.5).
 */

import { randomUUID } from 'node:crypto';
import type { DestinationMessage, DestinationSender } from '../event-queue/delivery.js';
import { parseArn } from '../stack/arns.js';
import type { TargetMessage, Targets } from './targets.js';

export interface DestinationSenderParts {
  readonly targets: Targets;
  /** Resolves once what the template declares is there. */
  readonly ready: () => Promise<void>;
  /** Unix ms. */
  now(): number;
}

const SOURCE = 'lambda';
const DETAIL_TYPE = 'Lambda Function Invocation Result';

export function destinationSender({
  targets,
  ready,
  now,
}: DestinationSenderParts): DestinationSender {
  return {
    send: async (arn, message) => {
      await ready();
      await targets.send(arn, targetMessage(arn, message, now()));
    },
  };
}

export function targetMessage(
  arn: string,
  message: DestinationMessage,
  nowMs: number,
): TargetMessage {
  if (message.kind === 'dead-letter') {
    const { body, attributes } = message;
    return { body, attributes };
  }
  const { record, condition, functionName, functionArn } = message;
  const { service } = parseArn(arn) ?? {};
  if (service === 's3') return { body: record, key: objectKey(functionName, nowMs) };
  if (service !== 'events') return { body: record };
  const end = condition === 'Success' ? 'Success' : 'Failure';
  const detailType = `${DETAIL_TYPE} - ${end}`;
  return { body: record, event: { source: SOURCE, detailType, resources: [arn, functionArn] } };
}

/** `aws/lambda/async/<function>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>` */
function objectKey(functionName: string, nowMs: number): string {
  const moment = new Date(nowMs).toISOString();
  const day = moment.slice(0, 10).replaceAll('-', '/');
  const time = moment.slice(0, 19).replaceAll(':', '.');
  return `aws/lambda/async/${functionName}/${day}/${time}-${randomUUID()}`;
}
