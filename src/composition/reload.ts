/**
 * Files change, functions follow: what is saved takes effect at the next event. Code makes a new
 * version of its functions; configuration adds, changes and removes functions.
 */

import { sleep, systemClock } from '../async/clock.js';
import type { Config } from '../config/config.js';
import { messageOf, OrchestratorError } from '../errors.js';
import { CodeWatch } from '../function/code-watch.js';
import type { FunctionDefinition } from '../function/function-version.js';
import { ownOutputs } from '../function/own-outputs.js';
import type { Logger } from '../log/logger.js';
import type { FunctionRegistry } from '../registry/registry.js';
import type { FunctionRouter } from '../router/function-router.js';
import type { InvocationRouter } from '../router/router.js';
import type { Stack } from '../stack/stack.js';

export interface ReloadParts {
  readonly router: FunctionRouter;
  readonly registry: FunctionRegistry;
  /** Reads the configuration again. Raises `config-invalid` and `config-not-found`. */
  readonly readConfig: (() => Promise<Config>) | undefined;
  /** A function's present version is being made, or has been. */
  readonly onBuild: (functionName: string) => void;
  /** What the project declares besides functions has changed. */
  readonly onStack: (stack: Stack) => Promise<void>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Editors write a file in several steps; the next event does not wait for this, only spares do. */
const RELOAD_AFTER_MS = 80;
/** Nobody waits longer for what a changed stack wants made, which may be a container. */
const STACK_MS = 5_000;

export class Reload {
  readonly #parts: ReloadParts;
  #config: Config;
  #watch: CodeWatch;
  /** Those that are not closed: for a moment more than one. */
  readonly #watches = new Set<CodeWatch>();
  #watched = '';
  #stale = false;
  #reloading: Promise<void> | undefined;
  /** What was declared last is made last. */
  #stacks: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(config: Config, parts: ReloadParts) {
    this.#config = config;
    this.#parts = parts;
    this.#watch = this.#watchFiles(config);
  }

  /**
   * The router as events should meet it: after every change the system has told of by now, so that
   * one made before the request was sent takes effect with it.
   */
  get door(): InvocationRouter {
    const { router } = this.#parts;
    return {
      find: (name, qualifier) => router.find(name, qualifier),
      list: () => router.list(),
      reservedConcurrency: (name) => router.reservedConcurrency(name),
      invoke: (...call) => {
        setImmediate(() => {
          if (this.#stale || this.#reloading !== undefined) {
            void this.#reload().then(() => router.invoke(...call));
          } else router.invoke(...call);
        });
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reloading;
    await this.#stackApplied();
    await Promise.all([...this.#watches].map((watch) => watch.close()));
  }

  /** Functions came or went through the API: what is watched may have changed. */
  functionsChanged(): void {
    if (this.#closed || this.#watched === this.#watchList()) return;
    this.#watchAnew(this.#config).catch((error: unknown) => {
      this.#parts.log.warn(`what functions are made of cannot be watched: ${messageOf(error)}`);
    });
  }

  /** Both watch for a moment: a change seen twice is harmless, one not seen is not. */
  async #watchAnew(config: Config): Promise<void> {
    const before = this.#watch;
    const next = this.#watchFiles(config);
    this.#watch = next;
    await next.ready;
    await before.close();
    this.#watches.delete(before);
  }

  #watchList(): string {
    return JSON.stringify(this.#parts.registry.folders());
  }

  #watchFiles(config: Config): CodeWatch {
    const { router, registry, log, readConfig } = this.#parts;
    this.#watched = this.#watchList();
    const watch = new CodeWatch({
      functions: registry.folders(),
      configFiles: readConfig === undefined ? [] : config.files,
      ignored: [config.settings.stateDirectory, ...ownOutputs()],
      onDirty: (name) => {
        registry.codeChanged(name);
        router.deployment(name)?.codeChanged();
        systemClock.setTimer(RELOAD_AFTER_MS, () => {
          if (!this.#closed) this.#build(name);
        });
      },
      onConfigChanged: () => {
        this.#stale = true;
        systemClock.setTimer(RELOAD_AFTER_MS, () => void this.#reload());
      },
      onError: (error) => log.warn(`a file cannot be watched: ${messageOf(error)}`),
    });
    this.#watches.add(watch);
    return watch;
  }

  /** Never rejects: a configuration that cannot be used leaves the one before in force. */
  #reload(): Promise<void> {
    this.#reloading ??= this.#reloadAll().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async #reloadAll(): Promise<void> {
    const { readConfig, log } = this.#parts;
    while (this.#stale && !this.#closed && readConfig !== undefined) {
      this.#stale = false;
      try {
        await this.#apply(await readConfig());
      } catch (error) {
        const remedy = error instanceof OrchestratorError ? (error.remedy ?? '') : '';
        log.error(`the changed configuration is not used: ${messageOf(error)} ${remedy}`.trim());
      }
    }
  }

  async #apply(next: Config): Promise<void> {
    const before = this.#config;
    const { registry, log } = this.#parts;
    const changes = changesBetween(before.functions, next.functions);
    this.#config = next;
    for (const name of registry.setFiles(next.functions).hidden) {
      log.warn(`${name} made through the API is hidden by the function of that name in the file`);
    }
    this.#tell(before, next, changes);
    if (JSON.stringify(before.stack) !== JSON.stringify(next.stack)) {
      this.#stacks = this.#stacks.then(() => this.#parts.onStack(next.stack));
      await this.#stackApplied();
    }
    if (changes.removed.length + changes.added.length + changes.changed.length === 0) return;
    await this.#watchAnew(next);
    for (const { name } of [...changes.added, ...changes.changed]) {
      this.#build(name);
    }
  }

  async #stackApplied(): Promise<void> {
    const over = new AbortController();
    const limit = sleep(systemClock, STACK_MS, over.signal).catch(() => undefined);
    await Promise.race([this.#stacks, limit]);
    over.abort();
  }

  #build(name: string): void {
    const { router, onBuild } = this.#parts;
    void router.deployment(name)?.ready();
    onBuild(name);
  }

  #tell(before: Config, next: Config, changes: Changes): void {
    const { log } = this.#parts;
    for (const [what, definitions] of Object.entries(changes)) {
      const names = (definitions as FunctionDefinition[]).map(({ name }) => name);
      if (names.length > 0) log.info(`configuration: ${names.join(', ')} ${what}`);
    }
    const old = new Set(before.notices.map((notice) => JSON.stringify(notice)));
    for (const notice of next.notices) {
      if (old.has(JSON.stringify(notice))) continue;
      log.warn(`${notice.path} is ${notice.treatment}: ${notice.reason}`);
    }
    const settings = Object.entries(next.settings).filter(
      ([name, value]) => value !== before.settings[name as keyof Config['settings']],
    );
    if (settings.length === 0) return;
    const names = settings.map(([name]) => name).join(', ');
    log.warn(`changed settings take effect at the next start: ${names}`);
  }
}

interface Changes {
  readonly added: readonly FunctionDefinition[];
  readonly changed: readonly FunctionDefinition[];
  readonly removed: readonly FunctionDefinition[];
}

function changesBetween(
  before: readonly FunctionDefinition[],
  next: readonly FunctionDefinition[],
): Changes {
  const old = new Map(before.map((definition) => [definition.name, JSON.stringify(definition)]));
  const names = new Set(next.map(({ name }) => name));
  return {
    added: next.filter(({ name }) => !old.has(name)),
    changed: next.filter(
      (definition) =>
        old.has(definition.name) && old.get(definition.name) !== JSON.stringify(definition),
    ),
    removed: before.filter(({ name }) => !names.has(name)),
  };
}
