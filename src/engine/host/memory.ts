/**
 * Peak memory of a container's processes without file cache that could be given back, whether it
 * is in memory or has been swapped.
 *
 * The kernel's own high-water mark counts file cache: a function that reads a large file would seem
 * to use its whole limit. It is used as a gate only: while it has not moved, nothing has, and the
 * last answer stands. Otherwise the processes' own high-water marks are added up, less the pages
 * they map from files.
 */

import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { v1File, v2File, type CgroupPaths } from './cgroup.js';

const NUMBER_BYTES = 32;
/** Read into and looked at in one go: one serves all. */
const buffer = Buffer.alloc(NUMBER_BYTES);
const KILOBYTE = 1024;
/** What `/proc/<pid>/clear_refs` takes to make the high-water mark what there is now. */
const RESET_HIGH_WATER = '5';
/** Near the limit cache is evicted as fast as memory grows, and the mark no longer moves. */
const NEAR_LIMIT = 0.9;

export class PeakMemory {
  readonly #limitBytes: number;
  readonly #procs: string;
  readonly #markPath: string | undefined;
  #mark: number | undefined;
  #markBytes = -1;
  #peakBytes = 0;
  /** The processes' own marks were set back, when part of their memory had been swapped. */
  #anew = false;
  #closed = false;

  /** Undefined when the container's memory cannot be read here. */
  static open(paths: CgroupPaths, limitBytes: number): PeakMemory | undefined {
    const procs = v1File(paths, 'memory', 'cgroup.procs') ?? v2File(paths, 'cgroup.procs');
    if (procs === undefined) return undefined;
    const mark =
      v1File(paths, 'memory', 'memory.max_usage_in_bytes') ?? v2File(paths, 'memory.peak');
    return new PeakMemory(procs, mark, limitBytes);
  }

  private constructor(procs: string, mark: string | undefined, limitBytes: number) {
    this.#procs = procs;
    this.#markPath = mark;
    this.#mark = mark === undefined ? undefined : openSync(mark, 'r');
    this.#limitBytes = limitBytes;
  }

  /** Bytes. */
  read(): number {
    if (this.#closed) return this.#peakBytes;
    try {
      if (this.#moved()) this.#peakBytes = Math.max(this.#peakBytes, this.#measure());
    } catch {
      // The processes have ended: what was seen of them stands.
    }
    return this.#peakBytes;
  }

  /**
   * Their memory has been given back: marks of what they had then, file pages included, would be
   * held against what they have now. What was read before stands.
   */
  startAnew(): void {
    if (this.#closed) return;
    this.#anew = true;
    try {
      for (const pid of this.#pids()) writeFileSync(`/proc/${pid}/clear_refs`, RESET_HIGH_WATER);
    } catch {
      // They have ended.
    }
    if (this.#mark === undefined || this.#markPath === undefined) return;
    closeSync(this.#mark);
    this.#mark = undefined;
    try {
      // Set back for whoever wrote by it, with v2: this descriptor is the one to read from.
      this.#mark = openSync(this.#markPath, 'r+');
      writeSync(this.#mark, '0', 0);
    } catch {
      // Without it the processes are asked each time.
      if (this.#mark !== undefined) closeSync(this.#mark);
      this.#mark = undefined;
    }
    this.#markBytes = -1;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#mark !== undefined) closeSync(this.#mark);
  }

  #moved(): boolean {
    if (this.#mark === undefined) return true;
    const bytes = readSync(this.#mark, buffer, 0, NUMBER_BYTES, 0);
    const mark = Number.parseInt(buffer.toString('latin1', 0, bytes), 10);
    const moved = mark !== this.#markBytes || mark > this.#limitBytes * NEAR_LIMIT;
    this.#markBytes = mark;
    return moved;
  }

  #measure(): number {
    let sum = 0;
    for (const pid of this.#pids()) sum += peakOfProcess(pid, this.#anew);
    return Math.min(sum, this.#limitBytes);
  }

  #pids(): string[] {
    return readFileSync(this.#procs, 'latin1')
      .split('\n')
      .filter((pid) => pid !== '');
  }
}

/** High-water mark of a process less its file pages, but never less than what it has now. */
function peakOfProcess(pid: string, anew: boolean): number {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return 0;
  }
  const peak = kilobytes(status, 'VmHWM') - kilobytes(status, 'RssFile');
  const now = kilobytes(status, 'RssAnon') + kilobytes(status, 'RssShmem');
  const swapped = kilobytes(status, 'VmSwap');
  // A mark from before anything was swapped counts it; one that was set back since does not.
  return (anew ? Math.max(peak, now) + swapped : Math.max(peak, now + swapped)) * KILOBYTE;
}

function kilobytes(status: string, field: string): number {
  const at = status.indexOf(`\n${field}:`);
  return at < 0
    ? 0
    : Number.parseInt(status.slice(at + field.length + 2, at + field.length + 24), 10);
}
