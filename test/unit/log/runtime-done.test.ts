import { describe, expect, it } from '@jest/globals';
import { LIMITS } from '../../../src/config/defaults.js';
import { RecordedLog } from '../../support/recorded-log.js';

const DRAIN_MS = LIMITS.logDrainMs;

/** The runtime of a recorded invocation is done; others are not. */
function runtimeDone(recorded: RecordedLog, requestId: string): void {
  const metrics = { durationMs: 1 };
  recorded.log.runtimeDone(requestId, () => [
    { type: 'platform.runtimeDone', timeMs: 0, record: { requestId, status: 'success', metrics } },
  ]);
}

describe('the log of an invocation that outlives its runtime’s part', () => {
  it('has the runtime’s end after its last line, and END and REPORT when all have ended', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    recorded.write('working\n');
    runtimeDone(recorded, 'a');
    expect(recorded.told.at(-1)).toBe('a: working');
    recorded.mark('a');
    recorded.write('background\n');
    recorded.end('a');
    expect(recorded.told).toEqual([
      'a: START a',
      'a: working',
      'a: RUNTIME_DONE a',
      '-: background',
      'a: END a',
      'a: REPORT a',
    ]);
    expect(recorded.clock.pending).toBe(0);
  });

  it('waits for a mark that does not come once, not twice', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    runtimeDone(recorded, 'a');
    recorded.end('a');
    recorded.clock.advance(DRAIN_MS);
    expect(recorded.told.slice(1)).toEqual(['a: RUNTIME_DONE a', 'a: END a', 'a: REPORT a']);
    expect(recorded.clock.pending).toBe(0);
  });

  it('still ends when the processes do', () => {
    const recorded = new RecordedLog().started();
    recorded.begin('a');
    runtimeDone(recorded, 'a');
    recorded.end('a');
    recorded.log.processesExited();
    expect(recorded.told.slice(1)).toEqual(['a: RUNTIME_DONE a', 'a: END a', 'a: REPORT a']);
  });
});
