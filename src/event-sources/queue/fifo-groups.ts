/**
 * Which message groups have messages under way. The queue keeps order as long as what it handed out
 * is invisible; this keeps it where a batch has waited for longer than that.
 */

import { groupOf, type QueueRecord } from './queue-records.js';

export class FifoGroups {
  readonly #busy = new Map<string, number>();

  /** Whether a message may be added to what is handed out now. */
  isBusy({ message }: QueueRecord): boolean {
    return this.#busy.has(groupOf(message) ?? '');
  }

  take(records: readonly QueueRecord[]): void {
    for (const { message } of records) {
      const group = groupOf(message) ?? '';
      this.#busy.set(group, (this.#busy.get(group) ?? 0) + 1);
    }
  }

  release(records: readonly QueueRecord[]): void {
    for (const { message } of records) {
      const group = groupOf(message) ?? '';
      const left = (this.#busy.get(group) ?? 1) - 1;
      if (left > 0) this.#busy.set(group, left);
      else this.#busy.delete(group);
    }
  }

  /** Groups with messages under way. */
  get size(): number {
    return this.#busy.size;
  }
}
