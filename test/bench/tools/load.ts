/**
 * The load: a process of its own with keep-alive connections on raw sockets, the same for every
 * target. An event is one write; of an answer it reads what its end takes: the status and the
 * announced length. What a full client would cost besides would hide what is measured. Whatever it
 * does not expect ends it: another status, an answer of unknown length, an event that failed.
 *
 * Reads one job as JSON from its input, prints a `LoadResult` as JSON.
 */

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface LoadJob {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  readonly warmup: number;
  readonly count: number;
  /** As many connections, each with one event at a time. */
  readonly inFlight: number;
  /** Pause between the end of one event and the next, on each connection. */
  readonly spacingMs: number;
  /** The answers say when the handler was entered: `{ "enteredMs": <monotonic ms> }`. */
  readonly entered?: boolean;
}

export interface LoadResult {
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
  /** From the write of the event to the handler; empty unless the job asks for it. */
  readonly enteredAfterMs: readonly number[];
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)\r\n/i;
/** An answer of ours for a handler that failed; a floor has none of its own. */
const FAILED = /\r\nx-amz-function-error:/i;

/** One connection: an event is sent when the answer to the one before is whole. */
class Lane {
  readonly #socket: Socket;
  readonly #message: Buffer;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** What the answer takes in all; 0 until its head is here. */
  #wanted = 0;
  #bodyAt = 0;
  #answered: ((body: Buffer) => void) | undefined;

  private constructor(socket: Socket, job: LoadJob) {
    this.#socket = socket;
    const body = Buffer.from(job.body);
    const head =
      `POST ${job.path} HTTP/1.1\r\nHost: 127.0.0.1:${job.port}\r\n` +
      `Content-Length: ${body.length}\r\n\r\n`;
    this.#message = Buffer.concat([Buffer.from(head, 'latin1'), body]);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', fail);
    socket.on('close', () => {
      if (this.#answered !== undefined) fail(new Error('the connection ended before the answer'));
    });
  }

  static open(job: LoadJob): Promise<Lane> {
    return new Promise((resolve) => {
      const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true });
      const lane = new Lane(socket, job);
      socket.once('connect', () => resolve(lane));
    });
  }

  /** Resolves to the body of the answer. */
  call(): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(this.#message);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    if (this.#wanted === 0) this.#readHead();
    if (this.#wanted === 0 || this.#bytes < this.#wanted) return;
    if (this.#bytes > this.#wanted) fail(new Error('more came than was announced'));
    const body = this.#joined().subarray(this.#bodyAt);
    const answered = this.#answered;
    this.#pieces = [];
    this.#bytes = 0;
    this.#wanted = 0;
    this.#answered = undefined;
    if (answered === undefined) fail(new Error('an answer came that nobody had asked for'));
    else answered(body);
  }

  #readHead(): void {
    const bytes = this.#joined();
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const head = bytes.toString('latin1', 0, end + 2);
    const length = LENGTH.exec(head)?.[1];
    if (!head.startsWith('HTTP/1.1 200 ') || length === undefined || FAILED.test(head)) {
      fail(new Error(`an unexpected answer: ${bytes.toString('latin1', 0, 2000)}`));
      return;
    }
    this.#bodyAt = end + END_OF_HEAD.length;
    this.#wanted = this.#bodyAt + Number(length);
  }

  #joined(): Buffer {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const joined = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [joined];
    return joined;
  }
}

function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

async function run(job: LoadJob, lanes: readonly Lane[], count: number): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const enteredAfterMs: number[] = [];
  let left = count;
  const startedAt = performance.now();
  const work = async (lane: Lane): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sentAt = performance.now();
      const body = await lane.call();
      latenciesMs.push(performance.now() - sentAt);
      if (job.entered === true)
        enteredAfterMs.push(enteredAt(body) - (MONOTONIC_ORIGIN_MS + sentAt));
      if (job.spacingMs > 0) await new Promise((next) => setTimeout(next, job.spacingMs));
    }
  };
  await Promise.all(lanes.map(work));
  return { latenciesMs, elapsedMs: performance.now() - startedAt, enteredAfterMs };
}

const LOOKS = 100;

/**
 * What is added to our own time to get the kernel's, which containers read as well. Between two looks
 * at it anything may come, and does the first time: of many the closest pair tells.
 */
function monotonicOriginMs(): number {
  let closestMs = Infinity;
  let originMs = 0;
  for (let look = 0; look < LOOKS; look += 1) {
    const before = Number(process.hrtime.bigint()) / 1e6;
    const own = performance.now();
    const apartMs = Number(process.hrtime.bigint()) / 1e6 - before;
    if (apartMs >= closestMs) continue;
    closestMs = apartMs;
    originMs = before + apartMs / 2 - own;
  }
  return originMs;
}

const MONOTONIC_ORIGIN_MS = monotonicOriginMs();

function enteredAt(body: Buffer): number {
  return (JSON.parse(body.toString()) as { enteredMs: number }).enteredMs;
}

async function input(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

const PRACTICE_CALLS = { atLeast: 500, atMost: 6000 };

/**
 * Calls a server of our own that answers at once: what compiling this program's code takes is then
 * part of nobody's event. V8 compiles beside what runs and for some thousands of calls; where the
 * scheduler puts that before who answers, an event waits for milliseconds, and one in a hundred did.
 */
async function practise(job: LoadJob): Promise<void> {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', () => socket.write(answer));
    socket.on('error', fail);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const practice: LoadJob = { ...job, port, body: '{}', spacingMs: 0, entered: false };
  const lane = await Lane.open(practice);
  const calls = Math.max(PRACTICE_CALLS.atLeast, 2 * job.count);
  await run(practice, [lane], Math.min(PRACTICE_CALLS.atMost, calls));
  lane.close();
  await new Promise((resolve) => server.close(resolve));
}

const job = JSON.parse(await input()) as LoadJob;
await practise(job);
const lanes = await Promise.all(Array.from({ length: job.inFlight }, () => Lane.open(job)));
await run(job, lanes, job.warmup);
process.stdout.write(JSON.stringify(await run(job, lanes, job.count)));
for (const lane of lanes) lane.close();
