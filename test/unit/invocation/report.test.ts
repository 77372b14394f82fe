import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  billedDurationMs,
  endLine,
  initReportLine,
  initStartLine,
  reportLine,
  startLine,
  timeoutLine,
} from '../../../src/invocation/report.js';

const ID = '8476a536-e9f4-11e8-9739-2dfe598c3fcd';
const MEASURED = {
  requestId: ID,
  durationMs: 3.0123,
  billedMs: 4,
  memorySizeMb: 128,
  maxMemoryUsedMb: 36,
};

describe('the platform’s log lines', () => {
  it('have AWS’s exact form for a cold start that succeeded', () => {
    const arn = 'arn:aws:lambda:us-east-1::runtime:00';
    expect(initStartLine({ version: 'python:3.12.v18', arn })).toBe(
      `INIT_START Runtime Version: python:3.12.v18\tRuntime Version ARN: ${arn}`,
    );
    expect(startLine(ID, '$LATEST')).toBe(`START RequestId: ${ID} Version: $LATEST`);
    expect(endLine(ID)).toBe(`END RequestId: ${ID}`);
    expect(reportLine({ ...MEASURED, initMs: 110.1 })).toBe(
      `REPORT RequestId: ${ID}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t`,
    );
  });

  it('name no init on a warm start and end the report with a tab all the same', () => {
    expect(reportLine(MEASURED)).toBe(
      `REPORT RequestId: ${ID}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t`,
    );
  });

  it('say how a failed invocation ended', () => {
    expect(reportLine({ ...MEASURED, status: 'timeout' })).toMatch(/36 MB\tStatus: timeout\t$/);
    expect(reportLine({ ...MEASURED, status: 'error', errorType: 'Runtime.ExitError' })).toMatch(
      /36 MB\tStatus: error\tError Type: Runtime\.ExitError\t$/,
    );
    expect(reportLine({ ...MEASURED, initMs: 1, status: 'error' })).toMatch(
      /\tInit Duration: 1\.00 ms\tStatus: error\t$/,
    );
  });

  it('report a failed init without a tab at the end', () => {
    expect(initReportLine({ initMs: 2999.77, phase: 'init', status: 'timeout' })).toBe(
      'INIT_REPORT Init Duration: 2999.77 ms\tPhase: init\tStatus: timeout',
    );
    expect(
      initReportLine({
        initMs: 12,
        phase: 'invoke',
        status: 'error',
        errorType: 'Runtime.ExitError',
      }),
    ).toBe(
      'INIT_REPORT Init Duration: 12.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError',
    );
  });

  it('give the time and the limit of a timeout with two decimals', () => {
    expect(timeoutLine(0, ID, 3)).toBe(
      `1970-01-01T00:00:00.000Z ${ID} Task timed out after 3.00 seconds`,
    );
  });
});

describe('the billed duration', () => {
  it('is rounded up to whole milliseconds and is never nothing', () => {
    expect(billedDurationMs(3.01)).toBe(4);
    expect(billedDurationMs(3)).toBe(3);
    expect(billedDurationMs(0)).toBe(1);
  });

  it('includes init where init is billed', () => {
    expect(billedDurationMs(3.01, 110.1)).toBe(114);
  });

  it('agrees with the durations that the report shows', () => {
    const milliseconds = fc.double({ min: 0.01, max: 900_000, noNaN: true });
    fc.assert(
      fc.property(milliseconds, milliseconds, (durationMs, initMs) => {
        const hundredths = (ms: number): number => Math.round(Number(ms.toFixed(2)) * 100);
        const shown = hundredths(durationMs) + hundredths(initMs);
        const billed = billedDurationMs(durationMs, initMs) * 100;
        // Halves of a hundredth may be shown either way.
        expect(billed).toBeGreaterThanOrEqual(shown - 2);
        expect(billed).toBeLessThan(shown + 102);
      }),
    );
  });
});
