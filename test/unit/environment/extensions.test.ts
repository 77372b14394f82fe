import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  Extensions,
  type ExtensionEvent,
  type ExtensionPoll,
} from '../../../src/environment/extensions.js';

const FACTS = { functionName: 'f', functionVersion: '1', handler: 'h', accountId: '1' };
const INVOKE: ExtensionEvent = {
  eventType: 'INVOKE',
  deadlineMs: 1,
  requestId: 'r',
  invokedFunctionArn: 'arn',
};
const SHUTDOWN: ExtensionEvent = {
  eventType: 'SHUTDOWN',
  shutdownReason: 'SPINDOWN',
  deadlineMs: 1,
};

describe('the extensions of an environment', () => {
  let told: string[];
  let got: string[];
  let extensions: Extensions;
  const poll = (who: string): ExtensionPoll => ({
    deliver: ({ eventType }) => void got.push(`${who} ${eventType}`),
  });

  beforeEach(() => {
    told = [];
    got = [];
    extensions = new Extensions(() => FACTS, {
      allRegistered: () => void told.push('all registered'),
      settled: () => void told.push('settled'),
      noted: ({ name, state, errorType }) =>
        void told.push(`${name} ${state}${errorType === undefined ? '' : ` ${errorType}`}`),
      failed: ({ name, errorType, reason }) => void told.push(`${name} ${errorType}: ${reason}`),
      gone: () => void told.push('gone'),
    });
    extensions.begin(['a', 'b']);
  });

  function registered(name: string, events: string[], open = true): string {
    const verdict = extensions.register(name, events, open);
    if (verdict.kind === 'refused') throw new Error(verdict.message);
    return verdict.identifier;
  }

  it('are settled when each has asked for its next event', () => {
    const [a, b] = [registered('a', ['INVOKE']), registered('b', ['SHUTDOWN'])];
    expect(extensions.isSettled).toBe(false);
    extensions.next(a, poll('a'));
    expect(extensions.isSettled).toBe(false);
    extensions.next(b, poll('b'));
    expect(extensions.isSettled).toBe(true);
    expect(told).toEqual(['all registered', 'a Ready', 'b Ready', 'settled']);
  });

  it('have work when an event was for them, until they ask again', () => {
    const [a, b] = [registered('a', ['INVOKE']), registered('b', ['SHUTDOWN'])];
    extensions.next(a, poll('a'));
    extensions.next(b, poll('b'));
    told.length = 0;
    expect(extensions.send(INVOKE)).toBe(1);
    expect(got).toEqual(['a INVOKE']);
    expect(extensions.isSettled).toBe(false);
    extensions.next(a, poll('a'));
    expect(told).toEqual(['settled']);
  });

  it('get later what came while they were not asking', () => {
    const [a, b] = [registered('a', ['INVOKE', 'SHUTDOWN']), registered('b', [])];
    extensions.next(a, poll('a'));
    extensions.next(b, poll('b'));
    extensions.send(INVOKE);
    extensions.end();
    extensions.send(SHUTDOWN);
    expect(got).toEqual(['a INVOKE']);
    extensions.next(a, poll('a'));
    expect(got).toEqual(['a INVOKE', 'a SHUTDOWN']);
  });

  it('get an event whose open call was lost with the next one', () => {
    const [a, b] = [registered('a', ['INVOKE']), registered('b', [])];
    const lost = poll('lost');
    extensions.next(a, lost);
    extensions.next(b, poll('b'));
    extensions.lose(lost);
    expect(extensions.send(INVOKE)).toBe(1);
    expect(extensions.isSettled).toBe(false);
    extensions.next(a, poll('a'));
    expect(got).toEqual(['a INVOKE']);
    expect(extensions.isSettled).toBe(false);
  });

  it.each([
    ['ends without a word', 'Extension.Crash: exit status 3', 'Exited Extension.Crash'],
    ['cannot be executed', 'Extension.LaunchError: exit status 3', 'LaunchError'],
  ])('fail the environment when one %s', (what, failure, state) => {
    if (what.startsWith('ends')) extensions.exited('a', 'exit status 3');
    else extensions.launchFailed('a', 'exit status 3');
    expect(told.at(-1)).toBe(`a ${failure}`);
    expect(told[0]).toContain(`a ${state}`);
    expect(extensions.living.map(({ name }) => name)).toEqual(['b']);
  });

  it('fail it once when one reports an error and ends', () => {
    const a = registered('a', []);
    extensions.next(a, poll('a'));
    extensions.reportError('ExitError', a, 'Extension.Broken');
    extensions.exited('a', 'exit status 1');
    expect(told).toEqual([
      'a Ready',
      'a ExitError Extension.Broken',
      'a Extension.ExitError: Extension.Broken',
    ]);
  });

  it('may end once the shutdown phase has begun', () => {
    registered('a', []);
    extensions.end();
    extensions.exited('a', 'exit code 0');
    expect(told).toEqual(['gone']);
  });

  it('do not let the runtime start when one has failed before the others registered', () => {
    extensions.exited('a', 'exit status 1');
    registered('b', []);
    expect(told).not.toContain('all registered');
  });

  it('are forgotten with their processes', () => {
    const a = registered('a', []);
    extensions.close();
    expect(extensions.present).toBe(false);
    expect(extensions.next(a, poll('a'))).toMatchObject({
      errorType: 'Extension.UnknownExtensionIdentifier',
    });
    expect(extensions.register('c', [], true)).toMatchObject({
      errorType: 'Extension.RegistrationClosed',
    });
    extensions.begin(['a']);
    expect(extensions.list).toMatchObject([{ name: 'a', state: 'Started', external: true }]);
  });
});
