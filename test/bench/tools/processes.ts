/** Wake-ups of processes, as the kernel counts them. */

import { readFile } from 'node:fs/promises';

/** How often a process has gone to sleep, and so been woken. */
export async function sleeps(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}
