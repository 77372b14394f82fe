import { describe, expect, it } from '@jest/globals';
import { Gate, SharedWork } from '../../../src/builder/shared-work.js';

function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
}

describe('shared work', () => {
  it('runs once for callers that ask at the same time, and tells each of progress', async () => {
    const shared = new SharedWork<string, string>();
    const end = deferred<string>();
    let runs = 0;
    const work = async (
      _signal: AbortSignal,
      report: (progress: string) => void,
    ): Promise<string> => {
      runs += 1;
      await Promise.resolve();
      report('half');
      return end.promise;
    };
    const heard: string[] = [];
    const first = shared.run('key', work, { onProgress: (text) => heard.push(`first ${text}`) });
    const second = shared.run('key', work, { onProgress: (text) => heard.push(`second ${text}`) });
    end.resolve('done');
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
    expect(runs).toBe(1);
    expect(heard).toEqual(['first half', 'second half']);
  });

  it('goes on for those who stay when one caller leaves', async () => {
    const shared = new SharedWork<string, never>();
    const end = deferred<string>();
    let given: AbortSignal | undefined;
    const work = (signal: AbortSignal): Promise<string> => {
      given = signal;
      return end.promise;
    };
    const leaving = new AbortController();
    const first = shared.run('key', work, { signal: leaving.signal });
    const second = shared.run('key', work);
    leaving.abort(new Error('left'));
    await expect(first).rejects.toThrow('left');
    expect(given?.aborted).toBe(false);
    end.resolve('done');
    expect(await second).toBe('done');
  });

  it('is given up when the last caller leaves, and begins anew for the next', async () => {
    const shared = new SharedWork<number, never>();
    const signals: AbortSignal[] = [];
    const work = (signal: AbortSignal): Promise<number> => {
      signals.push(signal);
      return signals.length === 1 ? new Promise(() => undefined) : Promise.resolve(2);
    };
    const leaving = new AbortController();
    const first = shared.run('key', work, { signal: leaving.signal });
    leaving.abort(new Error('left'));
    await expect(first).rejects.toThrow('left');
    expect(signals[0]?.aborted).toBe(true);
    expect(await shared.run('key', work)).toBe(2);
  });

  it('gives a failure to every caller and does not remember it', async () => {
    const shared = new SharedWork<string, never>();
    const failing = (): Promise<string> => Promise.reject(new Error('broken'));
    const both = await Promise.allSettled([shared.run('key', failing), shared.run('key', failing)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await shared.run('key', () => Promise.resolve('mended'))).toBe('mended');
  });
});

describe('a gate', () => {
  it('lets no more than its limit in, in order, and lets the next in after a failure', async () => {
    const gate = new Gate(2);
    const ends = [deferred<void>(), deferred<void>(), deferred<void>()];
    const entered: number[] = [];
    const runs = ends.map((end, index) =>
      gate.hold(() => {
        entered.push(index);
        return end.promise;
      }),
    );
    expect(entered).toEqual([0, 1]);
    ends[0]?.reject(new Error('broken'));
    await expect(runs[0]).rejects.toThrow('broken');
    expect(entered).toEqual([0, 1, 2]);
    ends[1]?.resolve();
    ends[2]?.resolve();
    await Promise.all(runs.slice(1));
  });
});
