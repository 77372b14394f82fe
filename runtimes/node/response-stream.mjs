// What a streaming handler writes to (contract 3.6, 7.7): each chunk is sent when it is written, at
// the pace at which the platform takes them.

import { runtimeError } from './errors.mjs';

const { Writable } = process.getBuiltinModule('node:stream');

const INTEGRATION_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);
const NO_HEADER_TEXT = /[^\t\x20-\x7e\x80-\xff]/;

/** What a streaming handler's call resolves to: its response has gone out already. */
export const STREAMED = Symbol('streamed');

export class ResponseStream extends Writable {
  #post;
  #contentType = 'application/octet-stream';
  #prelude;
  #started = false;
  #sent;
  #trailers = '';
  finished;

  /** `post(contentType)` begins the response: `{ write(bytes, done), end(trailers, done) }`. */
  constructor(post, highWaterMark) {
    super({ decodeStrings: true, ...(highWaterMark === undefined ? {} : { highWaterMark }) });
    this.#post = post;
    // An error reaches the handler through its own listeners and promises.
    this.finished = new Promise((resolve) => this.once('close', resolve));
    this.on('error', () => undefined);
  }

  setContentType(type) {
    if (this.#started)
      throw runtimeError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    if (NO_HEADER_TEXT.test(type))
      throw new TypeError('Invalid character in header content ["Content-Type"]');
    this.#contentType = type;
  }

  /** Goes before the first chunk. */
  setPrelude(metadata) {
    this.setContentType(INTEGRATION_TYPE);
    this.#prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), PRELUDE_END]);
  }

  write(chunk, ...rest) {
    const first = !this.#started;
    this.#started = true;
    // What libraries that bring their own HttpResponseStream set.
    if (first) this._onBeforeFirstWrite?.((piece) => super.write(piece));
    const plain = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(plain ? chunk : JSON.stringify(chunk), ...rest);
  }

  _write(chunk, _encoding, done) {
    this.#begin().write(chunk, done);
  }

  _writev(chunks, done) {
    const sent = this.#begin();
    const last = chunks.length - 1;
    chunks.forEach(({ chunk }, index) => sent.write(chunk, index === last ? done : undefined));
  }

  _final(done) {
    this.#begin().end(this.#trailers, done);
  }

  #begin() {
    this.#started = true;
    if (this.#sent === undefined) {
      this.#sent = this.#post(this.#contentType);
      if (this.#prelude !== undefined) this.#sent.write(this.#prelude);
    }
    return this.#sent;
  }

  /** Ends with an error what has begun; false when nothing has, so that there is nothing to end. */
  async fail(trailers) {
    if (this.#sent === undefined) return false;
    this.#trailers = trailers;
    if (this.destroyed && !this.writableFinished) this.#sent.end(trailers);
    else if (!this.writableEnded) this.end();
    await this.finished;
    return true;
  }
}

export const HttpResponseStream = {
  from(stream, metadata) {
    stream.setPrelude(metadata);
    return stream;
  },
};
