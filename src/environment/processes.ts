/**
 * The container of an environment and the engine's calls on its processes. What a call has led to
 * is told once it is known; what it says of processes that were replaced meanwhile, or of a freeze that
 * was followed by a thaw, is void.
 */

import type { Container } from '../engine/engine.js';

export interface ProcessesListener {
  /** A call on the present processes has succeeded. */
  done(what: 'containerStarted' | 'frozen' | 'thawed'): void;
  /** A call on them has failed. */
  failed(error: unknown): void;
}

export class Processes {
  /** Told when they are about to be frozen and when they have been asked to run again. */
  turned: ((still: boolean) => void) | undefined;
  readonly #listener: ProcessesListener;
  #container: Container | undefined;
  #provisioned: Promise<void> = Promise.resolve();
  /** Counts starts. */
  #generation = 0;
  /** Counts freezes and thaws. */
  #turns = 0;
  /** The turn at which their memory was given back; there has been none before the first. */
  #reclaimedTurn = -1;
  /** The last turn was a freeze. */
  #still = false;
  #peakBytes: number | undefined;

  constructor(listener: ProcessesListener) {
    this.#listener = listener;
  }

  get containerId(): string | undefined {
    return this.#container?.id;
  }
  /** Wall time of the last start, Unix ms; undefined before it. */
  get startedAtMs(): number | undefined {
    return this.#container?.startedAtMs;
  }
  /** Where what listens in them is reached; undefined while it is not. */
  get address(): string | undefined {
    return this.#container?.address;
  }
  /** Peak memory of the present processes as last looked at, bytes; undefined when unknown. */
  get seenPeakBytes(): number | undefined {
    return this.#peakBytes;
  }

  /** Makes the container and starts it, unless it is not wanted any more by then. */
  provision(create: () => Promise<Container>, isWanted: () => boolean): void {
    this.#provisioned = this.#provision(create, isWanted);
  }

  startAgain(): void {
    this.#generation += 1;
    this.#still = false;
    this.#peakBytes = undefined;
    this.#watch(this.#container?.start(), 'containerStarted');
  }

  kill(): void {
    this.#watch(this.#container?.kill());
  }

  /** Asks the main process to end. */
  terminate(): void {
    this.#watch(this.#container?.terminate());
  }

  /** For the supervisor. */
  send(text: string): void {
    this.#container?.write(text);
  }

  freeze(): void {
    this.#turns += 1;
    this.#still = true;
    this.turned?.(true);
    this.#watch(this.#container?.freeze(), 'frozen');
  }

  /** Once for each freeze. */
  reclaim(): void {
    this.#reclaimedTurn = this.#turns;
    void this.#container?.reclaim?.();
  }

  /** Since they were frozen. */
  get reclaimed(): boolean {
    return this.#reclaimedTurn === this.#turns;
  }

  /** They are frozen, or about to be. */
  get still(): boolean {
    return this.#still;
  }

  /** Raises when they certainly sleep on. */
  thaw(): void {
    this.#turns += 1;
    this.#still = false;
    const pending = this.#container?.thaw();
    this.turned?.(false);
    if (pending === undefined) this.#listener.done('thawed');
    else this.#watch(pending, 'thawed');
  }

  /** Once a start that is under way has come to its end. Rejects when the engine refuses. */
  async remove(): Promise<void> {
    await this.#provisioned;
    await this.#container?.remove();
  }

  /** What they write is read by us alone, see `Container`. */
  get pipesOutput(): boolean {
    return this.#container?.pipesOutput ?? false;
  }

  /** Whether all they have written by now has been handed over. */
  flushOutput(): boolean {
    return this.#container?.flushOutput?.() ?? false;
  }

  limitCpu(): void {
    this.#container?.limitCpu();
  }

  /** As `seenPeakBytes`, after a look. */
  lookAtPeak(): number | undefined {
    const peak = this.#container?.peakMemoryBytes();
    if (peak !== undefined) this.peakWas(peak);
    return this.#peakBytes;
  }

  /** Known from elsewhere: the kernel ended them at their limit. */
  peakWas(bytes: number): void {
    this.#peakBytes = Math.max(this.#peakBytes ?? 0, bytes);
  }

  async #provision(create: () => Promise<Container>, isWanted: () => boolean): Promise<void> {
    // Whoever makes an environment must have it before it hears from it.
    await Promise.resolve();
    if (!isWanted()) return;
    try {
      this.#container = await create();
      if (!isWanted()) return;
      await this.#container.start();
    } catch (error) {
      this.#listener.failed(error);
      return;
    }
    if (isWanted()) this.#listener.done('containerStarted');
  }

  #watch(call: Promise<void> | undefined, what?: Parameters<ProcessesListener['done']>[0]): void {
    const generation = this.#generation;
    const turns = this.#turns;
    const isVoid = (): boolean =>
      generation !== this.#generation || (what === 'frozen' && turns !== this.#turns);
    call?.then(
      () => {
        if (what !== undefined && !isVoid()) this.#listener.done(what);
      },
      (error: unknown) => {
        if (!isVoid()) this.#listener.failed(error);
      },
    );
  }
}
