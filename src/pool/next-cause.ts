/** Why the next environment of a pool is started. Pure. */

import type { StartCause } from '../environment/cause.js';
import type { StartKind } from './start-gate.js';

export interface CauseFacts {
  /** Of the next one where there is none: first use, or what became of the last one. */
  readonly withoutAny: StartCause;
  readonly environments: number;
  /** An event is due by what is known of earlier ones. */
  readonly expected: boolean;
}

export function nextCause(kind: StartKind, facts: CauseFacts): StartCause {
  const { withoutAny, environments, expected } = facts;
  if (kind === 'provisioned') return { kind };
  if (kind === 'spare' && expected) return { kind: 'expected' };
  if (environments > 0) {
    return kind === 'spare' ? { kind } : { kind: 'all-busy', busy: environments };
  }
  return kind === 'spare' && withoutAny.kind === 'first-use' ? { kind } : withoutAny;
}
