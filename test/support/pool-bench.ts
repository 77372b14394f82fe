/**
 * One pool with real environments over the fake engine, on a clock of the test. Runtimes poll,
 * take their time over an event and poll again; a test may change any of it, and any fault.
 */

import type { Channel, Delivery } from '../../src/environment/channel.js';
import type { StartCause } from '../../src/environment/cause.js';
import type { InvocationJournal } from '../../src/environment/journal.js';
import type { ContainerSpec } from '../../src/engine/engine.js';
import type { FunctionVersion } from '../../src/function/function-version.js';
import type { Outcome } from '../../src/invocation/outcome.js';
import { MemoryBudget } from '../../src/pool/memory-budget.js';
import { Pool, type PoolParts } from '../../src/pool/pool.js';
import { ScalingRate } from '../../src/pool/scaling-rate.js';
import { StartGate } from '../../src/pool/start-gate.js';
import type { PoolOptions } from '../../src/pool/pool.js';
import type { RetentionRules } from '../../src/pool/retention.js';
import { FixedKeepAlive } from '../../src/keep-alive/fixed.js';
import { FakeEngine, type EngineCall, type FakeProcess } from './fake-engine.js';
import { ManualClock } from './manual-clock.js';

const MB = 2 ** 20;
const JSON_TYPE = { contentType: 'application/json' };

export interface PoolBenchOptions {
  readonly rules?: Partial<RetentionRules> & { readonly idleTimeoutMs?: number };
  readonly concurrency?: PoolOptions['concurrency'];
  readonly timeoutSeconds?: number;
  readonly memoryMb?: number;
  readonly budgetMb?: number;
  /** Starts at a time. */
  readonly starts?: number;
  /** Environments in ten seconds. */
  readonly scalingRate?: number;
  /** Each environment serves one tenant only. */
  readonly tenancy?: FunctionVersion['tenancy'];
  /** A published version with SnapStart instead of $LATEST. */
  readonly snapStart?: boolean;
  /** Names of external ones. */
  readonly extensions?: readonly string[];
}

export class PoolBench {
  readonly clock = new ManualClock();
  readonly gate: StartGate;
  readonly memory: MemoryBudget;
  readonly outcomes: Outcome[] = [];
  readonly calls: EngineCall[] = [];
  readonly warnings: string[] = [];
  /** Of every environment that was started, in order. */
  readonly causes: StartCause[] = [];
  /** What tests change. */
  fails: (call: EngineCall) => boolean = () => false;
  delayMs: (call: EngineCall) => number = () => 0;
  early: (call: EngineCall) => boolean = () => false;
  peakMb: (memoryMb: number) => number = () => 20;
  handleMs: (delivery: Delivery) => number = () => 1;
  /** Runs instead of the usual program when it returns true. */
  program: (process: FakeProcess, channel: Channel) => boolean = () => false;
  buildSpec: PoolParts['buildSpec'] = (version, identity) =>
    playedSpec(version, identity.runtimeApi, { identity: identity.runtimeApi });
  journal: InvocationJournal = SILENT_JOURNAL;
  openJournal: PoolParts['openJournal'] = () => this.journal;
  readonly engine = new FakeEngine({
    clock: this.clock,
    program:
      ({ environment }) =>
      (process) =>
        this.#run(process, environment['identity'] ?? ''),
    delayMs: (call) => this.delayMs(call),
    fails: (call) => {
      this.calls.push(call);
      if (call === 'create') this.#noteCauses();
      return this.fails(call);
    },
    early: (call) => this.early(call),
    peakBytes: ({ memoryBytes }) => this.peakMb(memoryBytes / MB) * MB,
  });
  readonly pool: Pool;
  readonly #channels = new Map<string, Channel>();
  readonly #scalingRate: ScalingRate | undefined;
  #identities = 0;
  #requests = 0;
  readonly #pools: Pool[] = [];
  readonly #seen = new Set<string>();

  constructor(options: PoolBenchOptions = {}) {
    this.gate = new StartGate(options.starts ?? 2);
    this.memory = new MemoryBudget((options.budgetMb ?? 64 * 1024) * MB);
    const { scalingRate } = options;
    this.#scalingRate =
      scalingRate === undefined ? undefined : new ScalingRate(this.clock, scalingRate);
    this.pool = this.open(options);
  }

  /** Another pool beside the first, on the same gate and budget. */
  open({
    rules,
    timeoutSeconds = 3,
    memoryMb = 128,
    snapStart = false,
    tenancy,
    extensions,
    concurrency,
  }: PoolBenchOptions = {}): Pool {
    const { idleTimeoutMs = 600_000 } = rules ?? {};
    const keepAlive = new FixedKeepAlive(idleTimeoutMs);
    const version = {
      name: 'f',
      ...(snapStart ? { version: '1', snapStart: 'PublishedVersions' } : { version: '$LATEST' }),
      memoryMb,
      timeoutSeconds,
      ...(tenancy === undefined ? {} : { tenancy }),
      functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:f',
      ...(extensions === undefined ? {} : { extensions }),
    } as FunctionVersion;
    const pool = new Pool(version, this.#parts(), {
      rules: { freezeAfterMs: 0, keepAlive, timeScale: 1, spares: 0, ...rules },
      firstCause: { kind: 'first-use' },
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    this.#pools.push(pool);
    return pool;
  }

  submit(pool: Pool = this.pool, tenantId?: string): void {
    this.#requests += 1;
    pool.submit({
      request: {
        requestId: `r${this.#requests}`,
        payload: Buffer.from('{}'),
        contentType: 'application/json',
        invokedFunctionArn: 'f',
        traceId: '',
        tail: false,
        ...(tenantId === undefined ? {} : { tenantId }),
      },
      waitedForInit: false,
      settle: (outcome) => void this.outcomes.push(outcome),
    });
  }

  /** How the invocations ended, in order: kinds, or the codes of refusals. */
  get endings(): string[] {
    return this.outcomes.map((outcome) =>
      outcome.kind === 'refused' ? outcome.error.code : outcome.kind,
    );
  }

  states(pool: Pool = this.pool): string[] {
    return [...pool.environments].map(({ state }) => state);
  }

  #noteCauses(): void {
    for (const { id, cause } of this.#pools.flatMap((pool) => [...pool.environments])) {
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      this.causes.push(cause);
    }
  }

  count(call: EngineCall): number {
    return this.calls.filter((one) => one === call).length;
  }

  #parts(): PoolParts {
    return {
      clock: this.clock,
      engine: this.engine,
      door: {
        open: (channel, identity) => {
          this.#channels.set(identity, channel);
          return { runtimeApi: identity, hosts: {} };
        },
        close: (identity) => void this.#channels.delete(identity),
      },
      gate: this.gate,
      memory: this.memory,
      scalingRate: this.#scalingRate,
      warn: (message) => void this.warnings.push(message),
      newIdentity: () => `i${(this.#identities += 1)}`,
      buildSpec: (version, identity) => this.buildSpec(version, identity),
      openJournal: (...facts) => this.openJournal(...facts),
    };
  }

  #run(process: FakeProcess, identity: string): void {
    const channel = this.#channels.get(identity);
    if (channel === undefined || this.program(process, channel)) return;
    process.after(10, () => this.serve(process, channel));
  }

  /** Polls, handles, answers, polls. */
  serve(process: FakeProcess, channel: Channel): void {
    const next = (): void => {
      channel.next({
        lost: false,
        deliver: (delivery) =>
          process.whenRunning(() => process.after(this.handleMs(delivery), () => done(delivery))),
      });
    };
    const done = ({ requestId }: Delivery): void => {
      channel.post('response', requestId, Buffer.from('{}'), JSON_TYPE);
      next();
    };
    next();
  }
}

/** Says nothing. */
export const SILENT_JOURNAL: InvocationJournal = {
  marker: undefined,
  logStreamName: '',
  telemetry: undefined,
  processesStarted: () => undefined,
  output: () => undefined,
  outputIsHere: () => undefined,
  extensionOutput: () => undefined,
  extensionNoted: () => undefined,
  initEnded: () => undefined,
  initFailed: () => undefined,
  restoreStarted: () => undefined,
  restoreEnded: () => undefined,
  refuse: () => undefined,
  runtimeDone: () => undefined,
  begin: (settlement) => {
    settlement.begun = true;
  },
  end: () => undefined,
  abandon: () => undefined,
  processesEnding: () => undefined,
  processesExited: () => undefined,
  close: () => undefined,
};

/** What a container that is played is made from. */
export function playedSpec(
  version: FunctionVersion,
  name: string,
  environment: Readonly<Record<string, string>>,
): ContainerSpec {
  return {
    name,
    image: 'image',
    environment,
    workingDirectory: '/',
    hostName: '',
    hosts: {},
    labels: {},
    mounts: [],
    memoryBytes: version.memoryMb * MB,
    cpus: 1,
    liftCpuDuringStart: false,
    scratch: { target: '/tmp', sizeMb: 1 },
    pidsLimit: 1,
    openFilesLimit: 1,
  };
}
