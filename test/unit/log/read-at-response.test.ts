import { describe, expect, it } from '@jest/globals';
import { RecordedLog } from '../../support/recorded-log.js';

describe('the log of an environment whose output is read when a response comes', () => {
  it('ends init and invocations there, as their marks would', () => {
    const recorded = new RecordedLog();
    recorded.log.processesStarted();
    recorded.write('loading');
    recorded.log.outputIsHere('init');
    recorded.log.initEnded();
    recorded.begin('a');
    recorded.write('one\ntwo');
    recorded.log.outputIsHere('a');
    recorded.end('a');
    recorded.write('between\n');
    expect(recorded.told[0]).toBe('-: loading');
    expect(recorded.tails.get('a')).toBe('START a\none\ntwo\nEND a\nREPORT a\n');
    expect(recorded.told.at(-1)).toBe('-: between');
    expect(recorded.clock.pending).toBe(0);
  });
});
