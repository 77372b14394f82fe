/**
 * Stands for the container of a function whose processes are known not to start: each start ends at
 * once, as on Lambda, and nothing is asked of the engine.
 */

import type { Clock } from '../async/clock.js';
import type { Container, ContainerObserver } from '../engine/engine.js';

/** What a shell says of a program that it cannot start. */
const EXIT_CODE = 127;

export class UnlaunchableContainer implements Container {
  readonly id = '';
  readonly address = undefined;
  readonly #clock: Clock;
  readonly #observer: ContainerObserver;
  readonly #launchError: string;
  #startedAtMs: number | undefined;

  constructor(launchError: string, clock: Clock, observer: ContainerObserver) {
    this.#launchError = launchError;
    this.#clock = clock;
    this.#observer = observer;
  }

  get startedAtMs(): number | undefined {
    return this.#startedAtMs;
  }

  start(): Promise<void> {
    this.#startedAtMs = this.#clock.now();
    this.#observer.exited({
      exitCode: EXIT_CODE,
      outOfMemory: false,
      launchError: this.#launchError,
    });
    return Promise.resolve();
  }

  freeze(): Promise<void> {
    return Promise.resolve();
  }
  thaw(): undefined {
    return undefined;
  }
  kill(): Promise<void> {
    return Promise.resolve();
  }
  terminate(): Promise<void> {
    return Promise.resolve();
  }
  write(): void {}
  remove(): Promise<void> {
    return Promise.resolve();
  }
  limitCpu(): void {}
  peakMemoryBytes(): undefined {
    return undefined;
  }
}
