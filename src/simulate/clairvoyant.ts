import type { Windows } from '../keep-alive/keep-alive.js';
import type { Foresight } from './foresight.js';
import type { SimulatedPolicy } from './replay.js';

const NEVER_AGAIN: Windows = { prewarmAfterMs: 0, keepUntilMs: 0 };
const FOR_EVER: Windows = { prewarmAfterMs: 0, keepUntilMs: Infinity };

/**
 * Knows when each environment is needed again: keeps it until then, and when memory is short lets
 * go the one that is needed last. It starts none ahead. Where all functions are alike nothing that
 * only keeps does better (Belady); where they are not it is a yardstick, close to the best.
 */
export class Clairvoyant implements SimulatedPolicy {
  readonly name = 'clairvoyant';
  readonly #foresight: Foresight;
  #neededAt = Infinity;

  constructor(foresight: Foresight) {
    this.#foresight = foresight;
  }

  /** What follows is about the environment that served this invocation last; -1: none. */
  lookAt(invocation: number): void {
    this.#neededAt = this.#foresight.neededAt[invocation] ?? Infinity;
  }

  windows(): Windows {
    return this.#neededAt === Infinity ? NEVER_AGAIN : FOR_EVER;
  }

  priority(): number {
    return -this.#neededAt;
  }
}
