import { describe, expect, it } from '@jest/globals';
import { nextTurn } from '../../../src/async/next-turn.js';
import type { InvocationJournal } from '../../../src/environment/journal.js';
import { Mishap } from '../../../src/environment/mishap.js';
import type { Processes } from '../../../src/environment/processes.js';
import { Serving, type ServingParts } from '../../../src/environment/serving.js';
import { dispatched, Settlement } from '../../../src/environment/settlement.js';
import type { FunctionVersion } from '../../../src/function/function-version.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SILENT_JOURNAL } from '../../support/pool-bench.js';

const VERSION = { name: 'f', version: '$LATEST', timeoutSeconds: 3 } as FunctionVersion;

/** The order in which a journal and processes with a pipe are asked for something. */
function piped(told: string[]): Pick<ServingParts, 'journal' | 'processes'> {
  const journal: InvocationJournal = {
    ...SILENT_JOURNAL,
    marker: 'marker',
    begin: (settlement) => {
      settlement.begun = true;
      told.push('begun');
    },
    outputIsHere: (what) => void told.push(`output of ${what}`),
    end: ({ requestId }) => void told.push(`end of ${requestId}`),
  };
  const processes = {
    pipesOutput: true,
    lookAtPeak: () => undefined,
    flushOutput: () => {
      told.push('read');
      return true;
    },
  };
  return { journal, processes: processes as unknown as Processes };
}

function serve(
  extensionsAtWork: number,
  partsOf: (told: string[]) => Pick<ServingParts, 'journal' | 'processes'> = () => ({
    journal: SILENT_JOURNAL,
    processes: { lookAtPeak: () => undefined } as Processes,
  }),
): { told: string[]; serving: Serving; take: () => void } {
  const clock = new ManualClock();
  const told: string[] = [];
  const serving = new Serving({ clock, ...partsOf(told) }, { takeMs: () => undefined });
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
  const take = (): void =>
    serving.take(new Settlement(assignment, VERSION, dispatched(clock, VERSION, story)));
  take();
  serving.extensionsAtWork = extensionsAtWork;
  serving.posted = { kind: 'response', payload: Buffer.from('{}'), contentType: 'a/b' };
  return { told, serving, take };
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

describe('what an invocation wrote, where we read the pipe ourselves', () => {
  const mishap = new Mishap();

  it('is here when everything has been read that could be, which nobody waits for', async () => {
    const { told, serving } = serve(0, piped);
    serving.conclude('settleResponse', mishap, undefined);
    expect(told).toEqual(['settled']);
    expect(serving.served).toBe(1);
    await nextTurn();
    expect(told).toEqual(['settled', 'output of r']);
    // Its end is told once the peak of its memory is known, behind whoever is more urgent.
    await nextTurn();
    expect(told).toEqual(['settled', 'output of r', 'end of r']);
    expect(serving.served).toBe(1);
  });

  it('is read at once when the next event comes before that, and told behind that event', async () => {
    const { told, serving, take } = serve(0, piped);
    serving.conclude('settleResponse', mishap, undefined);
    serving.readOutput();
    serving.readOutput();
    expect(told).toEqual(['settled', 'read', 'output of r']);
    take();
    serving.deliver({ deliver: () => void told.push('delivered') }, { invoke: () => 0 });
    serving.recordStart();
    await nextTurn();
    await nextTurn();
    const later = ['delivered', 'end of r', 'begun'];
    expect(told).toEqual(['settled', 'read', 'output of r', ...later]);
  });

  it('is told at once when nothing follows', async () => {
    const { told, serving } = serve(0, piped);
    serving.conclude('settleResponse', mishap, undefined);
    serving.endLast();
    await nextTurn();
    expect(told).toEqual(['settled', 'read', 'output of r', 'end of r']);
  });
});

describe('START', () => {
  it('is written once, however often the event is sent', () => {
    const { told, serving } = serve(0, piped);
    const channel = { deliver: () => void told.push('delivered') };
    for (let times = 0; times < 2; times += 1) {
      serving.deliver(channel, { invoke: () => 0 });
      serving.recordStart();
    }
    expect(told).toEqual(['delivered', 'begun', 'delivered']);
  });

  it('is not written of an invocation that has ended already', () => {
    const { told, serving } = serve(0, piped);
    serving.conclude('settleLost', new Mishap(), undefined);
    serving.recordStart();
    expect(told).toEqual(['settled', 'end of r']);
  });
});
