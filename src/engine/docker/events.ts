/**
 * What the engine tells about the run's containers: `oom` and `die`. The stream reconnects by
 * itself from where it broke; after a break the run's containers are listed, because an engine
 * that was restarted has forgotten what it would have said.
 */

import type Docker from 'dockerode';
import type { Clock, Timer } from '../../async/clock.js';
import { runFilter } from '../labels.js';
import { isNotFound } from './errors.js';

export interface ContainerFates {
  oom(containerId: string): void;
  died(containerId: string, exitCode: number): void;
  /** Ids believed to run: asked after a break. */
  running(): readonly string[];
  /** The stream broke, or is there again. */
  connection(state: 'lost' | 'back'): void;
}

interface EngineEvent {
  readonly Action?: string;
  readonly id?: string;
  /** Seconds. */
  readonly time?: number;
  readonly timeNano?: number;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Record<string, string> };
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

export class EngineEvents {
  readonly #docker: Docker;
  readonly #runId: string;
  readonly #clock: Clock;
  readonly #fates: ContainerFates;
  #stream: (NodeJS.ReadableStream & { destroy?: () => void }) | undefined;
  #timer: Timer | undefined;
  #retryMs = FIRST_RETRY_MS;
  #since: number | undefined;
  #toldNano = 0;
  #broken = false;
  #closed = false;

  constructor(docker: Docker, runId: string, clock: Clock, fates: ContainerFates) {
    this.#docker = docker;
    this.#runId = runId;
    this.#clock = clock;
    this.#fates = fates;
  }

  /** Resolves when events are being received. */
  async open(): Promise<void> {
    const stream = await this.#docker.getEvents({
      filters: { type: ['container'], event: ['die', 'oom'], label: runFilter(this.#runId) },
      ...(this.#since === undefined ? {} : { since: this.#since }),
    });
    if (this.#closed) {
      (stream as { destroy?: () => void }).destroy?.();
      return;
    }
    this.#stream = stream;
    const told = this.#toldNano;
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString('utf8')).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') this.#tell(line, told);
    });
    stream.on('error', () => undefined);
    stream.on('close', () => this.#lost());
    if (!this.#broken) {
      this.#retryMs = FIRST_RETRY_MS;
      return;
    }
    try {
      await this.#reconcile();
    } catch {
      // It is away again; the end of the stream brings the next try.
      this.#stream?.destroy?.();
      return;
    }
    this.#retryMs = FIRST_RETRY_MS;
    this.#broken = false;
    this.#fates.connection('back');
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#stream?.destroy?.();
  }

  /** What is asked for again from a whole second on has in part been told: up to `told`. */
  #tell(line: string, told: number): void {
    const event = JSON.parse(line) as EngineEvent;
    const nano = event.timeNano ?? Infinity;
    if (nano <= told) return;
    if (nano !== Infinity) this.#toldNano = Math.max(this.#toldNano, nano);
    const id = event.id ?? event.Actor?.ID ?? '';
    this.#since = event.time ?? this.#since;
    if (event.Action === 'oom') this.#fates.oom(id);
    else this.#fates.died(id, Number(event.Actor?.Attributes?.['exitCode'] ?? 0));
  }

  #lost(): void {
    this.#stream = undefined;
    if (this.#closed) return;
    if (!this.#broken) this.#fates.connection('lost');
    this.#broken = true;
    this.#retry();
  }

  #retry(): void {
    this.#timer = this.#clock.setTimer(this.#retryMs, () => {
      this.open().catch(() => {
        if (!this.#closed) this.#retry();
      });
    });
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
  }

  /** Asks about those believed to run before the break was over; later starts are not in doubt. */
  async #reconcile(): Promise<void> {
    const believed = this.#fates.running();
    const present = await this.#docker.listContainers({
      filters: { label: runFilter(this.#runId) },
    });
    const running = new Set(present.map(({ Id }) => Id));
    for (const id of believed) {
      if (running.has(id)) continue;
      const exitCode = await this.#exitCode(id);
      if (exitCode !== undefined) this.#fates.died(id, exitCode);
    }
  }

  /** Undefined for one that runs, or whose start is under way and will say itself how it went. */
  async #exitCode(id: string): Promise<number | undefined> {
    try {
      const { State: state } = await this.#docker.getContainer(id).inspect();
      return state.Running || state.Status === 'created' ? undefined : state.ExitCode;
    } catch (error) {
      if (isNotFound(error)) return 137;
      throw error;
    }
  }
}
