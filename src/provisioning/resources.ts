/**
 * Makes what the template declares in the services endpoint: queues, topics, buckets, tables,
 * streams and log groups; again when the services have lost their data. What was made and is no
 * longer declared stays, with what is in it.
 */

import { sleep } from '../async/clock.js';
import type { ServiceClientConfig } from '../services/client-config.js';
import { ServiceClients } from '../services/clients.js';
import type { Source, SourceParts } from '../sources/source.js';
import { emptyStack, type Stack } from '../stack/stack.js';
import { KINDS, stepsFor, type Kind } from './kinds.js';
import {
  answerOf,
  refused,
  type MakingContext,
  type Named,
  type ResourceMaker,
} from './resource-maker.js';

const PAUSE_MS = 100;
const MOST_AT_ONCE = 8;

export type ResourcesParts = Pick<SourceParts, 'settings' | 'clock' | 'log' | 'services'>;

export class Resources implements Source {
  readonly name = 'Resources';
  /** Resolves when the first stack has been applied, or could not be. */
  readonly ready: Promise<void>;
  readonly #parts: ResourcesParts;
  readonly #closing = new AbortController();
  #wanted: Stack = emptyStack();
  #made: Stack = emptyStack();
  #making: Promise<void> = Promise.resolve();
  #settle: () => void = () => undefined;

  constructor(parts: ResourcesParts) {
    this.#parts = parts;
    this.ready = new Promise((resolve) => {
      this.#settle = resolve;
    });
    parts.services.onFresh((config) => this.#make(config, emptyStack()));
  }

  /** Raises `resource-refused` with everything that could not be made, and what the endpoint said. */
  async apply(stack: Stack): Promise<void> {
    try {
      await this.#apply(stack);
    } finally {
      this.#settle();
    }
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closing.abort(new Error('the orchestrator is stopping'));
    this.#settle();
    return Promise.resolve();
  }

  async #apply(stack: Stack): Promise<void> {
    const { services, log } = this.#parts;
    this.#tellRemoved(stack);
    this.#wanted = stack;
    if (changed(stack, this.#made).length === 0) return;
    if (services.kind === 'none') {
      const kinds = changed(stack, emptyStack()).map((kind) => `${KINDS[kind]}s`);
      log.warn(`the services are turned off: ${kinds.join(', ')} of the template are not made`);
      return;
    }
    // The first who ask have everything made; later there is the difference only.
    await services.clientConfig();
    await this.#make(await services.reach(), this.#made);
  }

  /** One after the other. */
  #make(config: ServiceClientConfig, before: Stack): Promise<void> {
    const make = (): Promise<void> => this.#makeAll(config, before);
    const making = this.#making.then(make, make);
    this.#making = making.catch(() => undefined);
    return making;
  }

  async #makeAll(config: ServiceClientConfig, before: Stack): Promise<void> {
    const stack = this.#wanted;
    const kinds = changed(stack, before);
    if (kinds.length === 0) return;
    const clients = new ServiceClients(() => Promise.resolve(config));
    try {
      const failures: string[] = [];
      for (const { kind, maker } of await stepsFor(kinds)) {
        const context = this.#context(clients);
        failures.push(...(await makeKind(maker, stack[kind], before[kind], context)));
      }
      if (failures.length > 0) throw refused(failures);
      this.#made = stack;
    } finally {
      await clients.close();
    }
  }

  #context(clients: ServiceClients): MakingContext {
    const { settings, clock, log } = this.#parts;
    const { region, accountId } = settings;
    return {
      clients,
      region,
      accountId,
      warn: (message) => log.warn(message),
      pause: () => sleep(clock, PAUSE_MS, this.#closing.signal),
    };
  }

  #tellRemoved(stack: Stack): void {
    for (const [kind, word] of Object.entries(KINDS) as [Kind, string][]) {
      const names = new Set(stack[kind].map(({ name }) => name));
      for (const { name } of this.#made[kind]) {
        if (names.has(name)) continue;
        const text = `${word} ${name} is no longer declared; it stays, with what is in it`;
        this.#parts.log.info(`configuration: ${text}`);
      }
    }
  }
}

function changed(stack: Stack, before: Stack): Kind[] {
  return (Object.keys(KINDS) as Kind[]).filter(
    (kind) => JSON.stringify(stack[kind]) !== JSON.stringify(before[kind]),
  );
}

/** What could not be made. */
async function makeKind(
  maker: ResourceMaker<Named>,
  definitions: readonly Named[],
  before: readonly Named[],
  context: MakingContext,
): Promise<string[]> {
  const failures: string[] = [];
  const known = new Map(before.map((definition) => [definition.name, definition]));
  const waiting = definitions.filter(
    (definition) => JSON.stringify(known.get(definition.name)) !== JSON.stringify(definition),
  );
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { path, name } = next;
      await maker.make(next, context, known.get(name)).catch((error: unknown) => {
        failures.push(`${path} (${maker.kind} ${name}): ${answerOf(error)}`);
      });
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, work));
  return failures;
}
