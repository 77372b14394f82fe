/** Answers of an authorizer, kept for a while under the identity they were given for. */

import type { Clock } from '../../async/clock.js';
import type { LambdaAnswer } from './lambda-verdict.js';

interface Kept {
  readonly answer: Promise<LambdaAnswer>;
  expiresAtMs: number;
}

const MOST = 10_000;

export class AnswerCache {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Requests that come while the first is being asked about wait for its answer. */
  async get(key: string, seconds: number, ask: () => Promise<LambdaAnswer>): Promise<LambdaAnswer> {
    if (seconds <= 0) return ask();
    const known = this.#kept.get(key);
    if (known !== undefined && known.expiresAtMs > this.#clock.now()) return known.answer;
    const kept: Kept = { answer: ask(), expiresAtMs: Infinity };
    kept.answer.catch(() => this.#kept.delete(key));
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest);
    const answer = await kept.answer;
    if (answer.kind === 'simple' || answer.kind === 'policy') {
      kept.expiresAtMs = this.#clock.now() + seconds * 1000;
    } else if (this.#kept.get(key) === kept) this.#kept.delete(key);
    return answer;
  }
}
