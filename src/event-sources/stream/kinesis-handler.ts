/**
 * How Kinesis is talked to. By default its client speaks HTTP/2 only, which few servers but AWS do;
 * and some servers write the time a stream was made as text, where the client takes a number only.
 */

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';

const TARGET = 'x-amz-target';
const DESCRIBES = /\.DescribeStreamSummary$/;
const CREATED = /("StreamCreationTimestamp"\s*:\s*)"([^"]+)"/;

export class KinesisHandler extends NodeHttpHandler {
  constructor(options: NodeHttpHandlerOptions) {
    super(options);
  }

  override async handle(
    ...[request, options]: Parameters<NodeHttpHandler['handle']>
  ): ReturnType<NodeHttpHandler['handle']> {
    const answer = await super.handle(request, options);
    if (!DESCRIBES.test(request.headers[TARGET] ?? '')) return answer;
    const text = (await buffer(answer.response.body as Readable)).toString('utf8');
    answer.response.body = Readable.from([Buffer.from(withSeconds(text))]);
    return answer;
  }
}

/** The time of creation as the seconds that the client expects. */
export function withSeconds(text: string): string {
  return text.replace(CREATED, (_, key: string, written: string) => {
    const ms = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(written) ? written : `${written}Z`);
    return `${key}${Number.isNaN(ms) ? 0 : ms / 1000}`;
  });
}
