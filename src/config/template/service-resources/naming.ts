/** Physical names: the one given, else one made from the logical id. Pure. */

import type { Map } from '../../map.js';

export const FIFO_SUFFIX = '.fifo';

/** The given name when it is known; else the logical id, with the suffix of FIFO queues and topics. */
export function nameOf(logicalId: string, properties: Map, property: string): string {
  const given = properties[property];
  if (typeof given === 'string' && given !== '') return given;
  const { FifoQueue, FifoTopic } = properties;
  const fifo = isTrue(FifoQueue) || isTrue(FifoTopic);
  return fifo ? `${logicalId}${FIFO_SUFFIX}` : logicalId;
}

/** Buckets' names are in lower case and have three characters at least. */
export function bucketNameOf(logicalId: string, { BucketName: given }: Map): string {
  if (typeof given === 'string' && given !== '') return given;
  const name = logicalId.toLowerCase();
  return name.length < 3 ? `${name}-bucket` : name;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
