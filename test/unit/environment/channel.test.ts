import { beforeEach, describe, expect, it } from '@jest/globals';
import { Channel, type Delivery, type Poll } from '../../../src/environment/channel.js';
import { StreamedResponse } from '../../../src/environment/streamed-response.js';
import { ManualClock } from '../../support/manual-clock.js';

const BODY = Buffer.from('{}');
const HEADERS = { contentType: 'application/json' };

function delivery(requestId: string): Delivery {
  return {
    requestId,
    invocationId: `delivery of ${requestId}`,
    deadlineMs: 1,
    invokedFunctionArn: 'arn',
    traceId: '',
    contentType: 'application/json',
    payload: BODY,
  };
}

describe('the order of Runtime API calls', () => {
  const clock = new ManualClock();
  let told: string[];
  let got: string[];
  let channel: Channel;
  const poll = (): Poll => ({ lost: false, deliver: ({ requestId }) => void got.push(requestId) });

  beforeEach(() => {
    told = [];
    got = [];
    channel = new Channel({
      runtimePolled: () => void told.push('polled'),
      pollLost: () => void told.push('lost'),
      responded: (posted) => void told.push(posted === 'too-large' ? posted : posted.kind),
      initFailed: () => void told.push('init-failed'),
      snapshotReady: () => void told.push('snapshot-ready'),
      restoreFailed: () => void told.push('restore-failed'),
      responding: (contentType, ended) => {
        told.push('responding');
        return new StreamedResponse({ clock, requestId: 'a', contentType, ended });
      },
    });
    channel.reset();
  });

  it('is next, response, next', () => {
    expect(channel.next(poll())).toBe('accepted');
    channel.deliver(delivery('a'));
    expect(channel.post('response', 'a', BODY, HEADERS)).toBe('accepted');
    expect(channel.next(poll())).toBe('accepted');
    channel.deliver(delivery('b'));
    expect(got).toEqual(['a', 'b']);
    expect(told).toEqual(['polled', 'response', 'polled']);
  });

  it('answers a repeated next with the same invocation', () => {
    channel.next(poll());
    channel.deliver(delivery('a'));
    expect(channel.next(poll())).toBe('accepted');
    expect(got).toEqual(['a', 'a']);
  });

  it('takes the loss of a second poll during an invocation for no loss at all', () => {
    const second = poll();
    channel.next(poll());
    channel.next(second);
    channel.deliver(delivery('a'));
    channel.lose(second);
    channel.post('response', 'a', BODY, HEADERS);
    expect(told).toEqual(['polled', 'response']);
  });

  it('holds a second poll and delivers to the first', () => {
    const second: string[] = [];
    channel.next(poll());
    channel.next({ lost: false, deliver: ({ requestId }) => void second.push(requestId) });
    channel.deliver(delivery('a'));
    expect([got, second]).toEqual([['a'], []]);
    expect(told).toEqual(['polled']);
  });

  it('refuses ids that are not the current one, then what is out of order', () => {
    expect(channel.post('response', 'a', BODY, HEADERS)).toBe('invalid-request-id');
    channel.next(poll());
    expect(channel.post('response', 'a', BODY, HEADERS)).toBe('invalid-request-id');
    channel.deliver(delivery('a'));
    expect(channel.post('error', 'b', BODY, HEADERS)).toBe('invalid-request-id');
    expect(channel.post('error', 'a', BODY, HEADERS)).toBe('accepted');
    expect(channel.post('error', 'a', BODY, HEADERS)).toBe('invalid-request-id');
    channel.next(poll());
    expect(channel.post('response', 'a', BODY, HEADERS)).toBe('invalid-state-transition');
    expect(told).toEqual(['polled', 'error', 'polled']);
  });

  it('takes init/error only before the first next, and nothing after it', () => {
    expect(channel.initError(BODY, 'application/json')).toBe('accepted');
    expect(channel.next(poll())).toBe('invalid-state-transition');
    expect(channel.initError(BODY, 'application/json')).toBe('invalid-state-transition');
    channel.reset();
    channel.next(poll());
    expect(channel.initError(BODY, 'application/json')).toBe('invalid-state-transition');
    expect(told).toEqual(['init-failed', 'polled']);
  });

  it('ends an invocation whose response is too large', () => {
    channel.next(poll());
    channel.deliver(delivery('a'));
    expect(channel.post('response', 'a', { tooLargeBytes: 7_000_000 }, HEADERS)).toBe('too-large');
    expect(told).toEqual(['polled', 'too-large']);
  });

  it('refuses everything from processes that are being ended', () => {
    channel.next(poll());
    channel.deliver(delivery('a'));
    channel.close();
    expect(channel.post('response', 'a', BODY, HEADERS)).toBe('invalid-request-id');
    expect(channel.next(poll())).toBe('invalid-state-transition');
    expect(channel.initError(BODY, 'application/json')).toBe('invalid-state-transition');
    expect(told).toEqual(['polled']);
  });

  it('takes nothing else until a response that arrives in pieces is complete', () => {
    channel.next(poll());
    channel.deliver(delivery('a'));
    const streamed = opened('a');
    expect(channel.phase).toBe('InvocationResponse');
    expect(channel.stream('a', HEADERS)).toBe('invalid-state-transition');
    expect(channel.post('error', 'a', BODY, HEADERS)).toBe('invalid-state-transition');
    expect(channel.next(poll())).toBe('invalid-state-transition');
    expect(streamed.end({})).toBe('accepted');
    expect(channel.stream('a', HEADERS)).toBe('invalid-request-id');
    expect(channel.next(poll())).toBe('accepted');
    expect(told).toEqual(['polled', 'responding', 'response', 'polled']);
  });

  it('holds a response in pieces to the same checks as a whole one', () => {
    channel.next(poll());
    expect(channel.stream('a', HEADERS)).toBe('invalid-request-id');
    channel.deliver(delivery('a'));
    expect(channel.stream('a', { ...HEADERS, invocationId: 'other' })).toBe(
      'invalid-invocation-id',
    );
    expect(told).toEqual(['polled']);
  });

  it('drops the rest of a response when its processes are being ended', () => {
    channel.next(poll());
    channel.deliver(delivery('a'));
    const streamed = opened('a');
    channel.close();
    expect(streamed.end({})).toBe('invalid-state-transition');
    streamed.cut();
    expect(told).toEqual(['polled', 'responding']);
  });

  function opened(requestId: string): StreamedResponse {
    const streamed = channel.stream(requestId, HEADERS);
    if (typeof streamed === 'string') throw new Error(streamed);
    return streamed;
  }

  it('tells of a lost poll once nobody polls any more', () => {
    const [first, second] = [poll(), poll()];
    channel.next(first);
    channel.next(second);
    channel.lose(first);
    expect(told).toEqual(['polled']);
    channel.lose(second);
    channel.lose(second);
    expect(told).toEqual(['polled', 'lost']);
    expect(channel.polled).toBe(false);
  });

  it('is restore/next, then next, for what was initialised for SnapStart', () => {
    const restored: string[] = [];
    const wait = { lost: false, restored: () => void restored.push('restored') };
    expect(channel.restoreNext(wait)).toBe('accepted');
    expect([channel.phase, channel.awaitsRestore]).toEqual(['RestoreReady', true]);
    expect(channel.next(poll())).toBe('invalid-state-transition');
    expect(channel.initError(BODY, 'application/json')).toBe('invalid-state-transition');
    expect(channel.restoreError(BODY, 'application/json')).toBe('invalid-state-transition');
    channel.restore();
    expect([channel.phase, restored]).toEqual(['Restoring', ['restored']]);
    expect(channel.restoreNext(wait)).toBe('invalid-state-transition');
    expect(channel.next(poll())).toBe('accepted');
    expect(channel.restoreError(BODY, 'application/json')).toBe('invalid-state-transition');
    expect(told).toEqual(['snapshot-ready', 'polled']);
  });

  it.each(['restoreError', 'initError'] as const)('takes %s for a failed restore', (report) => {
    channel.restoreNext({ lost: false, restored: () => undefined });
    channel.restore();
    expect(channel[report](BODY, 'application/json')).toBe('accepted');
    expect(channel.phase).toBe('RuntimeRestoreErrorState');
    expect(channel.next(poll())).toBe('invalid-state-transition');
    expect(told).toEqual(['snapshot-ready', 'restore-failed']);
  });

  it('tells of a runtime that hangs up before it is restored, and not of one after', () => {
    const wait = { lost: false, restored: () => undefined };
    channel.restoreNext(wait);
    channel.loseRestore(wait);
    expect(told).toEqual(['snapshot-ready', 'lost']);
    channel.reset();
    channel.restoreNext(wait);
    channel.restore();
    channel.loseRestore(wait);
    expect(told).toEqual(['snapshot-ready', 'lost', 'snapshot-ready']);
  });
});
