import { describe, expect, it } from '@jest/globals';
import { endOf, RecordedLog, startOf } from '../../support/recorded-log.js';

describe('START', () => {
  it('is written behind what is more urgent, and before all that comes of it', () => {
    const recorded = new RecordedLog().started();
    const { log } = recorded;
    log.begin(
      'a',
      () => startOf('a'),
      true,
      () => expect(recorded.told).toEqual([]),
    );
    expect(recorded.told).toEqual(['a: START a']);
    log.end(
      'a',
      () => [endOf('a')],
      () => undefined,
    );
    log.outputIsHere('a');
    log.begin(
      'b',
      () => startOf('b'),
      true,
      () => {
        log.write(Buffer.from('a line\nhalf a line'), 'stdout');
        log.end(
          'b',
          () => [endOf('b')],
          () => undefined,
        );
        log.outputIsHere('b');
      },
    );
    expect(recorded.told.slice(1)).toEqual([
      'a: END a',
      'b: START b',
      'b: a line',
      'b: half a line',
      'b: END b',
    ]);
    const failing = (): void =>
      log.begin(
        'c',
        () => startOf('c'),
        true,
        () => {
          throw new Error('not sent');
        },
      );
    expect(failing).toThrow('not sent');
    expect(recorded.told.at(-1)).toBe('c: START c');
  });
});
