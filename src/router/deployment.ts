/**
 * One function as it is deployed here: its current version and pool, and the way from a changed
 * file to a new version. The only writer of both.
 *
 *   building ──▶ ready ──(code or configuration changed)──▶ building ──▶ ready
 *      └──▶ failed ──(changed)──▶ building
 *
 * Invocations that come while a version is being made wait for it: a saved file takes effect at
 * the next event.
 */

import type { Assignment } from '../environment/assignment.js';
import type { EndReason, StartCause } from '../environment/cause.js';
import { messageOf, OrchestratorError } from '../errors.js';
import type { FunctionDefinition, FunctionVersion } from '../function/function-version.js';
import type { Pool } from '../pool/pool.js';
import type { ProvisionStatus } from '../pool/provision.js';

export interface DeploymentParts {
  /** Makes the version of the definition's present code. Raises user errors. */
  build(definition: FunctionDefinition): Promise<FunctionVersion>;
  /** What clients may read about a version that is still to be made. */
  describeUnbuilt(definition: FunctionDefinition): FunctionVersion;
  openPool(version: FunctionVersion, firstCause: StartCause): Pool;
  /** A new version took the place of another one. */
  replaced(version: FunctionVersion, previous: FunctionVersion | undefined, tookMs: number): void;
  failed(definition: FunctionDefinition, error: OrchestratorError): void;
  /** A version that was made has no environment left and will get none. */
  discarded(version: FunctionVersion): void;
  monotonic(): number;
}

/** A version that could not be made is tried again by the first event after this. */
const TRY_AGAIN_MS = 5_000;

export class Deployment {
  readonly #parts: DeploymentParts;
  #definition: FunctionDefinition;
  #pool: Pool | undefined;
  #retiring = new Set<Pool>();
  #problem: OrchestratorError | undefined;
  #tryAgainAt = 0;
  #building: Promise<void> | undefined;
  /** Counts changes; a build that started before the last one is not the present truth. */
  #changes = 1;
  #builtChanges = 0;
  #reason: EndReason = 'code-changed';
  #waiting: Assignment[] = [];
  #stopped: OrchestratorError | undefined;
  #provisioned = 0;

  constructor(definition: FunctionDefinition, parts: DeploymentParts) {
    this.#definition = definition;
    this.#parts = parts;
  }

  get definition(): FunctionDefinition {
    return this.#definition;
  }
  /** `$LATEST`, or the number of a published version. */
  get version(): string {
    return this.#definition.publishedVersion ?? '$LATEST';
  }
  /** The current version; while none is made, what is known of it. */
  get description(): FunctionVersion {
    const version = this.#pool?.version;
    if (version === undefined) return this.#parts.describeUnbuilt(this.#definition);
    const { description } = this.#definition;
    // Of no matter to environments, so that no new version is made for it.
    return version.description === description ? version : { ...version, description };
  }
  get state(): 'ready' | 'building' | 'failed' {
    if (this.#changes !== this.#builtChanges) return 'building';
    return this.#problem === undefined ? 'ready' : 'failed';
  }
  get problem(): OrchestratorError | undefined {
    return this.#problem;
  }
  get pools(): readonly Pool[] {
    return [...this.#retiring, ...(this.#pool === undefined ? [] : [this.#pool])];
  }
  get waiting(): number {
    return this.#waiting.length + (this.#pool?.waiting ?? 0);
  }

  submit(assignment: Assignment): void {
    if (this.#stopped !== undefined) {
      assignment.settle({ kind: 'refused', error: this.#stopped });
      return;
    }
    const present = this.#changes === this.#builtChanges;
    if (present && this.#problem !== undefined && this.#parts.monotonic() > this.#tryAgainAt) {
      // What was missing may have come meanwhile: a registry, a package, room on the disk.
      this.#changes += 1;
    }
    if (this.#changes === this.#builtChanges) {
      if (this.#pool !== undefined && this.#problem === undefined) this.#pool.submit(assignment);
      else
        assignment.settle({ kind: 'refused', error: this.#problem ?? unbuilt(this.#definition) });
      return;
    }
    this.#waiting.push(assignment);
    void this.ready();
  }

  /** Its files changed: the next invocation gets what they hold now. */
  codeChanged(): void {
    this.#changes += 1;
  }

  /** Its configuration changed. */
  configure(definition: FunctionDefinition): void {
    this.#definition = definition;
    this.#reason = 'configuration-changed';
    this.#changes += 1;
  }

  /** Keeps so many environments of the present version initialised, and of those to come. */
  provision(count: number): void {
    this.#provisioned = count;
    this.#pool?.provision(count);
    if (count > 0) void this.ready();
  }

  /** Undefined when nothing is provisioned. */
  get provisioned(): ProvisionStatus | undefined {
    if (this.#provisioned === 0) return undefined;
    const made = this.#pool?.provisioned;
    if (made !== undefined) return made;
    const none = { requested: this.#provisioned, allocated: 0, available: 0 };
    return this.#problem === undefined
      ? { ...none, status: 'IN_PROGRESS' }
      : { ...none, status: 'FAILED', reason: this.#problem.message };
  }

  /** Makes the present version if it is not made yet. Never rejects: see `problem`. */
  ready(): Promise<void> {
    if (this.#changes === this.#builtChanges) return Promise.resolve();
    this.#building ??= this.#build().finally(() => {
      this.#building = undefined;
    });
    return this.#building;
  }

  /** Drains: running invocations end, waiting ones are refused. */
  close(error: OrchestratorError): void {
    this.#stopped = error;
    this.#refuseWaiting(error);
    for (const assignment of this.#pool?.close('shutdown') ?? []) {
      assignment.settle({ kind: 'refused', error });
    }
  }

  /** As `close`; resolves when extensions have had their shutdown phase. */
  async dismiss(error: OrchestratorError): Promise<void> {
    this.close(error);
    await Promise.all(this.pools.map((pool) => pool.dismiss('shutdown')));
  }

  /** The function is no more: running invocations end, waiting ones are refused. */
  remove(error: OrchestratorError): void {
    this.#stopped = error;
    const pool = this.#pool;
    this.#pool = undefined;
    if (pool !== undefined) this.#retire(pool, 'configuration-changed');
    this.#refuseWaiting(error);
  }

  destroy(error: OrchestratorError): void {
    this.#stopped = error;
    this.#refuseWaiting(error);
    for (const pool of this.pools) pool.destroy('shutdown');
  }

  async empty(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.empty()));
  }

  async #build(): Promise<void> {
    while (this.#changes !== this.#builtChanges && this.#stopped === undefined) {
      const changes = this.#changes;
      const startedAt = this.#parts.monotonic();
      try {
        const version = await this.#parts.build(this.#definition);
        if (this.#stopped !== undefined) {
          this.#parts.discarded(version);
          return;
        }
        this.#problem = undefined;
        this.#replace(version, startedAt);
      } catch (error) {
        // The package of a function that is deleted goes while it is unpacked.
        if (this.#stopped !== undefined) return;
        this.#problem = asProblem(this.#definition, error);
        this.#tryAgainAt = this.#parts.monotonic() + TRY_AGAIN_MS;
        this.#parts.failed(this.#definition, this.#problem);
      }
      this.#builtChanges = changes;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const assignment of waiting) this.submit(assignment);
  }

  #replace(version: FunctionVersion, startedAt: number): void {
    const previous = this.#pool;
    const reason = this.#reason;
    this.#reason = 'code-changed';
    if (previous?.version.key === version.key) {
      this.#parts.discarded(version);
      return;
    }
    const cause: StartCause =
      previous === undefined ? { kind: 'first-use' } : { kind: 'replaced', reason };
    this.#pool = this.#parts.openPool(version, cause);
    const tookMs = this.#parts.monotonic() - startedAt;
    if (previous !== undefined) this.#retire(previous, reason);
    // After the previous pool keeps nothing any more.
    if (this.#provisioned > 0) this.#pool.provision(this.#provisioned);
    this.#parts.replaced(version, previous?.version, tookMs);
  }

  #retire(pool: Pool, reason: EndReason): void {
    const forward = (assignment: Assignment): void => this.submit(assignment);
    this.#retiring.add(pool);
    this.#waiting.unshift(...pool.close(reason, forward));
    void pool.empty().then(() => {
      this.#retiring.delete(pool);
      this.#parts.discarded(pool.version);
    });
  }

  #refuseWaiting(error: OrchestratorError): void {
    for (const assignment of this.#waiting.splice(0)) {
      assignment.settle({ kind: 'refused', error });
    }
  }
}

function unbuilt(definition: FunctionDefinition): OrchestratorError {
  return new OrchestratorError('environment-failed', `'${definition.name}' has not been built`);
}

function asProblem(definition: FunctionDefinition, error: unknown): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  const message = `'${definition.name}' cannot be prepared: ${messageOf(error)}`;
  return new OrchestratorError('build-failed', message, { cause: error });
}
