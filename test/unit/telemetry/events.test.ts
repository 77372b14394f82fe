import { describe, expect, it } from '@jest/globals';
import type { LoggingConfig } from '../../../src/function/function-version.js';
import {
  systemLevel,
  type PlatformEvent,
  type PlatformEventType,
  type PlatformRecords,
} from '../../../src/telemetry/events.js';
import { jsonLine, subscriberEvent, subscriberLine } from '../../../src/telemetry/records.js';
import { systemLogOf } from '../../../src/telemetry/system-log.js';
import { textLines } from '../../../src/telemetry/text-lines.js';

const TIME_MS = Date.UTC(2026, 0, 5, 10);
const TIME = '2026-01-05T10:00:00.000Z';
const ID = '6f1d0d0e-3a60-4e6d-9f43-3f2f3c9b6a11';
const TRACING = { type: 'X-Amzn-Trace-Id', value: 'Root=1-69a0;Parent=2b;Sampled=0' } as const;
const RUNTIME = { runtimeVersion: 'python:3.12.v18', runtimeVersionArn: 'arn:r' };
const METRICS = {
  durationMs: 3.0123,
  billedDurationMs: 114,
  memorySizeMB: 128,
  maxMemoryUsedMB: 36,
};

function event<Type extends PlatformEventType>(
  type: Type,
  record: PlatformRecords[Type],
): PlatformEvent {
  return { type, timeMs: TIME_MS, record } as PlatformEvent;
}

const INIT = { initializationType: 'on-demand', phase: 'init' } as const;
const GOOD_INIT = { ...INIT, status: 'success', metrics: { durationMs: 110.1 } } as const;
const REPORT = event('platform.report', {
  requestId: ID,
  status: 'success',
  metrics: { ...METRICS, initDurationMs: 110.1 },
  tracing: TRACING,
});

describe('the text log', () => {
  const rows: [string, PlatformEvent, string[]][] = [
    [
      'INIT_START of a managed runtime',
      event('platform.initStart', { ...INIT, ...RUNTIME }),
      ['INIT_START Runtime Version: python:3.12.v18\tRuntime Version ARN: arn:r'],
    ],
    ['no line where there is no runtime version', event('platform.initStart', INIT), []],
    ['no line of a good init on demand', event('platform.initReport', GOOD_INIT), []],
    [
      'INIT_REPORT of every provisioned init',
      event('platform.initReport', { ...GOOD_INIT, initializationType: 'provisioned-concurrency' }),
      ['INIT_REPORT Init Duration: 110.10 ms\tPhase: init'],
    ],
    [
      'INIT_REPORT of a failed init',
      event('platform.initReport', {
        ...GOOD_INIT,
        status: 'error',
        errorType: 'Runtime.ExitError',
      }),
      [
        'INIT_REPORT Init Duration: 110.10 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError',
      ],
    ],
    [
      'RESTORE_START',
      event('platform.restoreStart', RUNTIME),
      ['RESTORE_START Runtime Version: python:3.12.v18\tRuntime Version ARN: arn:r'],
    ],
    [
      'RESTORE_REPORT',
      event('platform.restoreReport', { status: 'success', metrics: { durationMs: 55.5 } }),
      ['RESTORE_REPORT Restore Duration: 55.50 ms'],
    ],
    [
      'START',
      event('platform.start', { requestId: ID, version: '$LATEST', tracing: TRACING }),
      [`START RequestId: ${ID} Version: $LATEST`],
    ],
    ['END', event('platform.end', { requestId: ID }), [`END RequestId: ${ID}`]],
    [
      'REPORT',
      REPORT,
      [
        `REPORT RequestId: ${ID}\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t`,
      ],
    ],
    [
      'REPORT after a restore',
      event('platform.report', {
        requestId: ID,
        status: 'timeout',
        metrics: { ...METRICS, restoreDurationMs: 20, billedRestoreDurationMs: 21 },
      }),
      [
        `REPORT RequestId: ${ID}\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tRestore Duration: 20.00 ms\tBilled Restore Duration: 21 ms\tStatus: timeout\t`,
      ],
    ],
    [
      'an extension',
      event('platform.extension', {
        name: 'agent',
        state: 'Ready',
        events: ['INVOKE', 'SHUTDOWN'],
      }),
      ['EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]'],
    ],
    [
      'a subscription',
      event('platform.telemetrySubscription', {
        name: 'agent',
        state: 'Subscribed',
        types: ['platform', 'function'],
      }),
      ['TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function]'],
    ],
    ['a fault', event('platform.fault', ['it broke', '']), ['it broke', '']],
  ];
  it.each(rows)('has %s', (_, told, lines) => expect(textLines(told)).toEqual(lines));
});

describe('the level of an event (contract 6.3)', () => {
  const ok = { requestId: ID, status: 'success', metrics: { durationMs: 1 } } as const;
  const rows: [string, PlatformEvent, string][] = [
    [
      'initStart with a runtime version',
      event('platform.initStart', { ...INIT, ...RUNTIME }),
      'INFO',
    ],
    ['initStart without', event('platform.initStart', INIT), 'DEBUG'],
    ['initRuntimeDone', event('platform.initRuntimeDone', { ...INIT, status: 'success' }), 'DEBUG'],
    [
      'initRuntimeDone, bad',
      event('platform.initRuntimeDone', { ...INIT, status: 'error' }),
      'WARN',
    ],
    ['initReport on demand', event('platform.initReport', GOOD_INIT), 'DEBUG'],
    [
      'initReport of SnapStart',
      event('platform.initReport', { ...GOOD_INIT, initializationType: 'snap-start' }),
      'INFO',
    ],
    ['initReport, bad', event('platform.initReport', { ...GOOD_INIT, status: 'timeout' }), 'WARN'],
    ['start', event('platform.start', { requestId: ID, version: '1' }), 'INFO'],
    ['runtimeDone', event('platform.runtimeDone', ok), 'DEBUG'],
    ['runtimeDone, bad', event('platform.runtimeDone', { ...ok, status: 'error' }), 'WARN'],
    ['report', REPORT, 'INFO'],
    [
      'report, bad',
      event('platform.report', { requestId: ID, status: 'timeout', metrics: METRICS }),
      'WARN',
    ],
    ['extension', event('platform.extension', { name: 'a', state: 'Ready', events: [] }), 'INFO'],
    [
      'extension, bad',
      event('platform.extension', { name: 'a', state: 'Exited', events: [], errorType: 'x' }),
      'WARN',
    ],
    [
      'logsDropped',
      event('platform.logsDropped', { droppedBytes: 1, droppedRecords: 1, reason: '' }),
      'WARN',
    ],
  ];
  it.each(rows)('%s', (_, told, level) => expect(systemLevel(told)).toBe(level));
});

describe('the JSON log', () => {
  const told = [
    event('platform.initStart', { ...INIT, ...RUNTIME }),
    event('platform.initReport', GOOD_INIT),
    event('platform.start', { requestId: ID, version: '$LATEST' }),
    event('platform.fault', ['it broke']),
    event('platform.end', { requestId: ID }),
    REPORT,
    event('platform.report', { requestId: ID, status: 'timeout', metrics: METRICS }),
  ];
  const typesOf = (logging: LoggingConfig): string[] => {
    const system = systemLogOf({ runtime: 'python3.13', logging });
    return told
      .flatMap((one) => system.lines(one))
      .map((line) => (JSON.parse(line) as { type: string }).type.slice('platform.'.length));
  };

  it('has one object for each event, with the contract’s fields', () => {
    expect(jsonLine(REPORT)).toBe(
      JSON.stringify({
        time: TIME,
        type: 'platform.report',
        record: {
          requestId: ID,
          status: 'success',
          tracing: TRACING,
          metrics: {
            durationMs: 3.012,
            billedDurationMs: 114,
            memorySizeMB: 128,
            maxMemoryUsedMB: 36,
            initDurationMs: 110.1,
          },
        },
      }),
    );
  });

  it('shows what its system level asks for, INFO when nothing does', () => {
    expect(typesOf({ format: 'JSON' })).toEqual(['initStart', 'start', 'report', 'report']);
    expect(typesOf({ format: 'JSON', systemLevel: 'DEBUG' })).toHaveLength(5);
    expect(typesOf({ format: 'JSON', systemLevel: 'WARN' })).toEqual(['report']);
  });

  const line = (level: unknown, timestamp: unknown = TIME): string =>
    JSON.stringify({ level, timestamp, message: 'x' });
  const filtered: [LoggingConfig['applicationLevel'] | undefined, string, boolean][] = [
    [undefined, line('DEBUG'), false],
    [undefined, line('INFO'), true],
    [undefined, 'plain text', true],
    ['WARN', 'plain text', false],
    ['WARN', line('INFO'), false],
    ['WARN', line('warn'), true],
    ['WARN', line('FATAL'), true],
    ['WARN', line('WARNING'), true],
    ['ERROR', line('WARNING'), false],
    ['FATAL', line('CRITICAL'), true],
    ['WARN', line('ERROR', 'yesterday'), false],
    ['WARN', line('LOUD'), false],
    ['WARN', '{"level":"ERROR"', false],
    ['TRACE', line('TRACE'), true],
  ];
  it.each(filtered)('at level %s keeps or drops %s of other runtimes', (level, text, stays) => {
    const logging = { format: 'JSON', ...(level === undefined ? {} : { applicationLevel: level }) };
    const system = systemLogOf({ runtime: 'provided.al2023', logging } as never);
    expect(system.keeps?.(text)).toBe(stays);
  });

  it('leaves the lines of runtimes that filter themselves, and of text logs, alone', () => {
    const logging = { format: 'JSON', applicationLevel: 'FATAL' } as const;
    expect(systemLogOf({ runtime: 'nodejs22.x', logging }).keeps).toBeUndefined();
    expect(systemLogOf({ runtime: 'python3.13', logging }).keeps).toBeUndefined();
    expect(systemLogOf({ runtime: 'provided.al2023' }).keeps).toBeUndefined();
  });
});

describe('what a subscriber is told', () => {
  const done = event('platform.runtimeDone', {
    requestId: ID,
    status: 'error',
    errorType: 'Oops',
    metrics: { durationMs: 2, producedBytes: 7 },
    spans: [{ name: 'responseLatency', startMs: TIME_MS, durationMs: 1.00049 }],
  });
  const record = (text: string | undefined): unknown =>
    (JSON.parse(text ?? '{}') as { record?: unknown }).record;

  it('are spans with their start as a time', () => {
    expect(record(subscriberEvent(done, '2022-12-13'))).toEqual({
      requestId: ID,
      status: 'error',
      errorType: 'Oops',
      metrics: { durationMs: 2, producedBytes: 7 },
      spans: [{ name: 'responseLatency', start: TIME, durationMs: 1 }],
    });
  });

  it('is no end and no fault in the Telemetry API, but both in the Logs API', () => {
    const end = event('platform.end', { requestId: ID });
    const fault = event('platform.fault', ['it broke', '']);
    expect(subscriberEvent(end, '2022-07-01')).toBeUndefined();
    expect(subscriberEvent(fault, '2025-01-29')).toBeUndefined();
    expect(record(subscriberEvent(end, '2020-08-15'))).toEqual({ requestId: ID });
    expect(record(subscriberEvent(fault, '2020-08-15'))).toBe('it broke');
  });

  it('is in the Logs API what that knew: no init, no status of a report', () => {
    expect(subscriberEvent(event('platform.initStart', INIT), '2021-03-18')).toBeUndefined();
    expect(subscriberEvent(done, '2020-08-15')).toBeUndefined();
    expect(record(subscriberEvent(done, '2021-03-18'))).toEqual({
      requestId: ID,
      status: 'failure',
    });
    expect(record(subscriberEvent(REPORT, '2020-08-15'))).toEqual({
      requestId: ID,
      metrics: { ...METRICS, durationMs: 3.012, initDurationMs: 110.1 },
    });
  });

  it('is a line as text, and as an object where the schema has objects and it is one', () => {
    const json = { timeMs: TIME_MS, text: '{"a":1}', json: true };
    expect(record(subscriberLine('function', json, '2022-07-01'))).toBe('{"a":1}');
    expect(record(subscriberLine('function', json, '2022-12-13'))).toEqual({ a: 1 });
    expect(record(subscriberLine('function', { ...json, json: false }, '2022-12-13'))).toBe(
      '{"a":1}',
    );
    expect(record(subscriberLine('extension', { ...json, text: '{no' }, '2025-01-29'))).toBe('{no');
  });
});
