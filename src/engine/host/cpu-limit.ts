/** A processor share written straight to a container's control group. */

import { writeFileSync } from 'node:fs';
import { v1File, v2File, type CgroupPaths } from './cgroup.js';

/** Microseconds; the kernel's own default. */
export const CPU_PERIOD_US = 100_000;
/** The kernel refuses less. */
const SMALLEST_QUOTA_US = 1_000;

export function cpuQuotaUs(cpus: number): number {
  return Math.max(SMALLEST_QUOTA_US, Math.round(cpus * CPU_PERIOD_US));
}

/** Puts the share in force. Raises the file system's errors. */
export function writeCpuLimit(paths: CgroupPaths, cpus: number): void {
  const quota = cpuQuotaUs(cpus);
  const v1 = v1File(paths, 'cpu', 'cpu.cfs_quota_us');
  if (v1 !== undefined) {
    writeFileSync(v1, String(quota));
    return;
  }
  const v2 = v2File(paths, 'cpu.max');
  if (v2 === undefined) throw new Error('the container has no processor controller');
  writeFileSync(v2, `${quota} ${CPU_PERIOD_US}`);
}
