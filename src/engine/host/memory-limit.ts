/** A memory limit, with swap off, written straight to a container's control group. */

import { writeFileSync } from 'node:fs';
import { v1File, v2File, type CgroupPaths } from './cgroup.js';

/** Puts the limit in force. Raises the file system's errors. */
export function writeMemoryLimit(paths: CgroupPaths, bytes: number): void {
  const limit = v1File(paths, 'memory', 'memory.limit_in_bytes');
  if (limit !== undefined) return writeV1(paths, limit, bytes);
  const max = v2File(paths, 'memory.max');
  if (max === undefined) throw new Error('the container has no memory controller');
  writeFileSync(max, String(bytes));
  const swap = v2File(paths, 'memory.swap.max');
  if (swap !== undefined) writeFileSync(swap, '0');
}

/** There the limit with swap may never be the lower one of the two, not even in between. */
function writeV1(paths: CgroupPaths, limit: string, bytes: number): void {
  const withSwap = v1File(paths, 'memory', 'memory.memsw.limit_in_bytes');
  const text = String(bytes);
  if (withSwap === undefined) return writeFileSync(limit, text);
  try {
    writeFileSync(withSwap, text);
    writeFileSync(limit, text);
  } catch {
    // It is being lowered.
    writeFileSync(limit, text);
    writeFileSync(withSwap, text);
  }
}
