import { describe, expect, it } from '@jest/globals';
import { endOf, startOf } from '../../../src/invocation/plain-invocation.js';
import { LogHub } from '../../../src/log/log-hub.js';
import type { LogLine } from '../../../src/view.js';
import { UNHEARD } from '../../support/unheard.js';

function line(functionName: string, requestId: string, text: string): LogLine {
  return {
    timestampMs: 0,
    functionName,
    environmentId: 'env',
    requestId,
    source: 'function',
    text,
  };
}

describe('the log hub', () => {
  it('hands every line to the store and each follower what it asked for, in order', () => {
    const kept: string[] = [];
    const hub = new LogHub({ ...UNHEARD, line: ({ text }) => kept.push(text) });
    const seen: Record<string, string[]> = { all: [], one: [], request: [] };
    hub.follow({}, ({ text }) => seen['all']!.push(text));
    hub.follow({ functionName: 'one' }, ({ text }) => seen['one']!.push(text));
    hub.follow({ requestId: 'r2' }, ({ text }) => seen['request']!.push(text));
    hub.line(line('one', 'r1', 'a'));
    hub.line(line('two', 'r2', 'b'));
    hub.line(line('one', 'r2', 'c'));
    expect(kept).toEqual(['a', 'b', 'c']);
    expect(seen).toEqual({ all: ['a', 'b', 'c'], one: ['a', 'c'], request: ['b', 'c'] });
  });

  it('tells followers the lines of plain invocations, which the store makes itself', () => {
    const kept: string[] = [];
    const hub = new LogHub({
      line: ({ text }) => kept.push(text),
      began: ({ requestId }) => kept.push(`${requestId} began`),
      ended: ({ requestId }) => kept.push(`${requestId} ended`),
    });
    const seen: LogLine[] = [];
    const by = { functionName: 'one', version: '1', memorySizeMb: 128, environmentId: 'env' };
    const start = { by, requestId: 'r1', timestampMs: 5 };
    const end = {
      startedAtMs: 4,
      durationMs: 2,
      timestampMs: 7,
      memoryPeakMb: 30,
      start: 'warm' as const,
      served: 1,
    };
    hub.follow({ functionName: 'one' }, (told) => seen.push(told));
    hub.follow({ functionName: 'two' }, (told) => seen.push(told));
    hub.began(start);
    hub.line(line('one', 'r1', 'a'));
    hub.ended(start, end);
    expect(kept).toEqual(['r1 began', 'a', 'r1 ended']);
    expect(seen).toEqual([startOf(start), line('one', 'r1', 'a'), ...endOf(start, end)]);
  });

  it('calls a follower no more once it left, also from within a line', () => {
    const hub = new LogHub(UNHEARD);
    const seen: string[] = [];
    const leave = hub.follow({}, ({ text }) => {
      seen.push(text);
      leave();
    });
    hub.line(line('one', 'r', 'a'));
    hub.line(line('one', 'r', 'b'));
    leave();
    expect(seen).toEqual(['a']);
  });

  it('goes on without a follower that fails', () => {
    const hub = new LogHub(UNHEARD);
    const seen: string[] = [];
    let failures = 0;
    hub.follow({}, () => {
      failures += 1;
      throw new Error('the reader is gone');
    });
    hub.follow({}, ({ text }) => seen.push(text));
    hub.line(line('one', 'r', 'a'));
    hub.line(line('one', 'r', 'b'));
    expect(seen).toEqual(['a', 'b']);
    expect(failures).toBe(1);
  });
});
