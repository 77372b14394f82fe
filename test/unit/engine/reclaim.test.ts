import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  chooseReclaim,
  Reclaimer,
  swapOf,
  type KernelFiles,
  type MemoryMark,
  type ReclaimFiles,
  type ReclaimHost,
} from '../../../src/engine/host/reclaim.js';

const HEADER = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

describe('the swap of a machine', () => {
  it('is told by where all of its areas are', () => {
    const zram = '/dev/zram0                              partition\t4194300\t\t0\t\t100\n';
    const disk = '/swapfile                               file\t\t4194300\t\t0\t\t-2\n';
    expect(swapOf(HEADER, true)).toBe('none');
    expect(swapOf('', false)).toBe('none');
    expect(swapOf(HEADER + zram, false)).toBe('compressed');
    expect(swapOf(HEADER + zram + disk, false)).toBe('disk');
    expect(swapOf(HEADER + disk, true)).toBe('compressed');
  });
});

describe('the way memory is given back', () => {
  const host: ReclaimHost = {
    local: true,
    root: true,
    controller: 'v2',
    kernel: '6.1.0-18-amd64',
    swap: 'compressed',
  };
  const choose = (changes: Partial<ReclaimHost>): [string, boolean] => {
    const { kind, pays } = chooseReclaim({ ...host, ...changes });
    return [kind, pays];
  };

  it('is the one that the memory controller has', () => {
    expect(choose({})).toEqual(['cgroup-v2', true]);
    expect(choose({ controller: 'v1' })).toEqual(['cgroup-v1', true]);
    expect(choose({ controller: 'v1', kernel: '5.10.0' })).toEqual(['cgroup-v1', true]);
  });

  it('is none without a controller, a kernel that can, root or a local engine', () => {
    for (const changes of [
      { controller: undefined },
      { kernel: '5.18.19-custom' },
      { kernel: '4.19' },
      { root: false },
      { local: false },
    ]) {
      expect(choose(changes)).toEqual(['none', false]);
    }
    expect(choose({ kernel: '5.19' })).toEqual(['cgroup-v2', true]);
  });

  it('does not pay where memory has nowhere to go, or somewhere slow', () => {
    expect(choose({ swap: 'none' })).toEqual(['cgroup-v2', false]);
    expect(choose({ swap: 'disk' })).toEqual(['cgroup-v2', false]);
  });
});

/** Files whose writes are kept; what a write does is up to the test. */
class FakeKernel implements KernelFiles {
  readonly done: string[] = [];
  swapLimit = '0\n';
  onWrite: (path: string, text: string) => void = () => undefined;

  read(path: string): Promise<string> {
    return path === 'swap.max' ? Promise.resolve(this.swapLimit) : Promise.reject(error('ENOENT'));
  }
  async write(path: string, text: string): Promise<void> {
    await Promise.resolve();
    this.done.push(`${path}=${text}`);
    this.onWrite(path, text);
  }
}

function error(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('giving memory back', () => {
  const STEP = 16 * 2 ** 20;
  const v1: ReclaimFiles = { kind: 'cgroup-v1', control: 'force_empty', swapLimit: undefined };
  const v2: ReclaimFiles = { kind: 'cgroup-v2', control: 'reclaim', swapLimit: 'swap.max' };
  let kernel: FakeKernel;
  let warnings: string[];
  let reclaimer: Reclaimer;
  let mark: MemoryMark;
  const cold = (): boolean => true;

  beforeEach(() => {
    kernel = new FakeKernel();
    warnings = [];
    reclaimer = new Reclaimer((message) => void warnings.push(message), kernel);
    mark = {
      read: () => kernel.done.push('read'),
      startAnew: () => void kernel.done.push('start anew'),
    };
  });

  it('is one write with v1, between the last look at what was used and the first one anew', async () => {
    await reclaimer.reclaim(v1, mark, cold);
    expect(kernel.done).toEqual(['read', 'force_empty=0', 'start anew']);
  });

  it('goes in steps with v2 until nothing is left, with swap allowed meanwhile', async () => {
    let left = 2;
    kernel.onWrite = (path) => {
      if (path !== 'reclaim') return;
      if (left === 0) throw error('EAGAIN');
      left -= 1;
    };
    await reclaimer.reclaim(v2, mark, cold);
    const step = `reclaim=${STEP}`;
    expect(kernel.done).toEqual([
      'read',
      'swap.max=max',
      step,
      step,
      step,
      'swap.max=0',
      'start anew',
    ]);
    expect(warnings).toEqual([]);
  });

  it('leaves a swap limit alone that is none', async () => {
    kernel.swapLimit = 'max\n';
    kernel.onWrite = () => {
      throw error('EAGAIN');
    };
    await reclaimer.reclaim({ ...v2, swapLimit: 'swap.max' }, mark, cold).catch(() => undefined);
    expect(kernel.done).not.toContain('swap.max=0');
  });

  it('stops at the next step when the processes are to run again', async () => {
    let steps = 0;
    kernel.onWrite = (path) => void (path === 'reclaim' && (steps += 1));
    await reclaimer.reclaim(v2, mark, () => steps < 3);
    expect([steps, kernel.done.at(-2)]).toEqual([3, 'swap.max=0']);
  });

  it('does nothing for what runs again before its turn has come', async () => {
    let isCold = true;
    const first = reclaimer.reclaim(v1, mark, cold);
    const second = reclaimer.reclaim(v1, mark, () => isCold);
    isCold = false;
    await Promise.all([first, second]);
    expect(kernel.done).toEqual(['read', 'force_empty=0', 'start anew']);
  });

  it('does one container after the other', async () => {
    await Promise.all([reclaimer.reclaim(v1, mark, cold), reclaimer.reclaim(v1, mark, cold)]);
    const one = ['read', 'force_empty=0', 'start anew'];
    expect(kernel.done).toEqual([...one, ...one]);
  });

  it('is given up for good, with one warning, where the kernel refuses', async () => {
    kernel.onWrite = () => {
      throw error('EACCES');
    };
    await reclaimer.reclaim(v1, mark, cold);
    await reclaimer.reclaim(v1, mark, cold);
    expect([warnings.length, kernel.done.length]).toEqual([1, 2]);
  });

  it('takes it for no refusal when the processes ended meanwhile', async () => {
    let isCold = true;
    kernel.onWrite = () => {
      isCold = false;
      throw error('ENOENT');
    };
    await reclaimer.reclaim(v1, mark, () => isCold);
    expect(warnings).toEqual([]);
    kernel.onWrite = () => undefined;
    await reclaimer.reclaim(v1, mark, cold);
    expect(kernel.done.at(-1)).toBe('start anew');
  });

  it('goes on with others where one has ended, though nobody has told of it yet', async () => {
    kernel.onWrite = () => {
      throw error('ENODEV');
    };
    await reclaimer.reclaim(v1, mark, cold);
    kernel.onWrite = () => undefined;
    await reclaimer.reclaim(v1, mark, cold);
    expect([warnings, kernel.done.at(-1)]).toEqual([[], 'start anew']);
  });
});
