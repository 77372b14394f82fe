/**
 * The shutdown phase of an environment with extensions (contract 2.4): SIGTERM to the runtime, its
 * end waited for or brought about, then SHUTDOWN to the external extensions that want it and the
 * end of the others. Over when all have ended, or when the time is.
 */

import type { Clock, Timer } from '../async/clock.js';
import { LIMITS } from '../config/defaults.js';
import type { Extensions, ShutdownReason } from './extensions.js';

export interface ShutdownParts {
  readonly clock: Clock;
  readonly extensions: Extensions;
  readonly reason: ShutdownReason;
  /** Sends SIGTERM; false when there is no runtime to take it. */
  terminateRuntime(): boolean;
  killRuntime(): void;
  killExtension(name: string): void;
  /** Called once, unless the phase is called off before. */
  done(): void;
}

export class Shutdown {
  readonly #parts: ShutdownParts;
  readonly #deadlineMs: number;
  #step: 'runtime' | 'extensions' | 'over' = 'runtime';
  #total: Timer;
  #share: Timer | undefined;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
    const { clock, extensions } = parts;
    const external = extensions.list.some((extension) => extension.external);
    const totalMs = external ? LIMITS.shutdownMs.external : LIMITS.shutdownMs.internal;
    this.#deadlineMs = clock.now() + totalMs;
    this.#total = clock.setTimer(totalMs, () => this.#finish());
    extensions.end();
    if (!parts.terminateRuntime()) this.#tellExtensions();
    // Where there are internal ones only, the runtime has all of the time.
    else if (external) {
      this.#share = clock.setTimer(LIMITS.runtimeShutdownMs, () => parts.killRuntime());
    }
  }

  runtimeGone(): void {
    if (this.#step === 'runtime') this.#tellExtensions();
  }

  extensionGone(): void {
    if (this.#step === 'extensions' && this.#parts.extensions.living.length === 0) this.#finish();
  }

  /** Something else ends them. */
  callOff(): void {
    this.#step = 'over';
    this.#share?.cancel();
    this.#total.cancel();
  }

  #tellExtensions(): void {
    const { extensions, reason, killExtension } = this.#parts;
    this.#step = 'extensions';
    this.#share?.cancel();
    for (const { name, events } of extensions.living) {
      if (!events.includes('SHUTDOWN')) killExtension(name);
    }
    extensions.send({
      eventType: 'SHUTDOWN',
      shutdownReason: reason,
      deadlineMs: this.#deadlineMs,
    });
    this.extensionGone();
  }

  #finish(): void {
    if (this.#step === 'over') return;
    this.callOff();
    this.#parts.done();
  }
}
