/**
 * Step Functions (contract 11.16, 12.4): machines, their executions and the API over both. Nothing
 * of it is loaded before a project has a state machine or a client asks for one.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SourceAddress, SourceParts } from '../sources/source.js';
import type { SourceStatus } from '../view.js';
import type { Stack } from '../stack/stack.js';
import { TargetError } from '../targets/targets.js';
import type { ApiParts } from './api/parts.js';
import { serveStates } from './api/server.js';
import { CallbackDesk, newToken } from './callbacks.js';
import { Executions } from './executions.js';
import { perform, type PerformParts } from './integrations/perform.js';
import { SdkClients } from './integrations/sdk.js';
import type { Effects } from './interpreter/effects.js';
import { parseJson } from './interpreter/json.js';
import { Machines } from './machines.js';
import { activityArn, machineOf } from './names.js';
import { startMachine } from './nested.js';
import { ExecutionStore } from './store.js';

export class StepFunctionsService {
  readonly #parts: SourceParts;
  readonly #store: ExecutionStore;
  readonly #machines: Machines;
  readonly #executions: Executions;
  readonly #api: ApiParts;
  #closing = false;
  #closed = false;

  /** Raises `state-unusable`. */
  constructor(parts: SourceParts, path: string) {
    this.#parts = parts;
    const { settings, clock, queueClock } = parts;
    const place = { region: settings.region, accountId: settings.accountId };
    const store = new ExecutionStore(path, queueClock.now());
    const machines = new Machines(store, place, () => queueClock.now());
    const desk = new CallbackDesk();
    const sdk = new SdkClients(parts.services.clients);
    const performing: PerformParts = {
      invoker: parts.invoker,
      targets: parts.targets,
      sdk,
      place,
      startMachine: (call, input, options) =>
        startMachine({ machines, executions, store }, call, input, options),
    };
    const effects: Effects = {
      clock: queueClock,
      realClock: clock,
      region: settings.region,
      random: Math.random,
      perform: (call) => perform(performing, call),
      callbacks: desk,
      newToken,
    };
    const aheadMs = (): number => queueClock.now() - clock.now();
    parts.onTimeMoved(() => {
      if (!this.#closed) store.moved(aheadMs());
    });
    const executions = new Executions({
      store,
      effects,
      place,
      clock: queueClock,
      aheadMs,
      log: parts.log,
    });
    this.#store = store;
    this.#machines = machines;
    this.#executions = executions;
    this.#api = { place, store, machines, executions, desk, effects, clock };
  }

  apply({ stateMachines, activities }: Pick<Stack, 'stateMachines' | 'activities'>): void {
    this.#machines.setFiles(stateMachines);
    for (const { name } of activities) {
      this.#store.keepActivity(activityArn(this.#api.place, name), this.#api.clock.now());
    }
  }

  /** Takes up what earlier runs left, and says so. */
  resume(): void {
    const left = this.#executions.resume();
    if (left === 0) return;
    const counted = left === 1 ? '1 execution' : `${left} executions`;
    this.#parts.log.info(
      `${counted} of state machines from before ${left === 1 ? 'goes' : 'go'} on`,
    );
  }

  serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return serveStates(() => Promise.resolve(this.#api), request, response);
  }

  /** Starts an execution for a rule, a schedule or a pipe. Raises `TargetError`. */
  start(arn: string, body: Buffer): void {
    const named = machineOf(arn);
    const machine = named === undefined ? undefined : this.#machines.find(named.arn);
    if (machine === undefined) {
      const text = `State Machine Does Not Exist: '${arn}'`;
      throw new TargetError('StateMachineDoesNotExist', text, false);
    }
    const input = body.toString('utf8');
    if (parseJson(input) === undefined) {
      throw new TargetError('InvalidExecutionInput', 'the input is not JSON', false);
    }
    if (this.#closing) throw new TargetError('ServiceUnavailable', 'the orchestrator stops', true);
    this.#executions.start({ machine, input });
  }

  addresses(): readonly SourceAddress[] {
    return this.#machines.list().map(({ arn, type }) => ({
      source: 'state machine',
      address: arn,
      about: type,
    }));
  }

  status(): readonly SourceStatus[] {
    return this.#machines.list().map(({ arn, name, type }) => {
      const [last] = this.#store.list({ machineArn: arn, limit: 1 });
      return {
        kind: 'state machine',
        id: name,
        from: 'StartExecution',
        to: arn,
        state: type,
        ...(last === undefined ? {} : { last: last.status }),
      };
    });
  }

  async drain(): Promise<void> {
    this.#closing = true;
    await this.#executions.suspend();
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#executions.close();
    this.#closed = true;
    this.#store.close();
  }
}
