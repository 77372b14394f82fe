import { describe, expect, it } from '@jest/globals';
import type { PlatformEvent } from '../../../src/telemetry/events.js';
import type { SystemLog } from '../../../src/telemetry/system-log.js';
import { endOf, RecordedLog, startOf, TOKEN } from '../../support/recorded-log.js';

describe('the log of an invocation as nearly all are', () => {
  const FACTS = {
    startedAtMs: 0,
    durationMs: 1.5,
    memoryPeakMb: 30,
    start: 'warm' as const,
    served: 2,
  };
  const LINES = [
    'a: START RequestId: a Version: 1',
    'a: text',
    'a: END RequestId: a',
    'a: REPORT RequestId: a\tDuration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\t',
  ];

  function run(
    { begun = () => undefined, ...log }: { tail?: boolean; begun?: (log: RecordedLog) => void },
    recorded = new RecordedLog().started(),
  ): { recorded: RecordedLog; ended: [string, boolean][] } {
    const ended: [string, boolean][] = [];
    recorded.log.begin('a', () => startOf('a'), log.tail === true);
    begun(recorded);
    recorded.write('text\n');
    recorded.log.end(
      'a',
      () => [endOf('a')],
      (tail, isRecorded) => ended.push([tail.toString(), isRecorded]),
      FACTS,
    );
    expect(ended).toEqual([]);
    recorded.mark('a');
    return { recorded, ended };
  }

  it('is told by few values, in its place, and so is its record', () => {
    const { recorded, ended } = run({});
    expect(recorded.told).toEqual(LINES);
    expect(recorded.records.map(({ requestId, billedMs }) => [requestId, billedMs])).toEqual([
      ['a', 2],
    ]);
    expect(ended).toEqual([['', true]]);
  });

  it('is told line by line where somebody asked for its tail', () => {
    const { recorded, ended } = run({ tail: true });
    expect(recorded.told).toEqual(['a: START a', 'a: text', 'a: END a']);
    expect(ended).toEqual([['START a\ntext\nEND a\n', false]]);
    expect(recorded.records).toEqual([]);
  });

  it('is told event by event to an observer, also to one that comes in its middle', () => {
    const events: string[] = [];
    const observer = {
      platform: ({ type }: PlatformEvent) => events.push(type),
      line: () => undefined,
    };
    const recorded = new RecordedLog().started();
    recorded.log.observer = observer;
    const { ended } = run({}, recorded);
    expect(events).toEqual(['platform.start', 'platform.end']);
    expect(ended).toEqual([['', false]]);
    events.length = 0;
    const late = run({ begun: ({ log }) => (log.observer = observer) });
    expect(events).toEqual(['platform.end']);
    expect(late.ended).toEqual([['', false]]);
  });

  it('is told line by line in a JSON log', () => {
    const json: SystemLog = { detailed: true, lines: ({ type }) => [type] };
    const { recorded, ended } = run({}, new RecordedLog({ marker: TOKEN, system: json }).started());
    expect(recorded.told).toEqual(['a: platform.start', 'a: text', 'a: platform.end']);
    expect(ended).toEqual([['', false]]);
  });
});
