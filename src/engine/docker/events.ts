/**
 * What the engine tells about the run's containers: `oom` and `die`. The stream reconnects by
 * itself from where it broke; after a break the run's containers are listed, because an engine
 * that was restarted has forgotten what it would have said.
 */

import type Docker from 'dockerode';
import type { Clock, Timer } from '../../async/clock.js';
import { runFilter } from '../labels.js';

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
  readonly time?: number;
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
    this.#retryMs = FIRST_RETRY_MS;
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString('utf8')).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') this.#tell(line);
    });
    stream.on('error', () => undefined);
    stream.on('close', () => this.#lost());
    if (!this.#broken) return;
    await this.#reconcile();
    this.#broken = false;
    this.#fates.connection('back');
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#stream?.destroy?.();
  }

  #tell(line: string): void {
    const event = JSON.parse(line) as EngineEvent;
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

  async #reconcile(): Promise<void> {
    const present = await this.#docker.listContainers({
      filters: { label: runFilter(this.#runId) },
    });
    const running = new Set(present.map(({ Id }) => Id));
    for (const id of this.#fates.running()) {
      if (!running.has(id)) this.#fates.died(id, await this.#exitCode(id));
    }
  }

  async #exitCode(id: string): Promise<number> {
    try {
      return (await this.#docker.getContainer(id).inspect()).State.ExitCode;
    } catch {
      return 137;
    }
  }
}
