/**
 * A simulated supervisor with the processes it runs: external extensions that register, work, fail
 * and take their time to end, and one runtime, started when it is asked for.
 */

import type { Channel } from '../../src/environment/channel.js';
import type { ExtensionEvent } from '../../src/environment/extensions.js';
import type { FakeProcess } from '../support/fake-engine.js';
import { demand } from './demand.js';
import type { Random } from './random.js';

/** What a simulated program needs of its process. */
export interface Proc {
  readonly alive: boolean;
  onTerminate: () => void;
  after(delayMs: number, action: () => void): void;
  whenRunning(action: () => void): void;
  soon(action: () => void): void;
  write(text: string): void;
  exit(exitCode: number, outOfMemory?: boolean): void;
}

/** One of several processes in a container. */
class SubProcess implements Proc {
  alive = true;
  onTerminate = (): void => this.exit(143);
  readonly #container: FakeProcess;
  readonly #onExit: (exitCode: number) => void;

  constructor(container: FakeProcess, onExit: (exitCode: number) => void) {
    this.#container = container;
    this.#onExit = onExit;
  }

  after(delayMs: number, action: () => void): void {
    this.#container.after(delayMs, () => this.alive && action());
  }
  whenRunning(action: () => void): void {
    this.#container.whenRunning(() => this.alive && action());
  }
  soon(action: () => void): void {
    this.#container.soon(() => this.alive && action());
  }
  write(text: string): void {
    if (this.alive) this.#container.write(text);
  }
  exit(exitCode: number): void {
    if (!this.alive) return;
    this.alive = false;
    this.#onExit(exitCode);
  }
}

export interface SupervisorOptions {
  readonly random: Random;
  readonly channel: Channel;
  readonly process: FakeProcess;
  readonly token: string;
  readonly names: readonly string[];
  readonly faults: number;
  startRuntime(process: Proc): void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #extensions: SimulatedExtension[] = [];
  readonly #byPid = new Map<number, Proc>();
  #pids = 1;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { process, names, random, faults } = options;
    process.onInput = (text) => this.#told(text.trim());
    this.#report('ready plain');
    for (const [index, name] of names.entries()) {
      if (random.chance(faults / 10)) this.#report(`refused ${index}`);
      else {
        const extension = new SimulatedExtension(name, this.#start(String(index)), options);
        this.#extensions.push(extension);
      }
    }
  }

  /** Whether an extension still works on another event than this one. */
  isBusyWithAnother(requestId: string): boolean {
    return this.#extensions.some(({ at }) => at !== undefined && at !== requestId);
  }

  #start(who: string): Proc {
    const { process } = this.#options;
    const pid = (this.#pids += 1);
    const started = new SubProcess(process, (exitCode) => {
      this.#byPid.delete(pid);
      this.#report(`exited ${who} ${exitCode}`);
    });
    this.#byPid.set(pid, started);
    this.#report(`started ${who} ${pid}`);
    return started;
  }

  #told(command: string): void {
    const [what, signal, pid] = command.split(' ');
    if (what === 'runtime') {
      const early = this.#extensions.filter(({ registered }) => !registered);
      demand(early.length === 0, 'the runtime was started before all extensions had registered');
      this.#options.startRuntime(this.#start('runtime'));
      return;
    }
    const process = this.#byPid.get(Number(pid));
    if (signal === 'TERM') process?.onTerminate();
    else process?.exit(137);
  }

  #report(text: string): void {
    const { process, token, random } = this.#options;
    const report = `\x1e${token} ${text}\n`;
    const cut = random.below(report.length);
    process.write(report.slice(0, cut));
    process.write(report.slice(cut));
  }
}

/** An extension; also one inside a runtime's process. */
export class SimulatedExtension {
  readonly #name: string;
  readonly #process: Proc;
  readonly #options: Pick<SupervisorOptions, 'random' | 'channel' | 'faults'>;
  #identifier = '';
  /** The event it works on. */
  at: string | undefined;
  registered = false;
  #told = false;

  constructor(
    name: string,
    process: Proc,
    options: Pick<SupervisorOptions, 'random' | 'channel' | 'faults'>,
    internal = false,
  ) {
    this.#name = name;
    this.#process = process;
    this.#options = options;
    if (internal) this.#begin(true);
    else process.after(options.random.below(100), () => this.#begin(false));
  }

  #fails(share: number): boolean {
    return this.#options.random.chance(this.#options.faults * share);
  }

  #begin(internal: boolean): void {
    const { random, channel } = this.#options;
    if (this.#fails(0.2)) return this.#process.exit(random.below(4));
    const events = [
      ...(random.chance(0.7) ? ['INVOKE'] : []),
      ...(!internal && random.chance(0.7) ? ['SHUTDOWN'] : []),
    ];
    // The runtime may be started before the answer is here.
    this.registered = true;
    const verdict = channel.extensions?.register(this.#name, events, channel.registrationOpen);
    if (verdict?.kind !== 'registered') {
      this.registered = false;
      // Its environment ends, or it was one of an earlier start.
      if (!internal) this.#process.exit(1);
      return;
    }
    this.#identifier = verdict.identifier;
    if (this.#fails(0.1)) {
      channel.extensions?.reportError('InitError', this.#identifier, 'Extension.Simulated');
      this.#process.exit(1);
      return;
    }
    if (internal) this.#next();
    else this.#process.after(random.below(100), () => this.#next());
  }

  #next(): void {
    const { random, channel } = this.#options;
    this.at = undefined;
    channel.extensions?.next(this.#identifier, {
      deliver: (event) => {
        if (event.eventType === 'INVOKE') this.at = event.requestId;
        this.#process.soon(() => this.#handle(event));
      },
    });
    if (this.#fails(0.1)) {
      this.#process.after(random.below(2_000), () => this.#process.exit(2));
    }
  }

  #handle(event: ExtensionEvent): void {
    const { random, channel } = this.#options;
    if (event.eventType === 'SHUTDOWN') {
      demand(!this.#told, `${this.#name} was told of the end twice`);
      this.#told = true;
      if (!this.#fails(1)) this.#process.after(random.below(2_500), () => this.#process.exit(0));
      return;
    }
    if (this.#fails(0.2)) {
      channel.extensions?.reportError('ExitError', this.#identifier, 'Extension.Simulated');
      return this.#process.exit(1);
    }
    if (this.#fails(0.2)) return this.#process.exit(3);
    // Sometimes it goes on until the deadline.
    if (this.#fails(0.2)) return;
    this.#process.after(random.below(60), () => this.#next());
  }
}
