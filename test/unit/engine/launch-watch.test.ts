import { describe, expect, it } from '@jest/globals';
import { LaunchWatch } from '../../../src/engine/docker/launch-watch.js';

const LINE = '[FATAL tini (7)] exec /app/run failed: Permission denied\n';

/** What passes, piece by piece; nothing is `-`. */
function passed(watch: LaunchWatch, ...pieces: string[]): string[] {
  return pieces.map((piece) => watch.output(Buffer.from(piece), 'stderr')?.toString() ?? '-');
}

describe('the beginning of a container’s output', () => {
  it('is no output when the engine says there that the program was refused', () => {
    const watch = new LaunchWatch();
    expect(passed(watch, LINE)).toEqual(['-']);
    expect(watch.refusal).toBe('Permission denied');
    expect(watch.end()).toBeUndefined();
  });

  it('may come in any pieces', () => {
    for (let at = 1; at < LINE.length; at += 1) {
      const watch = new LaunchWatch();
      expect(passed(watch, LINE.slice(0, at), LINE.slice(at))).toEqual(['-', '-']);
      expect(watch.refusal).toBe('Permission denied');
    }
  });

  it('is passed on, and in whole, as soon as it can be nothing else', () => {
    const watch = new LaunchWatch();
    expect(passed(watch, '[FATA', 'listic] we go on', '\n')).toEqual([
      '-',
      '[FATAlistic] we go on',
      '\n',
    ]);
    expect(passed(new LaunchWatch(), 'hello')).toEqual(['hello']);
    expect(passed(new LaunchWatch(), '[FATAL error]\n', LINE)).toEqual(['[FATAL error]\n', LINE]);
    expect(watch.refusal).toBeUndefined();
  });

  it('is not held beyond the end of the processes', () => {
    const watch = new LaunchWatch();
    expect(passed(watch, '[FATAL')).toEqual(['-']);
    expect(watch.end()?.toString()).toBe('[FATAL');
    expect(watch.end()).toBeUndefined();
  });

  it('says nothing about standard output, and begins anew with each start', () => {
    const watch = new LaunchWatch();
    expect(watch.output(Buffer.from(LINE), 'stdout')?.toString()).toBe(LINE);
    expect(passed(watch, LINE)).toEqual(['-']);
    watch.reset();
    expect(watch.refusal).toBeUndefined();
    expect(passed(watch, LINE)).toEqual(['-']);
    expect(watch.refusal).toBe('Permission denied');
  });
});
