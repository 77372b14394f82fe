import { describe, expect, it } from '@jest/globals';
import { Mishap } from '../../../src/environment/mishap.js';
import type { Processes } from '../../../src/environment/processes.js';
import { Serving } from '../../../src/environment/serving.js';
import { dispatchTimes, Settlement } from '../../../src/environment/settlement.js';
import type { FunctionVersion } from '../../../src/function/function-version.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SILENT_JOURNAL } from '../../support/pool-bench.js';

const VERSION = { name: 'f', version: '$LATEST', timeoutSeconds: 3 } as FunctionVersion;

function serve(extensionsAtWork: number): { told: string[]; serving: Serving } {
  const clock = new ManualClock();
  const told: string[] = [];
  const serving = new Serving({
    clock,
    journal: SILENT_JOURNAL,
    processes: { lookAtPeak: () => undefined } as Processes,
    takeRestoreMs: () => undefined,
  });
  const assignment = {
    request: {
      requestId: 'r',
      payload: Buffer.from('{}'),
      contentType: 'application/json',
      invokedFunctionArn: 'f',
      traceId: '',
      tail: false,
    },
    waitedForInit: false,
    hold: () => {
      told.push('held');
      return () => void told.push('released');
    },
    settle: () => void told.push('settled'),
  };
  const story = { kind: 'warm', cause: { kind: 'first-use' }, served: 0 } as const;
  serving.take(new Settlement(assignment, VERSION, { ...dispatchTimes(clock, VERSION), story }));
  serving.extensionsAtWork = extensionsAtWork;
  serving.posted = { kind: 'response', payload: Buffer.from('{}'), contentType: 'a/b' };
  return { told, serving };
}

describe('an invocation counts as concurrency', () => {
  const mishap = new Mishap();

  it('until its response, when no extension works on it', () => {
    const { told, serving } = serve(0);
    serving.conclude('settleResponse', mishap, undefined);
    serving.conclude('report', mishap, undefined);
    expect(told).toEqual(['settled']);
  });

  it.each(['report', 'reportTimeout', 'reportExit'] as const)(
    'until %s when extensions work on after the response',
    (end) => {
      const { told, serving } = serve(1);
      serving.conclude('settleResponse', mishap, undefined);
      expect(told).toEqual(['held', 'settled']);
      serving.conclude(end, mishap, undefined);
      serving.conclude(end, mishap, undefined);
      expect(told).toEqual(['held', 'settled', 'released']);
    },
  );

  it('until it has failed, whatever extensions do', () => {
    const { told, serving } = serve(1);
    serving.conclude('settleTimeout', mishap, undefined);
    expect(told).toEqual(['settled']);
  });
});
