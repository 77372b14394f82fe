import type { Candidate, KeepAlive, Windows } from './keep-alive.js';

/** Everything is kept for the same time; the least recently used goes first. */
export class FixedKeepAlive implements KeepAlive {
  readonly name = 'fixed';
  readonly #windows: Windows;

  constructor(idleMs: number) {
    this.#windows = { prewarmAfterMs: 0, keepUntilMs: idleMs };
  }

  windows(): Windows {
    return this.#windows;
  }

  priority({ lastUsedAt }: Candidate): number {
    return lastUsedAt;
  }
}
