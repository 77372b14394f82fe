import { describe, expect, it } from '@jest/globals';
import { SupervisorReports } from '../../../src/environment/supervisor-reports.js';

const STREAM = Buffer.from(
  'one\n\x1etoken ready pipe\ntwo \x1etoken started 3 41\n' +
    '\x1etoken started runtime 42\n\x1etoken refused 1\n\x1etoken unrunnable locked\nthree\x1e\x1etoke no\n' +
    '\x1etoken exited runtime 137\n\x1eother init\n\x1etoken exited 3 0\nend',
);
const REPORTS = [
  { kind: 'ready', way: 'pipe' },
  { kind: 'started', who: 3, pid: 41 },
  { kind: 'started', who: 'runtime', pid: 42 },
  { kind: 'refused', who: 1 },
  { kind: 'unrunnable', why: 'locked' },
  { kind: 'exited', who: 'runtime', exitCode: 137 },
  { kind: 'exited', who: 3, exitCode: 0 },
];
const REST = 'one\ntwo three\x1e\x1etoke no\n\x1eother init\nend';

describe('what a supervisor says', () => {
  it('is told from other output, however the stream is cut', () => {
    for (let first = 0; first <= STREAM.length; first += 1) {
      for (const second of [first, Math.min(STREAM.length, first + 7), STREAM.length]) {
        const reports: unknown[] = [];
        let rest = '';
        const scanner = new SupervisorReports(
          'token',
          (report) => void reports.push(report),
          (chunk, stream) => {
            expect(stream).toBe('pipe');
            rest += chunk.toString('latin1');
          },
        );
        for (const piece of [
          STREAM.subarray(0, first),
          STREAM.subarray(first, second),
          STREAM.subarray(second),
        ]) {
          scanner.scan(piece, 'pipe');
        }
        expect(reports).toEqual(REPORTS);
        expect(rest).toBe(REST);
      }
    }
  });

  it('is nothing when it is no report of ours', () => {
    const reports: unknown[] = [];
    const scanner = new SupervisorReports(
      'token',
      (report) => void reports.push(report),
      () => undefined,
    );
    scanner.scan(Buffer.from('\x1etoken dances 3\n\x1etoken \n'), 'stdout');
    expect(reports).toEqual([]);
  });
});
