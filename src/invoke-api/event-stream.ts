/** The frames of InvokeWithResponseStream (contract 7.7), in the AWS event stream encoding. */

import { createRequire } from 'node:module';
import type { EventStreamCodec } from '@smithy/eventstream-codec';

let codec: EventStreamCodec | undefined;

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
  codec ??= makeCodec();
  return codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: eventType },
      ':content-type': { type: 'string', value: contentType },
    },
    body,
  });
}

/** Loaded for the first stream: starts do without. */
function makeCodec(): EventStreamCodec {
  const { EventStreamCodec: Codec } = createRequire(import.meta.url)(
    '@smithy/eventstream-codec',
  ) as {
    EventStreamCodec: typeof EventStreamCodec;
  };
  return new Codec(
    (bytes) => Buffer.from(bytes).toString('utf8'),
    (text) => Buffer.from(text, 'utf8'),
  );
}
