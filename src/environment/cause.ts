/**
 * Why an environment was started and why one ended: kept as data from the decision that led
 * there, told to people as one sentence.
 */

import type { ContainerExit } from '../engine/engine.js';
import { found, hadServed } from '../invocation/plain-invocation.js';
import type { EnvironmentState } from './lifecycle.js';

export type EndReason =
  | 'idle-too-long'
  | 'not-expected'
  | 'memory-needed'
  | 'code-changed'
  | 'configuration-changed'
  | 'engine-failed'
  | 'init-failed'
  | 'no-longer-provisioned'
  | 'shutdown';

/** What happened to the processes of an environment that goes on living. */
export type ResetReason =
  | 'init-failed'
  | 'init-timed-out'
  | 'restore-failed'
  | 'invoke-timed-out'
  | 'runtime-exited'
  | 'launch-failed'
  | 'extension-failed'
  | 'out-of-memory';

export type StartCause =
  | { readonly kind: 'first-use' }
  | { readonly kind: 'all-busy'; readonly busy: number }
  | { readonly kind: 'spare' }
  /** By what is known of earlier events one is due. */
  | { readonly kind: 'expected' }
  | { readonly kind: 'provisioned' }
  | { readonly kind: 'replaced'; readonly reason: EndReason };

/** What became of processes that ended by themselves. */
export function exitReason(exit: ContainerExit): ResetReason {
  if (exit.launchError !== undefined) return 'launch-failed';
  return exit.outOfMemory ? 'out-of-memory' : 'runtime-exited';
}

const END_SENTENCES: Readonly<Record<EndReason, string>> = {
  'idle-too-long': 'the previous environment had been idle too long and was retired',
  'not-expected':
    'the previous environment had been retired at once, as earlier events came further apart than this one',
  'memory-needed': 'the previous environment was retired because other functions needed its memory',
  'code-changed': "the function's code changed, so earlier environments could not serve it",
  'configuration-changed':
    "the function's configuration changed, so earlier environments could not serve it",
  'engine-failed': 'the previous environment was lost to an engine failure',
  'init-failed': 'the previous environment could not be initialised',
  'no-longer-provisioned': 'the previous environment was provisioned, and is not any more',
  shutdown: 'the orchestrator was restarted',
};

const RESET_SENTENCES: Readonly<Record<ResetReason, string>> = {
  'init-failed': 'its init phase had failed',
  'init-timed-out': 'its init phase had passed the time limit',
  'restore-failed': 'it could not be restored from its snapshot',
  'invoke-timed-out': 'the invocation before had timed out',
  'runtime-exited': 'its runtime had exited',
  'launch-failed': 'its runtime could not be started',
  'extension-failed': 'one of its extensions had failed',
  'out-of-memory': 'its runtime had been killed for want of memory',
};

/** Why an environment exists, as a clause that can follow "because". */
export function startedBecause(cause: StartCause): string {
  switch (cause.kind) {
    case 'first-use':
      return 'it was the first use of this function since the orchestrator started';
    case 'all-busy':
      return cause.busy === 1
        ? 'the only environment was busy'
        : `all ${cause.busy} environments were busy or still starting`;
    case 'spare':
      return 'a spare is kept ready ahead of demand';
    case 'expected':
      return 'an event was due by the times between earlier ones';
    case 'provisioned':
      return 'provisioned concurrency is configured for this version';
    case 'replaced':
      return END_SENTENCES[cause.reason];
  }
}

export type StartKind = 'warm' | 'thawed' | 'restored' | 'cold' | 'reset';

export interface StartStory {
  readonly kind: StartKind;
  readonly cause: StartCause;
  /** Present when the processes had to be started again inside the invocation. */
  readonly reset?: ResetReason;
  /** How many invocations the environment had served before. */
  readonly served: number;
}

export interface StartFacts {
  /** Of the environment when it is assigned. */
  readonly state: EnvironmentState;
  readonly cause: StartCause;
  readonly served: number;
  readonly waitedForInit: boolean;
  readonly reset: ResetReason | undefined;
}

export function storyOf({ state, cause, served, waitedForInit, reset }: StartFacts): StartStory {
  if (state === 'reset') return { cause, served, kind: 'reset', reset: reset ?? 'runtime-exited' };
  if (waitedForInit && served === 0) return { cause, served, kind: 'cold' };
  if (state === 'snapshotted') return { cause, served, kind: 'restored' };
  return { cause, served, kind: state === 'idle' ? 'warm' : 'thawed' };
}

function isAhead({ kind }: StartCause): boolean {
  return kind === 'spare' || kind === 'expected' || kind === 'provisioned';
}

/** Answers `orchestrator why`: a clause that can follow the kind of start and a colon. */
export function tellStart(story: StartStory): string {
  switch (story.kind) {
    case 'cold':
      return isAhead(story.cause)
        ? 'the environment kept ready ahead of demand was still starting.'
        : `${startedBecause(story.cause)}.`;
    case 'reset':
      return `the environment had been reset because ${
        RESET_SENTENCES[story.reset ?? 'runtime-exited']
      }.`;
    case 'restored':
      return `a snapshot was restored, made ahead because ${startedBecause(story.cause)}.`;
    case 'warm':
    case 'thawed': {
      if (story.served > 0) return hadServed(story.kind, story.served);
      return `${found(story.kind)} initialised ahead because ${startedBecause(story.cause)}.`;
    }
  }
}
