import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Posted } from '../../../src/environment/post.js';
import {
  StreamedResponse,
  type StreamedResponseParts,
} from '../../../src/environment/streamed-response.js';
import { ManualClock } from '../../support/manual-clock.js';

const MIB = 2 ** 20;
const LIMIT_BYTES = 6_291_556;

let clock: ManualClock;
let ends: (Posted | 'too-large')[];
let taken: Buffer[];
/** Releases a sink that is full. */
let drained: (() => void) | undefined;
let full: boolean;
let readies: number;

beforeEach(() => {
  clock = new ManualClock();
  ends = [];
  taken = [];
  drained = undefined;
  full = false;
  readies = 0;
});

const ready = (): void => void (readies += 1);

function open(parts: Partial<StreamedResponseParts> = {}): StreamedResponse {
  return new StreamedResponse({
    clock,
    requestId: 'id-1',
    contentType: 'text/plain',
    ended: (posted) => void ends.push(posted),
    ...parts,
  });
}

const streaming = (): StreamedResponse =>
  open({
    sink: {
      begin: () => undefined,
      write: (piece, onDrained) => {
        taken.push(piece);
        if (full) drained = onDrained;
        return !full;
      },
    },
  });

const bodyOf = (posted: Posted | 'too-large' | undefined): unknown =>
  JSON.parse(String((posted as Posted).payload));

describe('a response in pieces whose caller wants it whole', () => {
  it('is collected', () => {
    const response = open();
    expect(response.write(Buffer.from('a'), ready)).toBe(true);
    expect(response.write(Buffer.from('b'), ready)).toBe(true);
    expect(response.end({})).toBe('accepted');
    expect(ends).toEqual([
      {
        kind: 'response',
        payload: Buffer.from('ab'),
        contentType: 'text/plain',
        streamed: { beganAt: 0, bytes: 2 },
      },
    ]);
  });

  it('is too large beyond the limit of buffered responses, and said so at once', () => {
    const response = open();
    response.write(Buffer.alloc(LIMIT_BYTES), ready);
    expect(ends).toEqual([]);
    response.write(Buffer.alloc(1), ready);
    expect(ends).toEqual(['too-large']);
    response.write(Buffer.alloc(1), ready);
    expect(response.end({})).toBe('too-large');
    expect(ends).toHaveLength(1);
  });

  it('may be of the very limit', () => {
    const response = open();
    response.write(Buffer.alloc(LIMIT_BYTES), ready);
    expect(response.end({})).toBe('accepted');
  });
});

describe('a response in pieces whose caller takes them', () => {
  it('goes on piece by piece, and nothing of it is left for the outcome', () => {
    const response = streaming();
    response.write(Buffer.from('a'), ready);
    expect(String(taken)).toBe('a');
    expect(ends).toEqual([]);
    response.end({});
    expect(ends).toEqual([
      {
        kind: 'response',
        payload: Buffer.alloc(0),
        contentType: 'text/plain',
        streamed: { beganAt: 0, bytes: 1 },
      },
    ]);
  });

  it('waits for a caller that is slow', () => {
    const response = streaming();
    full = true;
    expect(response.write(Buffer.from('a'), ready)).toBe(false);
    expect(readies).toBe(0);
    drained?.();
    expect(readies).toBe(1);
  });

  it('waits for the rate and for the caller, whichever is slower', () => {
    const response = streaming();
    expect(response.write(Buffer.alloc(6 * MIB), ready)).toBe(false);
    clock.advance(124);
    expect(readies).toBe(0);
    clock.advance(1);
    expect(readies).toBe(1);
    full = true;
    expect(response.write(Buffer.alloc(MIB), ready)).toBe(false);
    clock.advance(10_000);
    expect(readies).toBe(1);
    drained?.();
    expect(readies).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it('ends with an error beyond 200 MB', () => {
    const response = streaming();
    for (let sent = 0; sent < 200; sent += 1) response.write(Buffer.alloc(MIB), ready);
    expect(ends).toEqual([]);
    response.write(Buffer.alloc(1), ready);
    expect(ends).toEqual(['too-large']);
    expect(taken).toHaveLength(200);
    expect(response.end({})).toBe('too-large');
  });

  it('flows off once the invocation has ended otherwise', () => {
    const response = streaming();
    expect(response.write(Buffer.alloc(8 * MIB), ready)).toBe(false);
    response.abandon();
    expect(readies).toBe(1);
    expect(clock.pending).toBe(0);
    expect(response.write(Buffer.from('late'), ready)).toBe(true);
    response.cut();
    expect(response.end({})).toBe('invalid-state-transition');
    expect([taken.length, ends]).toEqual([1, []]);
  });
});

describe('an error at the end of a response in pieces', () => {
  const errorBody = Buffer.from('{"errorType":"RangeError","errorMessage":"ü"}').toString('base64');

  it.each([
    ['collected', open],
    ['streamed', streaming],
  ])('takes the place of what was %s', (_how, make) => {
    const response = make();
    response.write(Buffer.from('a'), ready);
    expect(response.end({ errorType: 'Runtime.Odd', errorBody })).toBe('accepted');
    expect(ends[0]).toMatchObject({
      kind: 'error',
      contentType: 'application/json',
      errorTypeHeader: 'Runtime.Odd',
    });
    expect(bodyOf(ends[0])).toEqual({ errorType: 'RangeError', errorMessage: 'ü' });
  });

  it('may be its type alone', () => {
    open().end({ errorType: 'Runtime.Odd' });
    expect(bodyOf(ends[0])).toEqual({ errorType: 'Runtime.Odd' });
  });

  it('is the platform’s when the runtime goes in the middle', () => {
    const response = streaming();
    response.write(Buffer.from('a'), ready);
    response.cut();
    response.cut();
    expect(ends).toHaveLength(1);
    expect(bodyOf(ends[0])).toEqual({
      errorType: 'Runtime.TruncatedResponse',
      errorMessage: 'RequestId: id-1 Error: Runtime ended its response before it was complete',
    });
  });
});
