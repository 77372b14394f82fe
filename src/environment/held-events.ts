/** What processes say before the call that starts them has returned. */

import type { EnvironmentEvent } from './lifecycle.js';

export class HeldEvents {
  #events: EnvironmentEvent[] = [];

  hold(event: EnvironmentEvent): void {
    // A poll that is gone again is none.
    if (isEnd(event)) {
      this.#events = this.#events.filter((earlier) => !isPoll(earlier));
    }
    // Told once is enough, however often it is said before a start has been confirmed.
    if (!this.#events.includes(event)) this.#events.push(event);
  }

  /** All of them, leaving none. */
  take(): readonly EnvironmentEvent[] {
    return this.#events.splice(0);
  }
}

function isEnd(event: EnvironmentEvent): boolean {
  return event === 'pollLost' || event === 'processesExited' || event === 'processFailed';
}

function isPoll(event: EnvironmentEvent): boolean {
  return event === 'runtimePolled' || event === 'snapshotReady';
}
