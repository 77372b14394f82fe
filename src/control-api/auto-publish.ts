/**
 * Functions of files that are to be published by themselves (SAM's `AutoPublishAlias`): each build
 * becomes a version, and the alias points to it. Of versions made so only the last few are kept,
 * and those that somebody's alias points to.
 */

import { messageOf } from '../errors.js';
import type { FunctionRecord } from '../registry/records.js';
import type { ControlParts } from './parts.js';
import { publish } from './publish.js';

const KEPT_VERSIONS = 3;

export class AutoPublish {
  readonly #parts: ControlParts;
  readonly #warn: (message: string) => void;
  readonly #running = new Map<string, Promise<void>>();

  constructor(parts: ControlParts, warn: (message: string) => void) {
    this.#parts = parts;
    this.#warn = warn;
  }

  /** One after the other for each function. Never rejects: what cannot be published is told. */
  built(name: string): Promise<void> {
    if (this.#parts.registry.latest(name)?.autoPublish === undefined) return Promise.resolve();
    const before = this.#running.get(name) ?? Promise.resolve();
    const run = before
      .then(() => this.#publish(name))
      .catch((error: unknown) => {
        // Of one that went meanwhile there is nothing to tell.
        if (this.#parts.registry.latest(name) === undefined) return;
        this.#warn(`${name} is not published: ${messageOf(error)}`);
      })
      .finally(() => {
        if (this.#running.get(name) === run) this.#running.delete(name);
      });
    this.#running.set(name, run);
    return run;
  }

  async #publish(name: string): Promise<void> {
    const { registry, packages, router } = this.#parts;
    // A build that failed has been told of.
    await router.deployment(name)?.ready();
    const wanted = registry.latest(name)?.autoPublish;
    if (wanted === undefined || router.deployment(name)?.problem !== undefined) return;
    const { version } = await publish(this.#parts, name, { automatic: true });
    const { alias, provisionedConcurrency: requested } = wanted;
    const record = registry.record(name);
    const isPointed = record.aliases[alias]?.version === version;
    if (isPointed && record.provisioned[alias]?.requested === requested) return;
    const revisionId = registry.newRevisionId();
    const modifiedAtMs = this.#parts.now();
    registry.change(name, (draft) => {
      draft.aliases[alias] = {
        description: '',
        weights: {},
        ...draft.aliases[alias],
        name: alias,
        version,
        revisionId,
      };
      if (requested === undefined) delete draft.provisioned[alias];
      else draft.provisioned[alias] = { requested, modifiedAtMs };
      dropOld(draft);
    });
    void packages.collect(() => registry.packages());
  }
}

function dropOld(draft: FunctionRecord): void {
  const pointed = new Set(
    Object.values(draft.aliases).flatMap(({ version, weights }) => [
      version,
      ...Object.keys(weights),
    ]),
  );
  const automatic = draft.versions.filter(({ automatic: made }) => made === true);
  const old = new Set(automatic.slice(0, -KEPT_VERSIONS).map(({ version }) => version));
  draft.versions = draft.versions.filter(
    ({ version }) => !old.has(version) || pointed.has(version) || version in draft.provisioned,
  );
}
