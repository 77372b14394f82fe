/**
 * Name and qualifier → version → pool → outcome, with the concurrency lease held from dispatch to
 * the end. `$LATEST` of each function has its deployment from the moment the function is known; a
 * published version gets one when it is first asked for.
 */

import type { Assignment } from '../environment/assignment.js';
import { isOrchestratorError, OrchestratorError } from '../errors.js';
import type { FunctionDefinition, FunctionVersion } from '../function/function-version.js';
import type { InvocationRequest, Settle } from '../invocation/invocation.js';
import type { Outcome } from '../invocation/outcome.js';
import { firstLineage, hasLineage, markOf, stepTo, type Step } from '../invocation/lineage.js';
import type { ProvisionStatus } from '../pool/provision.js';
import { chooseVersion } from './alias.js';
import type { Concurrency } from './concurrency.js';
import type { Deployment } from './deployment.js';
import { provisionedVersions, sharesOf, statusOf } from './provisioning.js';
import type { FunctionDirectory, InvocationRouter } from './router.js';

export interface RouterParts {
  readonly concurrency: Concurrency;
  readonly directory: FunctionDirectory;
  readonly deploy: (definition: FunctionDefinition) => Deployment;
  /** In [0, 1): splits what an alias with weights gets. */
  readonly random: () => number;
}

interface Entry {
  readonly latest: Deployment;
  readonly published: Map<string, Deployment>;
  /** Of its invocations in a chain of them (contract 7.11); absent until one comes. */
  lineage?: { readonly mark: string; readonly first: string };
}

const LATEST = '$LATEST';

export class FunctionRouter implements InvocationRouter {
  readonly #entries = new Map<string, Entry>();
  /** Removed, and still with environments. */
  readonly #leaving = new Set<Deployment>();
  readonly #parts: RouterParts;
  #closing: OrchestratorError | undefined;
  #inProgress = 0;
  #onIdle: (() => void)[] = [];

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** Of `$LATEST` and of the published versions that were asked for. */
  get deployments(): readonly Deployment[] {
    return [...this.#entries.values()].flatMap(({ latest, published }) => [
      latest,
      ...published.values(),
    ]);
  }

  /** What runs `version` of the function; undefined when there is no such version. */
  deployment(functionName: string, version: string = LATEST): Deployment | undefined {
    const entry = this.#entries.get(functionName);
    if (entry === undefined || version === LATEST) return entry?.latest;
    const known = entry.published.get(version);
    if (known !== undefined) return known;
    const definition = this.#parts.directory.published(functionName, version);
    if (definition === undefined) return undefined;
    const deployment = this.#parts.deploy(definition);
    entry.published.set(version, deployment);
    return deployment;
  }

  /** Brings what runs in line with what the directory says of the function. */
  sync(functionName: string): void {
    const { directory, concurrency, deploy } = this.#parts;
    const definition = directory.latest(functionName);
    const entry = this.#entries.get(functionName);
    if (definition === undefined) {
      this.#entries.delete(functionName);
      // What is kept of it holds again when it comes back.
      concurrency.reserve(functionName, undefined);
      concurrency.provision(functionName, new Map());
      const error = notFound(functionName);
      for (const deployment of entry === undefined ? [] : all(entry)) this.#end(deployment, error);
      return;
    }
    concurrency.reserve(functionName, directory.reservedConcurrency(functionName));
    if (entry === undefined) {
      const made: Entry = { latest: deploy(definition), published: new Map() };
      this.#entries.set(functionName, made);
      this.#provision(functionName, made);
      return;
    }
    if (!same(entry.latest.definition, definition)) entry.latest.configure(definition);
    for (const [version, deployment] of entry.published) {
      if (directory.published(functionName, version) !== undefined) continue;
      entry.published.delete(version);
      this.#end(deployment, notFound(`${functionName}:${version}`));
    }
    this.#provision(functionName, entry);
  }

  /** How far the provisioned concurrency of a version or alias has come; undefined without any. */
  provisioned(functionName: string, qualifier: string): ProvisionStatus | undefined {
    const { directory } = this.#parts;
    const requested = directory.provisioned(functionName)[qualifier];
    if (requested === undefined) return undefined;
    const shares = sharesOf(qualifier, requested, (name) => directory.alias(functionName, name));
    const published = this.#entries.get(functionName)?.published;
    return statusOf(requested, shares, (version) => published?.get(version)?.provisioned);
  }

  /** Versions that something is provisioned for run from now on; of others nothing is kept. */
  #provision(functionName: string, { published }: Entry): void {
    const { directory, concurrency } = this.#parts;
    const configs = directory.provisioned(functionName);
    const counts = provisionedVersions(configs, (name) => directory.alias(functionName, name));
    for (const [version, deployment] of published) {
      if (!counts.has(version)) deployment.provision(0);
    }
    for (const [version, count] of counts) {
      this.deployment(functionName, version)?.provision(count);
    }
    concurrency.provision(functionName, counts);
  }

  find(functionName: string, qualifier: string = LATEST): FunctionVersion | undefined {
    if (qualifier === LATEST) return this.#entries.get(functionName)?.latest.description;
    const version = this.#parts.directory.alias(functionName, qualifier)?.version ?? qualifier;
    return this.deployment(functionName, version)?.description;
  }

  list(): readonly FunctionVersion[] {
    return [...this.#entries.values()].map(({ latest }) => latest.description);
  }

  reservedConcurrency(functionName: string): number | undefined {
    return this.#parts.concurrency.reservedFor(functionName);
  }

  /** Invocations of all its versions that wait for an environment. */
  waiting(functionName: string): number {
    const entry = this.#entries.get(functionName);
    return entry === undefined ? 0 : all(entry).reduce((sum, { waiting }) => sum + waiting, 0);
  }

  invoke(functionName: string, request: InvocationRequest, settle: Settle): void {
    const deployment = this.#route(functionName, request.qualifier);
    if (deployment instanceof OrchestratorError) {
      settle({ kind: 'refused', error: deployment });
      return;
    }
    const { traceId, loops } = this.step(functionName, request.traceId);
    if (loops) {
      settle({ kind: 'refused', error: recursive() });
      return;
    }
    let giveBack: () => void;
    try {
      const { asynchronous } = request;
      giveBack = this.#parts.concurrency.take(functionName, deployment.version, asynchronous);
    } catch (error) {
      if (!isOrchestratorError(error, 'throttled')) throw error;
      settle({ kind: 'refused', error });
      return;
    }
    this.#inProgress += 1;
    const routed = { ...request, traceId };
    deployment.submit(new RoutedAssignment(routed, settle, giveBack, this.#ended));
  }

  /** What a chain of invocations with this trace becomes at the function (contract 7.11). */
  step(functionName: string, traceId: string): Step {
    const entry = this.#entries.get(functionName);
    if (entry === undefined || traceId === '') return goesOn(traceId);
    const lineage = (entry.lineage ??= lineageOf(functionName));
    if (!hasLineage(traceId)) return goesOn(traceId + lineage.first);
    return this.#parts.directory.allowsRecursion(functionName)
      ? goesOn(traceId)
      : stepTo(lineage.mark, traceId);
  }

  /** What made starts fail may be over. */
  tryAgain(): void {
    for (const { pools } of this.deployments) for (const pool of pools) pool.tryAgain();
  }

  /** Takes nothing new; resolves when what is in progress has ended. */
  close(): Promise<void> {
    this.#closing ??= new OrchestratorError('shutting-down', 'the orchestrator is stopping');
    if (this.#inProgress === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** After `close`: ends environments; resolves when extensions have had their shutdown phase. */
  async dismiss(): Promise<void> {
    this.#closing ??= new OrchestratorError('shutting-down', 'the orchestrator is stopping');
    const error = this.#closing;
    const all = [...this.deployments, ...this.#leaving];
    await Promise.all(all.map((deployment) => deployment.dismiss(error)));
  }

  /** Settles everything in progress as refused, with `reason`, and ends all environments. */
  async destroy(reason?: OrchestratorError): Promise<void> {
    this.#closing ??=
      reason ?? new OrchestratorError('shutting-down', 'the orchestrator is stopping');
    const error = this.#closing;
    const everything = [...this.deployments, ...this.#leaving];
    for (const deployment of everything) deployment.destroy(error);
    await Promise.all(everything.map((deployment) => deployment.empty()));
  }

  #route(functionName: string, qualifier: string = LATEST): Deployment | OrchestratorError {
    if (this.#closing !== undefined) return this.#closing;
    const { directory, random } = this.#parts;
    if (directory.progress(functionName) === 'creating') return pending(functionName);
    if (qualifier === LATEST) {
      return this.#entries.get(functionName)?.latest ?? notFound(functionName);
    }
    const alias = directory.alias(functionName, qualifier);
    const version = alias === undefined ? qualifier : chooseVersion(alias, random());
    return this.deployment(functionName, version) ?? notFound(`${functionName}:${qualifier}`);
  }

  /** What runs there ends, what waits is refused. */
  #end(deployment: Deployment, error: OrchestratorError): void {
    this.#leaving.add(deployment);
    deployment.remove(error);
    void deployment.empty().then(() => this.#leaving.delete(deployment));
  }

  readonly #ended = (): void => {
    this.#inProgress -= 1;
    if (this.#inProgress > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  };
}

/** An invocation and its lease, which ends with the answer and whoever goes on behind it. */
class RoutedAssignment implements Assignment {
  readonly request: InvocationRequest;
  waitedForInit = false;
  readonly #settle: Settle;
  readonly #giveBack: () => void;
  readonly #ended: () => void;
  #holders = 1;

  constructor(request: InvocationRequest, settle: Settle, giveBack: () => void, ended: () => void) {
    this.request = request;
    this.#settle = settle;
    this.#giveBack = giveBack;
    this.#ended = ended;
  }

  settle(outcome: Outcome): void {
    this.#release();
    try {
      this.#settle(outcome);
    } finally {
      this.#ended();
    }
  }

  hold(): () => void {
    this.#holders += 1;
    return () => this.#release();
  }

  #release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#giveBack();
  }
}

function all({ latest, published }: Entry): readonly Deployment[] {
  return [latest, ...published.values()];
}

function same(one: FunctionDefinition, other: FunctionDefinition): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function notFound(functionName: string): OrchestratorError {
  const message = `no function is called '${functionName}'`;
  return new OrchestratorError('function-not-found', message);
}

function goesOn(traceId: string): Step {
  return { traceId, loops: false, again: false };
}

/** What the first invocation of a chain has is always the same. */
function lineageOf(functionName: string): NonNullable<Entry['lineage']> {
  const mark = markOf(functionName);
  return { mark, first: firstLineage(mark) };
}

/** The words of the service model. */
function recursive(): OrchestratorError {
  return new OrchestratorError(
    'recursive-invocation',
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your function's invocation.",
  );
}

/** Contract 8.7. */
function pending(functionName: string): OrchestratorError {
  const message =
    'The operation cannot be performed at this time. The function is currently in the following state: Pending';
  return new OrchestratorError('function-pending', message, { details: { functionName } });
}
