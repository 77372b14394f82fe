/**
 * Everything that services tell functions of by themselves: buckets, topics and log groups. What
 * stands between is made where the services are, and made again when they have lost their data.
 */

import type { SourceStatus } from '../view.js';
import type { Source } from '../sources/source.js';
import { emptyStack, type Stack } from '../stack/stack.js';
import type { NotificationPart, NotificationParts } from './part.js';

export type NotificationLoader = () => Promise<readonly NotificationPart[]>;

type Parts = Pick<NotificationParts, 'services' | 'log'>;

export class Notifications implements Source {
  readonly name = 'Notifications';
  readonly #parts: Parts;
  readonly #load: NotificationLoader;
  #loaded: readonly NotificationPart[] = [];
  #wanted: Stack = emptyStack();
  /** Prepared and listened to. */
  #applied: Stack = emptyStack();

  /** `load` is called once something is to be told of. */
  constructor(parts: Parts, load: NotificationLoader) {
    this.#parts = parts;
    this.#load = load;
    parts.services.onFresh(async (config) => {
      if (!this.#needsServices(this.#wanted)) return;
      const { withClients } = await import('./part.js');
      await withClients(config, (clients) => this.#prepare(this.#wanted, clients));
    });
  }

  async apply(stack: Stack): Promise<void> {
    if (this.#loaded.length === 0) {
      const { buckets, topics, logSubscriptions } = stack;
      if (buckets.length + topics.length + logSubscriptions.length === 0) return;
      this.#loaded = await this.#load();
    }
    if (partOf(stack) === partOf(this.#applied)) return;
    const before = this.#wanted;
    this.#wanted = stack;
    const { services } = this.#parts;
    const needed = this.#needsServices(stack) || this.#needsServices(before);
    if (needed && services.kind !== 'none') {
      await services.clientConfig();
      const { withClients } = await import('./part.js');
      await withClients(await services.reach(), (clients) => this.#prepare(stack, clients));
    }
    for (const part of this.#loaded) {
      if (services.kind !== 'none' || !part.isNeeded(stack)) await part.listen(stack);
    }
    this.#applied = stack;
  }

  status(): readonly SourceStatus[] {
    return this.#loaded.flatMap((part) => part.status());
  }

  async drain(): Promise<void> {
    await Promise.all(this.#loaded.map((part) => part.stop()));
  }

  close(): Promise<void> {
    return this.drain();
  }

  #needsServices(stack: Stack): boolean {
    return this.#loaded.some((part) => part.isNeeded(stack));
  }

  async #prepare(stack: Stack, clients: Parameters<NotificationPart['prepare']>[1]): Promise<void> {
    for (const part of this.#loaded) await part.prepare(stack, clients);
  }
}

function partOf({ buckets, topics, logSubscriptions }: Stack): string {
  return JSON.stringify({ buckets, topics, logSubscriptions });
}
