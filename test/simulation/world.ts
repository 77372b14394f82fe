/**
 * The whole middle of the orchestrator (router, deployments, pools, environments, channels, start
 * gate, memory budget) against virtual time, an honest fake engine and scripted runtimes, with
 * seeded faults. Everything that is promised is checked while it runs; a broken promise throws.
 */

import type { Channel } from '../../src/environment/channel.js';
import type { RuntimeDoor } from '../../src/environment/parts.js';
import { EnvironmentJournal } from '../../src/environment/journal.js';
import type { FunctionDefinition, FunctionVersion } from '../../src/function/function-version.js';
import type { ContainerSpec } from '../../src/engine/engine.js';
import { OrchestratorError } from '../../src/errors.js';
import type { KeepAlive } from '../../src/keep-alive/keep-alive.js';
import { keepAliveOf } from '../../src/keep-alive/named.js';
import { MemoryBudget } from '../../src/pool/memory-budget.js';
import { Pool, type PoolParts } from '../../src/pool/pool.js';
import { StartGate } from '../../src/pool/start-gate.js';
import { Concurrency } from '../../src/router/concurrency.js';
import { Deployment } from '../../src/router/deployment.js';
import { FunctionRouter } from '../../src/router/function-router.js';
import { FakeEngine, type EngineCall, type FakeProcess } from '../support/fake-engine.js';
import { ManualClock } from '../support/manual-clock.js';
import { playedSpec } from '../support/pool-bench.js';
import { demand } from './demand.js';
import { DemandPeaks } from './demand-peaks.js';
import { definitionOf, RESERVED } from './definition.js';
import { Supervisor, type Proc } from './extensions.js';
import { LogCheck } from './log-check.js';
import { Random } from './random.js';
import { Runtime } from './runtime.js';
import { SimulatedSink } from './streaming.js';
import { TenantCheck, TENANTS } from './tenant-check.js';

/** How often things go wrong, out of one. */
export interface FaultRates {
  readonly engine: number;
  readonly runtime: number;
}

const EXTENSIONS: readonly string[] = ['one', 'two'];
const ENVIRONMENT_BYTES = 128 * 2 ** 20;
const ACCOUNT_CONCURRENCY = 40;
const IDLE_TIMEOUT_MS = 60_000;
/** The fixed one is what most people have. */
const POLICIES = ['fixed', 'fixed', 'hybrid', 'greedy-dual'] as const;
const AT_REST: ReadonlySet<string> = new Set(['idle', 'frozen', 'snapshotted', 'reset']);
/** What policies learn from is no longer than four hours, and they add something to it. */
const LONGEST_LEARNT_MS = 5 * 3_600_000;
const MICROTASKS = 12;
/** What waits may have to wait for slow starts of others, where memory is scarce one by one. */
const LONGEST_WAIT_MS = 300_000;

interface Traced {
  readonly functionName: string;
  readonly since: number;
  settled: number;
  /** Times running processes began to handle it. */
  begun: number;
}

export class World implements RuntimeDoor {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly engine: FakeEngine;
  readonly gate = new StartGate(2);
  readonly memory: MemoryBudget;
  readonly router: FunctionRouter;
  readonly logs = new LogCheck();
  readonly outcomes = new Map<string, number>();
  readonly #channels = new Map<string, Channel>();
  readonly #traced = new Map<string, Traced>();
  readonly #inProgress = new Map<string, number>();
  readonly #tenants = new TenantCheck();
  #rates: FaultRates;
  #requests = 0;
  #identities = 0;
  #versions = 0;
  /** Runtimes mark what they write. */
  #marks: boolean;
  /** Functions have extensions. */
  readonly #extended: boolean;
  #spares: number;
  readonly #peaks: DemandPeaks;
  readonly #keepAlive: KeepAlive;
  #freezes: boolean;
  #freezeAfterMs: number | 'never';

  constructor(seed: number, rates: FaultRates) {
    this.random = new Random(seed);
    this.#rates = rates;
    this.memory = new MemoryBudget(this.random.pick([2, 5, 20, 20]) * ENVIRONMENT_BYTES);
    this.#marks = this.random.chance(0.7);
    this.#spares = this.random.below(3);
    // One is made for an event that is due, spares or not.
    this.#peaks = new DemandPeaks(Math.max(1, this.#spares));
    this.#keepAlive = keepAliveOf({ name: this.random.pick(POLICIES) }, IDLE_TIMEOUT_MS);
    this.#extended = this.random.chance(0.5);
    this.#freezes = this.#rates.engine === 0 || !this.random.chance(0.1);
    this.#freezeAfterMs = this.random.pick([0, 0, 0, 50, 'never'] as const);
    this.engine = new FakeEngine({
      clock: this.clock,
      slowThaw: this.random.chance(0.3),
      program: (spec) => (process) => this.#program(spec, process),
      delayMs: (call) => this.#delay(call),
      fails: (call) =>
        (call === 'freeze' && !this.#freezes) || this.random.chance(this.#rates.engine),
      outputLagMs: () => (this.random.chance(0.8) ? 0 : this.random.below(40)),
      early: () => this.random.chance(0.5),
    });
    this.router = new FunctionRouter({
      concurrency: new Concurrency({
        limit: ACCOUNT_CONCURRENCY,
        unreservedMinimum: 0,
        requestsPerSecond: this.random.pick([10, 100, 'unlimited', 'unlimited'] as const),
        clock: this.clock,
      }),
      directory: {
        latest: definitionOf,
        published: () => undefined,
        alias: () => undefined,
        reservedConcurrency: (name) => definitionOf(name).reservedConcurrency,
        allowsRecursion: () => false,
        provisioned: () => ({}),
        progress: () => undefined,
      },
      deploy: (definition) => this.#deployment(definition),
      random: () => 0,
    });
    for (const name of ['alpha', 'beta', 'gamma', 'delta']) this.router.sync(name);
  }

  get requests(): number {
    return this.#requests;
  }

  /** One event, now. */
  invoke(functionName: string): void {
    this.#requests += 1;
    const requestId = `r${this.#requests}`;
    const traced: Traced = {
      functionName,
      since: this.clock.monotonic(),
      settled: 0,
      begun: 0,
    };
    this.#traced.set(requestId, traced);
    const before = this.#inProgress.get(functionName) ?? 0;
    this.#inProgress.set(functionName, before + 1);
    this.#checkPeaks();
    const sink = this.random.chance(0.3)
      ? new SimulatedSink(this.random, this.clock, requestId)
      : undefined;
    this.router.invoke(
      functionName,
      {
        requestId,
        payload: EMPTY,
        contentType: 'application/json',
        invokedFunctionArn: functionName,
        traceId: '',
        tail: this.random.chance(0.1),
        ...(functionName === 'delta' ? { tenantId: this.random.pick(TENANTS) } : {}),
        ...(sink === undefined ? {} : { sink }),
      },
      (outcome) => {
        traced.settled += 1;
        sink?.settled();
        demand(traced.settled === 1, `${requestId} was settled twice`);
        this.#traced.delete(requestId);
        this.#inProgress.set(functionName, (this.#inProgress.get(functionName) ?? 0) - 1);
        const failure = outcome.kind === 'function-failed' ? outcome.errorType : '';
        const byExtension = failure.startsWith('Extension.') ? failure : outcome.kind;
        const kind = outcome.kind === 'refused' ? outcome.error.code : byExtension;
        if (outcome.kind !== 'refused') this.logs.answered(requestId, outcome.logTail);
        this.outcomes.set(kind, (this.outcomes.get(kind) ?? 0) + 1);
      },
    );
  }

  changeCode(functionName: string): void {
    this.router.deployment(functionName)?.codeChanged();
  }

  provision(functionName: string, count: number): void {
    this.router.deployment(functionName)?.provision(count);
    this.#checkPeaks();
  }

  /** Lets virtual time go by, checking after every step. */
  async run(ms: number): Promise<void> {
    const end = this.clock.monotonic() + ms;
    await settle();
    while ((this.clock.nextInMs ?? Infinity) <= end - this.clock.monotonic()) {
      this.clock.step();
      await settle();
      this.#check();
    }
    this.clock.advance(end - this.clock.monotonic());
    await settle();
  }

  /** Faults stop; everything must come to an end and to rest. */
  async rest(): Promise<void> {
    this.#rates = { engine: 0, runtime: 0 };
    await this.run(this.#keepAlive.name === 'hybrid' ? LONGEST_LEARNT_MS : IDLE_TIMEOUT_MS * 20);
    demand(this.#traced.size === 0, `${this.#traced.size} invocations never ended`);
    if (this.#keepAlive.name === 'greedy-dual') return this.#endWhatStays();
    await this.#checkProvisioned();
    const left = this.#states();
    demand(left.length === 0, `environments outlived their idle timeout: ${left.join()}`);
    await this.#nothingLeft();
  }

  /** Nothing asks for the memory of what is left: it stays, but at rest. */
  async #endWhatStays(): Promise<void> {
    const busy = this.#states().filter((state) => !AT_REST.has(state));
    demand(busy.length === 0, `environments are not at rest: ${busy.join()}`);
    await this.destroy();
  }

  /** What is provisioned is there and nothing else, until it is given up. */
  async #checkProvisioned(): Promise<void> {
    const { deployments } = this.router;
    // Where none can be frozen one is made after the other, without end.
    if (this.#freezes) {
      for (const { definition, provisioned } of deployments) {
        const what = `${definition.name} never got what is provisioned`;
        demand(provisioned?.status !== 'IN_PROGRESS', what);
      }
      const kept = deployments.reduce((sum, one) => sum + (one.provisioned?.allocated ?? 0), 0);
      demand(this.#states().length === kept, 'what is left is not what is provisioned');
    }
    for (const deployment of deployments) deployment.provision(0);
    await this.run(IDLE_TIMEOUT_MS);
  }

  async drain(): Promise<void> {
    this.#rates = { engine: 0, runtime: 0 };
    const drained = this.router.close();
    await this.run(IDLE_TIMEOUT_MS * 20);
    await drained;
    const dismissed = this.router.dismiss();
    await this.run(IDLE_TIMEOUT_MS);
    await dismissed;
    await this.destroy();
  }

  async destroy(): Promise<void> {
    this.#rates = { engine: 0, runtime: 0 };
    const destroyed = this.router.destroy();
    await this.run(IDLE_TIMEOUT_MS);
    await destroyed;
    demand(this.#traced.size === 0, `${this.#traced.size} invocations were left by the shutdown`);
    await this.#nothingLeft();
    demand(this.clock.pending === 0, `${this.clock.pending} timers outlived the shutdown`);
  }

  #states(): string[] {
    return this.router.deployments.flatMap(({ pools }) =>
      pools.flatMap((pool) => [...pool.environments].map(({ state }) => state)),
    );
  }

  open(channel: Channel, identity: string): { runtimeApi: string; hosts: Record<string, string> } {
    this.#channels.set(identity, channel);
    return { runtimeApi: identity, hosts: {} };
  }

  close(identity: string): void {
    this.#channels.delete(identity);
  }

  async #nothingLeft(): Promise<void> {
    const kept = [...this.engine.containers].filter(({ refusedRemoval }) => !refusedRemoval);
    demand(kept.length === 0, `${kept.length} containers are left that could have been removed`);
    // Where the engine refused, the end of the run asks again.
    const closed = this.engine.close();
    await this.run(1_000);
    await closed;
    demand(this.engine.containers.size === 0, `${this.engine.containers.size} containers are left`);
    demand(this.#channels.size === 0, `${this.#channels.size} doors are open`);
    demand(this.gate.running === 0, `${this.gate.running} turns to start were never given back`);
    demand(this.memory.usedBytes === 0, 'memory is accounted for that nobody has');
    this.logs.complete();
  }

  #check(): void {
    for (const [name, count] of this.#inProgress) {
      const limit = name === 'gamma' ? RESERVED : ACCOUNT_CONCURRENCY - RESERVED;
      demand(count <= limit, `${count} of ${name} in progress, ${limit} allowed`);
    }
    this.#checkPeaks();
    demand(this.engine.misuse.length === 0, `the engine was misused: ${this.engine.misuse.join()}`);
    const [oldest] = this.#traced.values();
    const waitedMs = this.clock.monotonic() - (oldest?.since ?? Infinity);
    demand(waitedMs <= LONGEST_WAIT_MS, `an invocation has not ended after ${waitedMs} ms`);
    demand(this.gate.running <= 2, `${this.gate.running} starts at a time`);
    demand(
      this.memory.usedBytes <= this.memory.limitBytes,
      `${this.memory.usedBytes} bytes admitted of ${this.memory.limitBytes}`,
    );
  }

  #checkPeaks(): void {
    for (const one of this.router.deployments) this.#peaks.check(one, this.#inProgress);
  }

  #deployment(definition: FunctionDefinition): Deployment {
    return new Deployment(definition, {
      build: async (changed) => {
        await this.engine.call('create').catch(() => undefined);
        if (this.random.chance(this.#rates.runtime / 4)) {
          throw new OrchestratorError('build-failed', 'the simulated build failed');
        }
        return this.#version(changed);
      },
      describeUnbuilt: (changed) => this.#version(changed),
      openPool: (version, firstCause) => {
        const pool = new Pool(version, this.#parts(), {
          rules: {
            freezeAfterMs: this.#freezeAfterMs,
            reclaimAfterMs: 2_000,
            keepAlive: this.#keepAlive,
            timeScale: 1,
            spares: this.#spares,
          },
          firstCause,
        });
        pool.warm();
        return pool;
      },
      replaced: () => undefined,
      failed: () => undefined,
      discarded: () => undefined,
      monotonic: () => this.clock.monotonic(),
    });
  }

  #version(definition: FunctionDefinition): FunctionVersion {
    this.#versions += 1;
    return {
      ...definition,
      version: definition.snapStart === undefined ? '$LATEST' : '1',
      ...(this.#extended && definition.name !== 'alpha' ? { extensions: EXTENSIONS } : {}),
      functionArn: definition.name,
      key: String(this.#versions),
      codeSha256: '',
      codeSize: 0,
      modifiedAtMs: 0,
      taskDirectory: '/',
      imageReference: 'image',
    };
  }

  #parts(): PoolParts {
    return {
      clock: this.clock,
      engine: this.engine,
      door: this,
      gate: this.gate,
      memory: this.memory,
      warn: () => undefined,
      newIdentity: () => `i${(this.#identities += 1)}`,
      buildSpec: (version, { environmentId, runtimeApi, logMarker, supervisorToken }) => ({
        ...playedSpec(version, environmentId, {
          identity: runtimeApi,
          function: version.name,
          ...(logMarker === undefined ? {} : { marker: logMarker }),
          ...(supervisorToken === undefined ? {} : { supervisor: supervisorToken }),
        }),
        ...(supervisorToken === undefined ? {} : { input: true }),
      }),
      openJournal: (version, environmentId, initializationType) =>
        new EnvironmentJournal(
          version,
          environmentId,
          {
            clock: this.clock,
            lines: this.logs,
            records: this.logs,
            marks: this.#marks,
          },
          initializationType,
        ),
    };
  }

  #delay(call: EngineCall): number {
    const { random } = this;
    if (call === 'freeze' || call === 'thaw') return random.chance(0.5) ? 0 : random.below(4);
    if (call === 'start') return random.chance(0.02) ? random.below(15_000) : random.below(300);
    return random.below(60);
  }

  #program(spec: ContainerSpec, process: FakeProcess): void {
    const channel = this.#channels.get(spec.environment['identity'] ?? '');
    if (channel === undefined) return;
    const { supervisor: token, function: name } = spec.environment;
    if (token === undefined) {
      this.#runtime(spec, process, channel, { internal: this.#extended && name === 'alpha' });
      return;
    }
    const supervisor = new Supervisor({
      random: this.random,
      channel,
      process,
      token,
      names: EXTENSIONS,
      faults: this.#rates.runtime,
      startRuntime: (started) => this.#runtime(spec, started, channel, { supervisor }),
    });
  }

  #runtime(
    spec: ContainerSpec,
    process: Proc,
    channel: Channel,
    beside: { readonly internal?: boolean; readonly supervisor?: Supervisor },
  ): void {
    new Runtime({
      random: this.random,
      channel,
      process,
      marker: spec.environment['marker'],
      snapStart: channel.snapStart !== undefined,
      internal: beside.internal ?? false,
      faults: this.#rates.runtime,
      goesAstray: () => this.logs.goesAstray(spec.name),
      begins: ({ requestId, tenantId }) => {
        this.#tenants.served(spec.name, tenantId);
        const traced = this.#traced.get(requestId);
        if (traced === undefined) return;
        traced.begun += 1;
        demand(traced.begun === 1, `${requestId} was run twice`);
        demand(
          traced.functionName === spec.environment['function'],
          `${requestId} reached another function`,
        );
        const early = beside.supervisor?.isBusyWithAnother(requestId) ?? false;
        demand(!early, `${requestId} began while an extension was busy with another event`);
      },
    });
  }
}

const EMPTY = Buffer.from('{}');

/** Lets what waits for promises go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < MICROTASKS; turn += 1) await Promise.resolve();
}
