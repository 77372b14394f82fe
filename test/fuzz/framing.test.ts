/**
 * Our framing against the parser it stands before, on streams drawn from a seed: the same requests,
 * ending at the same bytes, or handed on. Both doors (Runtime API and Invoke) read by it; here it
 * takes all that it can read, where they hand on more. What fails is printed with its seed, which
 * `FUZZ_SEED=<seed> FUZZ_STREAMS=1` replays.
 */

import { expect, it } from '@jest/globals';
import { Random } from '../simulation/random.js';
import { noteForSummary } from '../support/summary-note.js';
import {
  NodeParser,
  readByServer,
  readByUs,
  type Answering,
  type NodeReading,
  type Reading,
} from './http-readings.js';
import { drawStream, piecesOf, type CutStream } from './http-streams.js';

const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const STREAMS = Number(process.env['FUZZ_STREAMS'] ?? 1_000_000);
/** So many of them are read by a whole server of `node:http` as well. */
const BY_SERVER = Math.min(STREAMS, 4_000);
const LIMIT_MS = 3_600_000;

interface Drawn extends CutStream {
  readonly answering: Answering;
  readonly holdsAnswers: boolean;
}

function drawn(seed: number): Drawn {
  const random = new Random(seed);
  const answering = random.pick<Answering>(['at once', 'at once', 'late', 'early']);
  return { ...drawStream(random), answering, holdsAnswers: random.chance(0.5) };
}

/** The places where we say a request ends, and those before, beside those of the stream. */
function cutsWithEnds({ bytes, cuts }: CutStream, { ends }: Reading): number[] {
  const places = new Set(cuts);
  for (const end of ends) {
    if (end < bytes.length) places.add(end);
    if (end <= bytes.length && end > 1) places.add(end - 1);
  }
  return [...places].sort((a, b) => a - b);
}

/** What is wrong; undefined: nothing. */
function difference(
  { bytes, answering }: Drawn,
  ours: Reading,
  theirs: NodeReading,
  pieces: readonly Buffer[],
): string | undefined {
  const whole = ours.ends.filter((end) => end <= bytes.length).length;
  for (let index = 0; index < whole; index += 1) {
    const [mine, other] = [ours.requests[index], theirs.requests[index]];
    if (mine === undefined || other === undefined) return `request ${index} is none to Node.js`;
    const wrong =
      mine.method !== other.method ||
      mine.path !== other.path ||
      mine.headers.join('\n') !== other.headers.join('\n') ||
      (answering !== 'early' && mine.body !== other.body);
    if (wrong) return `request ${index}: ${JSON.stringify(mine)} is ${JSON.stringify(other)}`;
  }
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    at += piece.length;
    const endedByUs = ours.ends.filter((end) => end <= at).length;
    const complete = theirs.completeAfter[index] ?? 0;
    // Once it is handed on, what follows is read by Node.js alone.
    const mayBeMore = ours.handedOff && endedByUs === whole;
    if (complete !== endedByUs && !(mayBeMore && complete > endedByUs)) {
      return `after ${at} bytes ${endedByUs} requests ended, and ${complete} to Node.js`;
    }
  }
  return undefined;
}

it(
  `reads ${STREAMS} streams as the complete parser does, or hands them on`,
  () => {
    const node = new NodeParser();
    let compared = 0;
    let handedOn = 0;
    let refusedByNode = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + STREAMS; seed += 1) {
      const stream = drawn(seed);
      const { bytes, cuts, answering, holdsAnswers } = stream;
      const ours = readByUs(piecesOf(bytes, cuts), answering, holdsAnswers);
      const pieces = piecesOf(bytes, cutsWithEnds(stream, ours));
      const theirs = node.read(pieces);
      const wrong = difference(stream, ours, theirs, pieces);
      if (wrong !== undefined) {
        throw new Error(`seed ${seed}: ${wrong}\n${JSON.stringify(bytes.toString('latin1'))}`);
      }
      compared += ours.ends.length;
      if (ours.handedOff) handedOn += 1;
      if (theirs.failed) refusedByNode += 1;
    }
    noteForSummary(
      'fuzz',
      'framing',
      `${STREAMS} streams read by both parsers: ${compared} requests alike, ${handedOn} streams ` +
        `handed on, ${refusedByNode} refused by Node.js`,
    );
    if (STREAMS < 1_000) return;
    expect(compared).toBeGreaterThan(STREAMS / 2);
    expect(handedOn).toBeGreaterThan(STREAMS / 20);
    expect(refusedByNode).toBeGreaterThan(STREAMS / 20);
  },
  LIMIT_MS,
);

it(
  `reads ${BY_SERVER} of them as a whole server of node:http does`,
  async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + BY_SERVER; seed += 1) {
      const stream = drawn(seed);
      const { bytes, cuts } = stream;
      const ours = readByUs(piecesOf(bytes, cuts), 'at once', false);
      // What is broken ends the connection: not before the request ahead of it was read.
      const theirs = await readByServer(piecesOf(bytes, cutsWithEnds(stream, ours)));
      const mine = ours.requests.slice(0, ours.ends.filter((end) => end <= bytes.length).length);
      expect({ seed, read: theirs.slice(0, mine.length) }).toEqual({ seed, read: mine });
    }
  },
  LIMIT_MS,
);
