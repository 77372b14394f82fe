/**
 * What this host allows us, and why: which freezer, and whether limits can be put in force on
 * running containers. A container for which it then fails falls back to the engine's own means.
 */

import { existsSync } from 'node:fs';
import type { FreezerKind } from '../engine.js';
import { cgroupMode } from './cgroup.js';

export interface FreezerChoice {
  readonly kind: FreezerKind;
  /** For people. */
  readonly reason: string;
}

const V1_FREEZER = '/sys/fs/cgroup/freezer';

/** `wanted` overrides; on a hybrid host the v1 freezer comes first, where the engine freezes too. */
export function chooseFreezer(local: boolean, wanted: FreezerKind | undefined): FreezerChoice {
  if (wanted !== undefined) return { kind: wanted, reason: 'it was asked for' };
  if (!local) return { kind: 'engine', reason: 'the engine is not reached by a local socket' };
  if (!isRoot()) return { kind: 'engine', reason: 'only root may write the freezer files' };
  const mode = cgroupMode();
  const kind = mode === 'v2' || !existsSync(V1_FREEZER) ? 'cgroup-v2' : 'cgroup-v1';
  return { kind, reason: `root may write the freezer files of this host (cgroup ${mode})` };
}

/** Whether a container's processor share can be put in force after its start. */
export function canWriteLimits(local: boolean): boolean {
  return local && isRoot();
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
