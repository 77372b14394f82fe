/**
 * The invocation an environment has, from dispatch to its report. The caller is answered as soon as
 * the outcome is known; the report follows at once, or when extensions have finished their work on
 * it too (contract 7.2).
 */

import { afterReads } from '../async/after-reads.js';
import type { Clock } from '../async/clock.js';
import type { EndReason } from './cause.js';
import type { Channel } from './channel.js';
import type { ExtensionHost } from './extension-host.js';
import type { Posted } from './post.js';
import type { InvocationJournal } from './journal.js';
import type { Mishap } from './mishap.js';
import type { Processes } from './processes.js';
import type { Restoration } from './restoration.js';
import type { Ending, Finished, Settlement } from './settlement.js';

export interface ServingParts {
  readonly clock: Clock;
  readonly journal: InvocationJournal;
  readonly processes: Processes;
}

/** Actions that end an invocation, or what is left of it. */
export type Conclusion =
  | 'settleResponse'
  | 'settleTimeout'
  | 'settleExit'
  | 'settleInitFailure'
  | 'settleLost'
  | 'report'
  | 'reportTimeout'
  | 'reportExit';

/** The caller has its answer; the report has to wait. */
interface Unreported {
  readonly settlement: Settlement;
  readonly finished: Finished;
  /** Ends what the invocation counts for besides. */
  readonly release: (() => void) | undefined;
  /** From the response to the next poll, once that has come. */
  runtimeOverheadMs?: number;
}

/** The caller has its answer; what the runtime wrote before it may not all be read, nor told. */
interface Untold {
  readonly settlement: Settlement;
  /** To be told of once it is read; undefined: later. */
  readonly finished: Finished | undefined;
  isRead: boolean;
}

/** So short an invocation takes little memory, and is looked at the peak for now and then only. */
const SHORT_MS = 1;
const LOOKS_APART_MS = 20;

export class Serving {
  /** Of the init before it, where that is told with the first invocation. */
  initMs: number | undefined;
  /** What the runtime answered with. */
  posted: Posted | 'too-large' | undefined;
  /** How many extensions were sent the event. */
  extensionsAtWork = 0;
  readonly #parts: ServingParts;
  /** The phase before it. */
  readonly #restoration: Pick<Restoration, 'takeMs'>;
  #settlement: Settlement | undefined;
  #unreported: Unreported | undefined;
  #last: Untold | undefined;
  #served = 0;
  #lookedAt = -Infinity;

  constructor(parts: ServingParts, restoration: Pick<Restoration, 'takeMs'>) {
    this.#parts = parts;
    this.#restoration = restoration;
  }

  /** Not settled yet. */
  get current(): Settlement | undefined {
    return this.#settlement;
  }
  /** How many have come to an end. */
  get served(): number {
    return this.#last?.finished === undefined ? this.#served : this.#served + 1;
  }

  /** After `readOutput`. */
  take(settlement: Settlement): void {
    this.#settlement = settlement;
    this.extensionsAtWork = 0;
  }

  /** Sends the event, also to extensions. */
  deliver(channel: Pick<Channel, 'deliver'>, host: Pick<ExtensionHost, 'invoke'>): void {
    if (this.#settlement === undefined) return;
    const delivery = this.#settlement.delivery();
    channel.deliver(delivery);
    this.extensionsAtWork = host.invoke(delivery);
  }

  /** START, once, and before it what the last one still lacks. */
  recordStart(): void {
    if (this.#settlement === undefined || this.#settlement.begun) return;
    this.#tellLast();
    this.#parts.journal.begin(this.#settlement);
  }

  conclude(action: Conclusion, mishap: Mishap, endReason: EndReason | undefined): void {
    switch (action) {
      case 'settleResponse':
        return this.#finish({ kind: 'posted', posted: this.posted ?? 'too-large' });
      case 'settleTimeout':
        return this.#finish({ kind: 'timed-out' });
      case 'settleExit':
        return this.#finish(mishap.exitEnding);
      case 'settleInitFailure':
        return this.#finish(mishap.initEnding);
      case 'settleLost':
        return this.#finish({ kind: 'lost', reason: endReason ?? 'engine-failed' });
      case 'report':
        return this.#report();
      case 'reportTimeout':
        return this.#report({ kind: 'timed-out' });
      case 'reportExit':
        return this.#report(mishap.exitEnding);
    }
  }

  #finish(ending: Ending): void {
    const settlement = this.#settlement;
    if (settlement === undefined) return;
    this.#settlement = undefined;
    this.posted = undefined;
    const now = this.#parts.clock.monotonic();
    const finished = settlement.finish(ending, now);
    const isPosted = ending.kind === 'posted';
    const goesOn = isPosted && this.extensionsAtWork > 0;
    const release = goesOn ? settlement.assignment.hold?.() : undefined;
    if (!settlement.wantsTail) settlement.answer(finished);
    this.#tellLast();
    const isReported = !goesOn && !(isPosted && this.#isHeard());
    if (!isReported) this.#unreported = { settlement, finished, release };
    const told = isReported ? finished : undefined;
    if (isPosted) this.#responded(settlement, told);
    else if (told !== undefined) {
      if (ending.kind !== 'exited') this.#parts.processes.lookAtPeak();
      this.#journalEnd(settlement, told);
    }
  }

  /**
   * The runtime has written all that belongs to this invocation. Where its output is read by us it
   * does not say so itself: a mark would wake us a second time.
   */
  #responded(settlement: Settlement, finished: Finished | undefined): void {
    const { journal, processes } = this.#parts;
    if (journal.marker !== undefined && processes.pipesOutput) {
      this.#last = { settlement, finished, isRead: false };
      afterReads(this.#readsAreOver);
    } else if (finished !== undefined) {
      this.#lookAndEnd(settlement, finished);
    }
  }

  /** What was written before a response has been read when all that can be read has been. */
  readonly #readsAreOver = (): void => {
    const last = this.#last;
    if (last === undefined) return;
    const { settlement, finished, isRead } = last;
    this.#outputWasRead(last);
    // A look takes its time, which the others that wait for an answer need not wait for.
    const waits = !isRead && finished !== undefined && this.#isLookDue(settlement, finished);
    if (waits) afterReads(this.#readsAreOver);
    else this.#tellLast();
  };

  /** What follows must not be taken for output of the last invocation. */
  readOutput(): void {
    if (this.#last === undefined || this.#last.isRead) return;
    this.#parts.processes.flushOutput();
    this.#outputWasRead(this.#last);
  }

  /** Nor must it be told before that one's end. */
  endLast(): void {
    this.readOutput();
    this.#tellLast();
  }

  #outputWasRead(last: Untold): void {
    if (!last.isRead) this.#parts.journal.outputIsHere(last.settlement.requestId);
    last.isRead = true;
  }

  #tellLast(): void {
    const last = this.#last;
    if (last === undefined) return;
    this.#last = undefined;
    if (last.finished !== undefined) this.#lookAndEnd(last.settlement, last.finished);
  }

  #lookAndEnd(settlement: Settlement, finished: Finished): void {
    if (this.#isLookDue(settlement, finished)) {
      this.#lookedAt = settlement.dispatch.dispatchedAt + finished.durationMs;
      this.#parts.processes.lookAtPeak();
    }
    this.#journalEnd(settlement, finished);
  }

  #isLookDue({ dispatch }: Settlement, { durationMs }: Finished): boolean {
    const endedAt = dispatch.dispatchedAt + durationMs;
    return durationMs >= SHORT_MS || endedAt - this.#lookedAt >= LOOKS_APART_MS;
  }

  /** All that the runtime has written of its init is here. */
  initOutputIsHere(): void {
    const { journal, processes } = this.#parts;
    if (journal.marker !== undefined && processes.flushOutput()) journal.outputIsHere('init');
  }

  /** The runtime asks for an event, its first one or, when `completing`, the one after a response. */
  outputAtPoll(completing: boolean): void {
    const { journal, processes } = this.#parts;
    if (journal.marker !== undefined) {
      if (!completing) this.initOutputIsHere();
      // A runtime that does not mark its output has written what belongs to the last event by now.
    } else if (processes.flushOutput()) journal.outputIsHere();
  }

  /** The runtime has asked for its next event; extensions may still be at work on this one. */
  runtimeDone(): void {
    const unreported = this.#unreported;
    if (unreported === undefined || unreported.runtimeOverheadMs !== undefined) return;
    const { settlement, finished } = unreported;
    const now = this.#parts.clock.monotonic();
    const doneMs = now - settlement.dispatch.dispatchedAt;
    unreported.runtimeOverheadMs = Math.max(0, doneMs - finished.durationMs);
    if (this.#isHeard()) {
      this.#parts.journal.runtimeDone(settlement, finished, unreported.runtimeOverheadMs);
    }
  }

  /** Extensions have finished too, or will not: `ending` says how. */
  #report(ending?: Ending): void {
    const unreported = this.#unreported;
    if (unreported === undefined) return;
    this.#unreported = undefined;
    this.endLast();
    const { settlement, finished, release, runtimeOverheadMs } = unreported;
    release?.();
    const now = this.#parts.clock.monotonic();
    const extended =
      this.extensionsAtWork === 0 && ending === undefined
        ? finished
        : settlement.extended(finished, ending, { now, runtimeOverheadMs });
    this.#parts.processes.lookAtPeak();
    this.#journalEnd(settlement, extended, runtimeOverheadMs);
  }

  /** It is not to be served here: it was never delivered. */
  giveBack(): Settlement | undefined {
    const settlement = this.#settlement;
    this.#settlement = undefined;
    return settlement;
  }

  #isHeard(): boolean {
    return this.#parts.journal.telemetry?.subscribed === true;
  }

  #journalEnd(settlement: Settlement, finished: Finished, runtimeOverheadMs?: number): void {
    const { journal, processes } = this.#parts;
    const initMs = this.#served === 0 ? this.initMs : undefined;
    this.#served += 1;
    journal.end(settlement, finished, {
      peakBytes: processes.seenPeakBytes,
      initMs: settlement.story.kind === 'reset' ? undefined : initMs,
      restoreMs: this.#restoration.takeMs(),
      runtimeOverheadMs,
      extensionOverheadMs: finished.extensionOverheadMs,
    });
  }
}
