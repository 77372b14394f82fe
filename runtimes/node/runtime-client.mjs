// The Runtime API over one keep-alive connection on a raw socket: one write for each message, as
// little parsing as the answers need. Answers come in the order of the requests.

import net from 'node:net';

const VERSION = '/2018-06-01/runtime/';
/** A response up to this goes out together with the poll for the next event. */
const PIPELINED_BYTES = 64 * 1024;
const END_OF_HEAD = '\r\n\r\n';
const EMPTY = Buffer.alloc(0);

export class RuntimeClient {
  #address;
  #host;
  #port;
  #socket;
  #unread = EMPTY;
  #waiting = [];
  #next;
  #closing = false;
  /** A server that ends connections might lose what was sent ahead. */
  #pipelines = true;

  constructor(address) {
    this.#address = address;
    const colon = address.lastIndexOf(':');
    this.#host = address.slice(0, colon);
    this.#port = Number(address.slice(colon + 1));
    this.#next = this.#head('GET', 'invocation/next', '');
    this.#connect();
  }

  /** Work of the handler alone decides whether the process may end. */
  unref() {
    this.#socket.unref();
  }

  ref() {
    this.#socket.ref();
  }

  /** The next event: `{ headers, body }`. Never times out. */
  next() {
    this.#reconnect();
    this.#socket.write(this.#next, 'latin1');
    return this.#answer();
  }

  /** Posts the end of an invocation and polls for the next event. */
  async respond(requestId, body, contentType) {
    return this.#postThenNext(`invocation/${requestId}/response`, body, contentType, '');
  }

  async fail(requestId, body, headers) {
    return this.#postThenNext(`invocation/${requestId}/error`, body, 'application/json', headers);
  }

  /** Posts an error without polling again: the process is about to end. */
  async post(path, body, headers) {
    this.#write(path, body, 'application/json', headers, false);
    return this.#answer();
  }

  async #postThenNext(path, body, contentType, headers) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const together = this.#pipelines && bytes.length <= PIPELINED_BYTES;
    this.#write(path, bytes, contentType, headers, together);
    const posted = await this.#answer();
    if (posted.status >= 400) complain(`The response was refused: ${posted.status} ${posted.body}`);
    return together && !posted.closed ? this.#answer() : this.next();
  }

  #write(path, body, contentType, headers, together) {
    this.#reconnect();
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const head = this.#head(
      'POST',
      path,
      `Content-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n${headers ?? ''}`,
    );
    if (bytes.length > PIPELINED_BYTES) {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(bytes);
      this.#socket.uncork();
      return;
    }
    const tail = together ? this.#next : '';
    const message = Buffer.allocUnsafe(head.length + bytes.length + tail.length);
    message.latin1Write(head, 0);
    bytes.copy(message, head.length);
    message.latin1Write(tail, head.length + bytes.length);
    this.#socket.write(message);
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
    const socket = net.connect({ host: this.#host, port: this.#port, noDelay: true });
    this.#socket = socket;
    this.#unread = EMPTY;
    this.#closing = false;
    socket.on('data', (chunk) => {
      if (socket !== this.#socket) return;
      this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
      this.#read();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (socket !== this.#socket || this.#closing) return;
      complain('The connection to the Runtime API was lost.');
      process.exit(1);
    });
  }

  #answer() {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#read();
    });
  }

  #read() {
    while (this.#waiting.length > 0) {
      const answer = parse(this.#unread);
      if (answer === undefined) return;
      this.#unread = this.#unread.subarray(answer.bytes);
      if (answer.closed) {
        this.#closing = true;
        this.#pipelines = false;
      }
      this.#waiting.shift()(answer);
    }
  }
}

/** One whole answer at the start of `bytes`, or undefined while some of it is missing. */
function parse(bytes) {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const lines = bytes.latin1Slice(0, end).split('\r\n');
  const headers = Object.create(null);
  for (let index = 1; index < lines.length; index += 1) {
    const colon = lines[index].indexOf(':');
    headers[lines[index].slice(0, colon).toLowerCase()] = lines[index].slice(colon + 1).trim();
  }
  const start = end + END_OF_HEAD.length;
  const status = Number(lines[0].slice(9, 12));
  const closed = headers.connection?.toLowerCase() === 'close';
  if (headers['transfer-encoding'] !== undefined) {
    const chunked = dechunk(bytes, start);
    return chunked && { status, headers, closed, body: chunked.body, bytes: chunked.end };
  }
  const length = Number(headers['content-length'] ?? 0);
  if (bytes.length < start + length) return undefined;
  return {
    status,
    headers,
    closed,
    body: bytes.subarray(start, start + length),
    bytes: start + length,
  };
}

function dechunk(bytes, start) {
  const pieces = [];
  for (let at = start; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.latin1Slice(at, line), 16);
    if (bytes.length < line + 2 + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(pieces), end: line + 4 };
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function complain(text) {
  process.stdout.write(`${text}\n`);
}
