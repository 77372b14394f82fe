/**
 * The files this process writes its own output to, as with `orchestrator up > up.log`. Where such a
 * file lies in a project it is no code: every line about a reload would cause the next reload.
 */

import { readlinkSync, statSync } from 'node:fs';

const OUTPUTS = ['/proc/self/fd/1', '/proc/self/fd/2'] as const;

/** Absolute paths; empty where the system does not tell. */
export function ownOutputs(): readonly string[] {
  return OUTPUTS.flatMap((output) => {
    try {
      return statSync(output).isFile() ? [readlinkSync(output)] : [];
    } catch {
      return [];
    }
  });
}
