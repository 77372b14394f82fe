/**
 * Which functions exist: the one writer. Functions from files and functions made through the API
 * live side by side; what hangs on a function (versions, aliases, configurations, policies, tags)
 * is kept by its name, whoever made it.
 *
 *  1. `$LATEST` of a function is, in this order: what the API made of one from a file (in memory,
 *     until the file says something else), what the file says, what the API made.
 *  2. A change is on the disk before anybody hears of it; one that cannot be written did not happen.
 *  3. `onChanged` is called after each change, with the name.
 */

import { createHash } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import { randomUuid } from '../async/random.js';
import type { EventInvokeConfig, FunctionDefinition } from '../function/function-version.js';
import { sourcePaths } from '../function/source-paths.js';
import {
  copyOf,
  definitionOf,
  LATEST,
  newRecord,
  type EventInvokeRecord,
  type FunctionRecord,
  type LayerRecord,
  type PublishedVersion,
  type Revision,
  type UrlRecord,
} from './records.js';
import type { RegistryStore } from './registry-store.js';

export interface RegistryParts {
  readonly store: RegistryStore;
  readonly clock: Pick<Clock, 'now'>;
  /** Absolute path of a package. */
  readonly pathOf: (file: string) => string;
  readonly newRevisionId?: () => string;
}

/** What is being done to a function that is not finished. */
export type Progress = 'creating' | 'updating';

export interface AliasTarget {
  readonly version: string;
  readonly weights: Readonly<Record<string, number>>;
}

export class FunctionRegistry {
  readonly #parts: RegistryParts;
  readonly #records = new Map<string, FunctionRecord>();
  readonly #layers = new Map<string, LayerRecord>();
  readonly #files = new Map<string, Revision>();
  readonly #overrides = new Map<string, Revision | 'deleted'>();
  readonly #progress = new Map<string, { readonly progress: Progress }>();
  onChanged: (name: string) => void = () => undefined;

  /** Raises `state-unusable`. */
  constructor(parts: RegistryParts) {
    this.#parts = parts;
    for (const row of parts.store.read('function')) {
      const record = row as FunctionRecord;
      this.#records.set(record.name, this.#located(record));
    }
    for (const row of parts.store.read('layer')) {
      const layer = row as LayerRecord;
      this.#layers.set(layer.name, layer);
    }
  }

  /** Every function there is, in the order of names. */
  names(): string[] {
    const names = new Set([...this.#files.keys(), ...this.#records.keys()]);
    return [...names].filter((name) => this.revision(name) !== undefined).sort();
  }

  /** `$LATEST`; undefined when there is no such function. */
  revision(name: string): Revision | undefined {
    const override = this.#overrides.get(name);
    if (override === 'deleted') return undefined;
    return override ?? this.#files.get(name) ?? this.#records.get(name)?.latest;
  }

  /** What hangs on the function; a fresh one when nothing does. Not to be changed. */
  record(name: string): Readonly<FunctionRecord> {
    return this.#records.get(name) ?? newRecord(name);
  }

  /** Whether a version or alias (`$LATEST` when absent) can be invoked. */
  exists(name: string, qualifier: string = LATEST): boolean {
    if (qualifier === LATEST) return this.revision(name) !== undefined;
    return (this.alias(name, qualifier) ?? this.version(name, qualifier)) !== undefined;
  }

  isFromFile(name: string): boolean {
    return this.#files.has(name);
  }

  latest(name: string): FunctionDefinition | undefined {
    return this.revision(name)?.definition;
  }

  version(name: string, version: string): PublishedVersion | undefined {
    if (this.revision(name) === undefined) return undefined;
    return this.#records.get(name)?.versions.find((published) => published.version === version);
  }

  published(name: string, version: string): FunctionDefinition | undefined {
    const found = this.version(name, version);
    return found === undefined ? undefined : definitionOf(found);
  }

  alias(name: string, alias: string): AliasTarget | undefined {
    return this.revision(name) === undefined ? undefined : this.#records.get(name)?.aliases[alias];
  }

  reservedConcurrency(name: string): number | undefined {
    return (
      this.#records.get(name)?.reservedConcurrency ??
      this.revision(name)?.definition.reservedConcurrency
    );
  }

  /** What the API keeps for the qualifier, else what the function's own definition says. */
  eventInvoke(name: string, qualifier: string): EventInvokeRecord | undefined {
    const stored = this.#records.get(name)?.eventInvoke[qualifier];
    const revision = this.revision(name);
    if (stored !== undefined || revision === undefined) return stored;
    const { eventInvoke: own } = revision.definition;
    if (own === undefined || !ofOwnConfig(revision.definition).includes(qualifier))
      return undefined;
    return { ...own, modifiedAtMs: revision.modifiedAtMs };
  }

  /** Qualifiers that have a config, or may have. */
  eventInvokeQualifiers(name: string): readonly string[] {
    const definition = this.latest(name);
    const own = definition === undefined ? [] : ofOwnConfig(definition);
    return [...new Set([...own, ...Object.keys(this.record(name).eventInvoke)])];
  }

  /** Version or alias → provisioned concurrency. */
  provisioned(name: string): Readonly<Record<string, number>> {
    if (this.revision(name) === undefined) return {};
    const configs = Object.entries(this.#records.get(name)?.provisioned ?? {});
    return Object.fromEntries(configs.map(([qualifier, { requested }]) => [qualifier, requested]));
  }

  /** How asynchronous events are handled that were sent to the qualifier (contract 9.3, 9.4). */
  eventInvokeConfig(
    name: string,
    qualifier: string = LATEST,
  ): EventInvokeConfig & { readonly deadLetterTargetArn?: string } {
    const version = this.alias(name, qualifier)?.version ?? qualifier;
    const definition = version === LATEST ? this.latest(name) : this.published(name, version);
    const target = definition?.deadLetterTargetArn;
    return {
      ...this.eventInvoke(name, qualifier),
      ...(target === undefined ? {} : { deadLetterTargetArn: target }),
    };
  }

  /**
   * Addresses of the function and its aliases: what the API made, and what the file says where the
   * API has said nothing.
   */
  urls(name: string): Readonly<Record<string, UrlRecord>> {
    const { urls } = this.record(name);
    const revision = this.revision(name);
    const url = revision?.definition.url;
    if (revision === undefined || url === undefined) return urls;
    const { modifiedAtMs } = revision;
    const times = { createdAtMs: modifiedAtMs, modifiedAtMs };
    return { [LATEST]: { urlId: fileUrlId(name), ...url, ...times }, ...urls };
  }

  progress(name: string): Progress | undefined {
    return this.#progress.get(name)?.progress;
  }

  /** Until the returned function is called, the function is said to be created or updated. */
  begin(name: string, progress: Progress): () => void {
    const mine = { progress };
    this.#progress.set(name, mine);
    return () => {
      // Another function may have the name by now.
      if (this.#progress.get(name) === mine) this.#progress.delete(name);
    };
  }

  /** The functions of the files, all of them. Says which API-made ones they hide. */
  setFiles(definitions: readonly FunctionDefinition[]): {
    readonly changed: readonly string[];
    readonly hidden: readonly string[];
  } {
    const before = new Map(this.#files);
    this.#files.clear();
    const changed = new Set(before.keys());
    for (const definition of definitions) {
      const { name } = definition;
      const known = before.get(name);
      if (known !== undefined && same(known.definition, definition)) {
        this.#files.set(name, known);
        changed.delete(name);
        continue;
      }
      this.#files.set(name, this.newRevision({ definition, details: {}, layers: [] }));
      changed.add(name);
    }
    for (const name of changed) {
      this.#overrides.delete(name);
      this.#prefer(this.#files.get(name)?.definition);
      this.onChanged(name);
    }
    const hidden = definitions
      .map(({ name }) => name)
      .filter((name) => !before.has(name) && this.#records.get(name)?.latest !== undefined);
    return { changed: [...changed], hidden };
  }

  /** What a file says takes the place of what the API had kept for it. */
  #prefer(definition: FunctionDefinition | undefined): void {
    const record = definition === undefined ? undefined : this.#records.get(definition.name);
    if (definition === undefined || record === undefined) return;
    const reserves =
      definition.reservedConcurrency !== undefined && record.reservedConcurrency !== undefined;
    const retries =
      definition.eventInvoke === undefined
        ? []
        : ofOwnConfig(definition).filter((one) => record.eventInvoke[one] !== undefined);
    if (!reserves && retries.length === 0) return;
    this.change(definition.name, (draft) => {
      if (reserves) delete draft.reservedConcurrency;
      for (const qualifier of retries) delete draft.eventInvoke[qualifier];
    });
  }

  /** By `PutFunctionRecursionConfig` or its file: what either allows is allowed. */
  allowsRecursion(name: string): boolean {
    const { recursiveLoop } = this.#files.get(name)?.definition ?? {};
    return recursiveLoop === 'Allow' || this.#records.get(name)?.recursion === 'Allow';
  }

  /** The code of a function in the user's own folder changed: it takes the place of uploaded code. */
  codeChanged(name: string): void {
    const override = this.#overrides.get(name);
    if (override === undefined || override === 'deleted' || override.code === undefined) return;
    this.#overrides.delete(name);
    this.onChanged(name);
  }

  /** The folders and zips of users that functions are read from, each to be watched. */
  folders(): { readonly name: string; readonly paths: readonly string[] }[] {
    const own = [...this.#records.values()]
      .filter(({ name, latest }) => latest?.code === undefined && !this.#files.has(name))
      .flatMap(({ latest }) => (latest === undefined ? [] : [latest.definition]));
    const all = [...[...this.#files.values()].map(({ definition }) => definition), ...own];
    return all
      .map((definition) => ({ name: definition.name, paths: sourcePaths(definition) }))
      .filter(({ paths }) => paths.length > 0);
  }

  newRevision(parts: Omit<Revision, 'revisionId' | 'modifiedAtMs'>): Revision {
    return {
      ...parts,
      revisionId: this.newRevisionId(),
      modifiedAtMs: this.#parts.clock.now(),
    };
  }

  newRevisionId(): string {
    return this.#parts.newRevisionId?.() ?? randomUuid();
  }

  /** A new `$LATEST`. Of a function from a file it holds until the file changes. */
  setLatest(name: string, revision: Revision): void {
    const located = this.#locatedRevision(revision);
    if (this.#files.has(name)) {
      this.#overrides.set(name, located);
      this.onChanged(name);
    } else {
      this.change(name, (record) => {
        record.latest = located;
      });
    }
  }

  /** Changes what hangs on a function, whole or not at all. Raises `state-unusable`. */
  change(name: string, edit: (record: FunctionRecord) => void): FunctionRecord {
    const draft = copyOf(this.#records.get(name) ?? newRecord(name));
    edit(draft);
    this.#parts.store.write('function', name, draft);
    this.#records.set(name, draft);
    this.onChanged(name);
    return draft;
  }

  /** The function and all that hangs on it. One from a file comes back when the file changes. */
  remove(name: string): void {
    this.#parts.store.write('function', name, undefined);
    this.#records.delete(name);
    this.#progress.delete(name);
    if (this.#files.has(name)) this.#overrides.set(name, 'deleted');
    this.onChanged(name);
  }

  layers(): readonly Readonly<LayerRecord>[] {
    return [...this.#layers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  layer(name: string): Readonly<LayerRecord> | undefined {
    return this.#layers.get(name);
  }

  changeLayer(name: string, edit: (layer: LayerRecord) => void): LayerRecord {
    const empty: LayerRecord = { name, lastVersion: 0, versions: [] };
    const draft = structuredClone(this.#layers.get(name) ?? empty);
    edit(draft);
    this.#parts.store.write('layer', name, draft);
    this.#layers.set(name, draft);
    return draft;
  }

  /** The packages that must be kept. */
  packages(): ReadonlySet<string> {
    const files = new Set<string>();
    const add = (revision: Revision): void => {
      if (revision.code !== undefined) files.add(revision.code.file);
      for (const { file } of revision.layers) files.add(file);
    };
    for (const { latest, versions } of this.#records.values()) {
      for (const revision of [...versions, ...(latest === undefined ? [] : [latest])]) {
        add(revision);
      }
    }
    for (const override of this.#overrides.values()) if (override !== 'deleted') add(override);
    for (const { versions } of this.#layers.values()) {
      for (const { content } of versions) files.add(content.file);
    }
    return files;
  }

  close(): void {
    this.#parts.store.close();
  }

  /** Paths are those of this run: the state folder may have moved. */
  #located(record: FunctionRecord): FunctionRecord {
    return {
      ...copyOf(record),
      ...(record.latest === undefined ? {} : { latest: this.#locatedRevision(record.latest) }),
      versions: record.versions.map((version) => this.#locatedRevision(version)),
    };
  }

  #locatedRevision<T extends Revision>(revision: T): T {
    const { code, layers, definition } = revision;
    const { pathOf } = this.#parts;
    return {
      ...revision,
      definition: {
        ...definition,
        ...(code === undefined ? {} : { codePath: pathOf(code.file) }),
        ...(layers.length === 0 ? {} : { layerPaths: layers.map(({ file }) => pathOf(file)) }),
      },
    };
  }
}

/** The same in every run, so that what was noted down still leads there. */
function fileUrlId(name: string): string {
  const digest = createHash('sha256').update(`url of ${name}`).digest();
  return [...digest].map((byte) => (byte % 36).toString(36)).join('');
}

function same(one: FunctionDefinition, other: FunctionDefinition): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What the config of events that a definition has is for: as SAM makes it, the alias as well. */
export function ofOwnConfig({ autoPublish }: FunctionDefinition): readonly string[] {
  return autoPublish === undefined ? [LATEST] : [LATEST, autoPublish.alias];
}
