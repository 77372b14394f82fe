// The Runtime API over one keep-alive connection on a raw socket: one write for each message.
// Answers come in the order of the requests.

import { Answers } from './answers.mjs';

const net = process.getBuiltinModule('node:net');

const VERSION = '/2018-06-01/runtime/';
/** A response up to this goes out together with the poll for the next event. */
const PIPELINED_BYTES = 64 * 1024;
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';
const STREAMING =
  'Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n' +
  `Trailer: ${ERROR_TYPE}, ${ERROR_BODY}\r\n`;

export class RuntimeClient {
  #address;
  #target;
  #open;
  #socket;
  /** What was written before the connection stood; undefined from then on. */
  #early;
  /** What has come of answers, those that nobody has asked for yet, and who waits for one. */
  #coming;
  #answers = [];
  #waiting = [];
  #next;
  #closing = false;
  /** A message of ours is with the kernel, or waits for it. */
  #writing = false;
  #written;
  /** A server that ends connections might lose what was sent ahead. */
  #pipelines = true;
  /** The response stream of the invocation in progress. */
  #stream;

  /** Settles with the answer to the last message that was posted. */
  posted;

  /**
   * `path`: a socket that leads to the same server, where the platform has put one. `open` makes the
   * connection, as `net.connect` does.
   */
  constructor(address, path, open = net.connect) {
    this.#address = address;
    this.#open = open;
    this.#target = path === undefined ? networkTarget(address) : { path };
    this.#next = this.#head('GET', 'invocation/next', '');
    this.#connect();
  }

  /** Whether the connection keeps the process alive: not while only a handler's work should. */
  hold(holds) {
    if (holds) this.#socket.ref();
    else this.#socket.unref();
  }

  /** The next event: `{ headers, body }`. Never times out. */
  next() {
    this.#reconnect();
    this.#send(this.#next);
    return this.#answer();
  }

  /** Posts the end of an invocation and polls for the next event. */
  respond(requestId, body, contentType) {
    return this.#postThenNext(`invocation/${requestId}/response`, body, contentType, '');
  }

  async fail(requestId, body, headers) {
    if (this.#stream !== undefined && (await this.#failStream(body))) return this.nextAfterStream();
    return this.#postThenNext(`invocation/${requestId}/error`, body, 'application/json', headers);
  }

  /** Posts an error without polling again: the process is about to end. */
  post(path, body, headers) {
    this.#write(path, body, 'application/json', headers, false);
    return this.#answer();
  }

  /** The same for the invocation in progress, whose response may have begun. */
  async failAndEnd(requestId, body, headers) {
    if (this.#stream !== undefined && (await this.#failStream(body))) return this.posted;
    return this.post(`invocation/${requestId}/error`, body, headers);
  }

  /** `open(post)` makes the stream that a handler writes its response to. */
  stream(requestId, open) {
    this.#stream = open((contentType) => this.#startResponse(requestId, contentType));
    return this.#stream;
  }

  /** The next event, once the response that was streamed has been taken. */
  async nextAfterStream() {
    this.#stream = undefined;
    sayRefused(await this.posted);
    return this.next();
  }

  /** Whether the response had begun, so that the error had to go behind it. */
  async #failStream(body) {
    const type = String(JSON.parse(body).errorType).replace(/[^\x20-\x7e]/g, '?');
    const text = Buffer.from(body).toString('base64');
    return this.#stream.fail(`${ERROR_TYPE}: ${type}\r\n${ERROR_BODY}: ${text}\r\n`);
  }

  /** The head goes out with the first piece. */
  #startResponse(requestId, contentType) {
    this.#reconnect();
    const socket = this.#socket;
    let due = this.#head(
      'POST',
      `invocation/${requestId}/response`,
      `Content-Type: ${contentType}\r\n${STREAMING}`,
    );
    let ended = false;
    this.posted = this.#answer();
    return {
      write(bytes, done) {
        // A piece of no bytes would be the end.
        const length = bytes.length === 0 ? '' : `${bytes.length.toString(16)}\r\n`;
        socket.cork();
        socket.write(due + length, 'latin1');
        socket.write(bytes);
        socket.write(bytes.length === 0 ? '' : '\r\n', 'latin1', done);
        socket.uncork();
        due = '';
      },
      end(trailers, done) {
        if (ended) return;
        ended = true;
        socket.write(`${due}0\r\n${trailers}\r\n`, 'latin1', done);
      },
    };
  }

  async #postThenNext(path, body, contentType, headers) {
    const together = this.#write(path, body, contentType, headers, this.#pipelines);
    this.posted = this.#answer();
    const posted = await this.posted;
    sayRefused(posted);
    return together && !posted.closed ? this.#answer() : this.next();
  }

  /** Returns whether the poll behind it, if `pipelines`, has gone out with it. */
  #write(path, body, contentType, headers, pipelines) {
    this.#reconnect();
    const sent = measurable(body);
    const length = Buffer.byteLength(sent);
    const head = this.#head(
      'POST',
      path,
      `Content-Type: ${contentType}\r\nContent-Length: ${length}\r\n${headers}`,
    );
    if (length > PIPELINED_BYTES) {
      const bytes = typeof sent === 'string' ? Buffer.from(sent) : sent;
      this.#early?.push(head, bytes);
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(bytes);
      this.#socket.uncork();
      return false;
    }
    // A text of as many bytes as characters is the same in every encoding.
    const isPlain = typeof sent === 'string' && length === sent.length;
    const text = isPlain ? sent : Buffer.from(sent).latin1Slice();
    this.#send(head + text + (pipelines ? this.#next : ''));
    return pipelines;
  }

  /** Bytes, or a text whose characters are bytes. */
  #send(message) {
    const socket = this.#socket;
    this.#early?.push(message);
    if (this.#early !== undefined || this.#writing || socket.writableLength > 0) {
      socket.write(message, 'latin1');
      return;
    }
    // What the stream would do besides is of use only to what the kernel does not take at once.
    this.#writing = true;
    socket._write(message, 'latin1', this.#written);
  }

  #head(method, path, headers) {
    return (
      `${method} ${VERSION}${path} HTTP/1.1\r\nHost: ${this.#address}\r\n` +
      `User-Agent: orchestrator-nodejs/${process.versions.node}\r\n${headers}\r\n`
    );
  }

  /** A server may end the connection with any answer. */
  #reconnect() {
    if (!this.#closing) return;
    this.#socket.destroy();
    this.#connect();
  }

  #connect() {
    const answers = new Answers();
    const onread = {
      buffer: () => answers.room(),
      callback: (count) => {
        answers.came(count);
        if (answers === this.#coming) this.#read();
        return true;
      },
    };
    const socket = this.#open({ ...this.#target, onread });
    this.#written = (error) => {
      if (socket === this.#socket) this.#writing = false;
      if (error) socket.destroy();
    };
    this.#socket = socket;
    this.#coming = answers;
    this.#answers = [];
    this.#closing = false;
    this.#writing = false;
    this.#early = [];
    socket.on('connect', () => (this.#early = undefined));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (socket !== this.#socket || this.#closing) return;
      if (this.#early !== undefined && this.#target.path !== undefined) return this.#useNetwork();
      // A server may tire of a connection on which nobody asks; the next message opens another.
      this.#closing = this.#waiting.length === 0;
      if (this.#closing) return;
      process.stdout.write('The connection to the Runtime API was lost.\n');
      process.exit(1);
    });
  }

  /** The socket is not to be had. */
  #useNetwork() {
    const early = this.#early;
    this.#target = networkTarget(this.#address);
    this.#connect();
    for (const message of early) this.#send(message);
  }

  #answer() {
    const answer = first(this.#answers);
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #read() {
    for (let answer = this.#coming.take(); answer !== undefined; answer = this.#coming.take()) {
      if (answer.closed) {
        this.#closing = true;
        this.#pipelines = false;
      }
      const resolve = first(this.#waiting);
      if (resolve === undefined) this.#answers.push(answer);
      else resolve(answer);
    }
  }
}

/** Taken away. One that is alone, as nearly always, goes faster from the other end. */
function first(list) {
  return list.length > 1 ? list.shift() : list.pop();
}

function networkTarget(address) {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true };
}

/** Of a long text the bytes: to count them takes nearly as long as to make them. */
function measurable(body) {
  return typeof body === 'string' && body.length > PIPELINED_BYTES ? Buffer.from(body) : body;
}

function sayRefused({ status, body }) {
  if (status >= 400) process.stdout.write(`The response was refused: ${status} ${body}\n`);
}
