/** The frames of InvokeWithResponseStream (contract 7.7), in the AWS event stream encoding. */

import { EventStreamCodec } from '@smithy/eventstream-codec';

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

export interface Completion {
  readonly ErrorCode?: string;
  readonly ErrorDetails?: string;
  /** Base64. */
  readonly LogResult?: string;
}

export function payloadChunk(payload: Buffer): Uint8Array {
  return frame('PayloadChunk', 'application/octet-stream', payload);
}

export function invokeComplete(completion: Completion): Uint8Array {
  return frame('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(completion)));
}

function frame(eventType: string, contentType: string, body: Uint8Array): Uint8Array {
  return codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: eventType },
      ':content-type': { type: 'string', value: contentType },
    },
    body,
  });
}
