import { describe, expect, it } from '@jest/globals';
import { endAllStarted, started } from '../../bench/tools/started.js';

describe('What a bench has started', () => {
  it('is ended once, however often and at once it is asked to', async () => {
    let times = 0;
    const stop = started(async () => {
      times += 1;
    });
    await Promise.all([stop(), stop()]);
    await stop();
    expect(times).toBe(1);
  });

  it('may be ended again when that failed, and is tried twice with all the rest', async () => {
    let times = 0;
    const stop = started(async () => {
      times += 1;
      if (times < 3) throw new Error('interrupted');
    });
    await expect(stop()).rejects.toThrow('interrupted');
    expect(await endAllStarted(async () => undefined)).toEqual([]);
    expect(times).toBe(3);
  });

  it('is ended from the latest back, whatever cannot be, and the engine is swept last', async () => {
    const ended: string[] = [];
    for (const name of ['relay', 'load', 'peer']) {
      started(async () => {
        ended.push(name);
        if (name === 'load') throw new Error('it hangs');
      });
    }
    const sweep = async (): Promise<void> => void ended.push('sweep');
    expect(await endAllStarted(sweep)).toEqual(['not ended: Error: it hangs']);
    expect(ended).toEqual(['peer', 'load', 'load', 'relay', 'sweep']);
    expect(await endAllStarted(sweep)).toEqual([]);
    expect(ended.slice(5)).toEqual(['sweep']);
  });

  it('says when the engine cannot be swept', async () => {
    const away = (): Promise<void> => Promise.reject(new Error('no engine'));
    expect(await endAllStarted(away)).toEqual(['not removed: Error: no engine']);
  });
});
