/** Policies as people write them: `fixed`, `fixed:90s`, `greedy-dual`, `hybrid:10m`, `learned`. */

import { FixedKeepAlive } from './fixed.js';
import { GreedyDual } from './greedy-dual.js';
import { HybridKeepAlive } from './hybrid.js';
import { KEEP_ALIVE_NAMES, type KeepAlive, type KeepAliveName } from './keep-alive.js';
import { LearnedKeepAlive } from './learned.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const LONGEST_MS = 24 * 3_600_000;
const WRITTEN = /^([a-z-]+)(?::(\d+(?:\.\d+)?)(ms|s|m|h))?$/;

export interface KeepAliveSetting {
  readonly name: KeepAliveName;
  /** Absent: the idle timeout. */
  readonly idleMs?: number;
}

/** What was written; undefined when it is no policy. */
export function keepAliveSetting(text: string): KeepAliveSetting | undefined {
  const [, written, amount, unit] = WRITTEN.exec(text) ?? [];
  const name = KEEP_ALIVE_NAMES.find((each) => each === written);
  if (name === undefined) return undefined;
  if (amount === undefined || unit === undefined) return { name };
  const idleMs = Number(amount) * (UNITS[unit] as number);
  const possible = name !== 'greedy-dual' && idleMs >= 1 && idleMs <= LONGEST_MS;
  return possible ? { name, idleMs } : undefined;
}

/** @param idleTimeoutMs where the setting has no time of its own */
export function keepAliveOf(setting: KeepAliveSetting, idleTimeoutMs: number): KeepAlive {
  const idleMs = setting.idleMs ?? idleTimeoutMs;
  switch (setting.name) {
    case 'fixed':
      return new FixedKeepAlive(idleMs);
    case 'greedy-dual':
      return new GreedyDual();
    case 'hybrid':
      return new HybridKeepAlive(idleMs);
    case 'learned':
      return new LearnedKeepAlive(idleMs);
  }
}
