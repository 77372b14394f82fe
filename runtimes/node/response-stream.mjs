// What a streaming handler writes to (contract 3.6, 7.7): chunks of any kind, collected.

import { Writable } from 'node:stream';
import { runtimeError } from './errors.mjs';

const INTEGRATION_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);

/** A whole response that is not JSON of ours. */
export class Streamed {
  constructor(body, contentType) {
    this.body = body;
    this.contentType = contentType;
  }
}

export class ResponseStream extends Writable {
  #pieces = [];
  #contentType = 'application/octet-stream';
  #prelude;
  #started = false;
  finished;

  constructor() {
    super({ decodeStrings: true });
    // An error reaches the handler through its own listeners and promises.
    this.finished = new Promise((resolve) => this.once('close', resolve));
    this.on('error', () => undefined);
  }

  setContentType(type) {
    if (this.#started)
      throw runtimeError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this.#contentType = type;
  }

  /** Goes before the first chunk. */
  setPrelude(metadata) {
    this.setContentType(INTEGRATION_TYPE);
    this.#prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), PRELUDE_END]);
  }

  write(chunk, ...rest) {
    this.#started = true;
    const plain = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(plain ? chunk : JSON.stringify(chunk), ...rest);
  }

  _write(chunk, _encoding, done) {
    this.#pieces.push(chunk);
    done();
  }

  response() {
    const pieces = this.#prelude === undefined ? this.#pieces : [this.#prelude, ...this.#pieces];
    return new Streamed(Buffer.concat(pieces), this.#contentType);
  }
}

export const HttpResponseStream = {
  from(stream, metadata) {
    stream.setPrelude(metadata);
    return stream;
  },
};
