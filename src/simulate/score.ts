/** What a replay comes to. */

export interface Score {
  readonly invocations: number;
  /** Of those, how many found no environment ready. */
  readonly cold: number;
  readonly coldRatio: number;
  /** (waiting + running) / running; 1 when nothing waited. */
  readonly slowdown: { readonly p50: number; readonly p99: number };
  /** Environments that were started, and those of them ahead of an event. */
  readonly starts: number;
  readonly prewarmed: number;
  /** Memory of environments that served nobody just then, starting ones too: gigabyte seconds. */
  readonly wastedGbSeconds: number;
  readonly peakEnvironments: number;
  readonly peakMemoryMb: number;
}

/** Slowdowns are counted in steps of one percent. */
const STEP = Math.log(1.01);

export class ScoreKeeper {
  cold = 0;
  starts = 0;
  prewarmed = 0;
  wastedMbMs = 0;
  peakEnvironments = 0;
  peakMemoryMb = 0;
  #warm = 0;
  readonly #slowed: number[] = [];

  served(waitMs: number, durationMs: number): void {
    if (waitMs === 0) {
      this.#warm += 1;
      return;
    }
    const step = Math.round(Math.log1p(waitMs / durationMs) / STEP);
    this.#slowed[step] = (this.#slowed[step] ?? 0) + 1;
  }

  score(invocations: number): Score {
    return {
      invocations,
      cold: this.cold,
      coldRatio: invocations === 0 ? 0 : this.cold / invocations,
      slowdown: { p50: this.#slowdown(0.5), p99: this.#slowdown(0.99) },
      starts: this.starts,
      prewarmed: this.prewarmed,
      wastedGbSeconds: this.wastedMbMs / 1000 / 1024,
      peakEnvironments: this.peakEnvironments,
      peakMemoryMb: this.peakMemoryMb,
    };
  }

  /** The value so that `share` of all are at most as slow. */
  #slowdown(share: number): number {
    const total = this.#slowed.reduce((sum, count) => sum + count, this.#warm);
    let below = this.#warm;
    if (below >= share * total) return 1;
    for (const [step, count = 0] of this.#slowed.entries()) {
      below += count;
      if (below >= share * total) return Math.exp(step * STEP);
    }
    return 1;
  }
}
