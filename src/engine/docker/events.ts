/**
 * What the engine tells about the run's containers: `oom` and `die`. The stream reconnects by
 * itself from where it broke; after a break the run's containers are listed, because an engine
 * that was restarted has forgotten what it would have said.
 *
 *   there ──(stream broke, or a call and then a ping found nobody)──▶ away ──▶ there
 */

import type Docker from 'dockerode';
import type { Clock, Timer } from '../../async/clock.js';
import { runFilter } from '../labels.js';
import { DEADLINE_MS, within } from './deadline.js';
import { isNotFound } from './errors.js';

export interface ContainerFates {
  oom(containerId: string): void;
  died(containerId: string, exitCode: number): void;
  /** Ids believed to run: asked after a break. */
  running(): readonly string[];
  /** Sets right what the break may have undone, before the engine is said to be back. */
  restore(): Promise<void>;
  /** The engine went away, or is there again. */
  connection(state: 'lost' | 'back'): void;
}

interface EngineEvent {
  readonly Action?: string;
  readonly id?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Record<string, string> };
}

type Stream = NodeJS.ReadableStream & { destroy?: () => void };

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 500;
const PING_MS = 2_000;
const NANOSECONDS = 1_000_000_000n;

export class EngineEvents {
  readonly #docker: Docker;
  readonly #runId: string;
  readonly #clock: Clock;
  readonly #fates: ContainerFates;
  #stream: Stream | undefined;
  #timer: Timer | undefined;
  #retryMs = FIRST_RETRY_MS;
  #since: string | undefined;
  #suspecting = false;
  #away = false;
  #closed = false;

  constructor(docker: Docker, runId: string, clock: Clock, fates: ContainerFates) {
    this.#docker = docker;
    this.#runId = runId;
    this.#clock = clock;
    this.#fates = fates;
  }

  /** The engine is not there; it is being looked for. */
  get away(): boolean {
    return this.#away;
  }

  /** Resolves when events are being received. */
  async open(): Promise<void> {
    const stream = (await within(DEADLINE_MS.look, (abortSignal) =>
      this.#docker.getEvents({
        filters: { type: ['container'], event: ['die', 'oom'], label: runFilter(this.#runId) },
        // Finer than the whole seconds the type knows.
        ...(this.#since === undefined ? {} : { since: this.#since as unknown as number }),
        abortSignal,
      }),
    )) as Stream;
    const former = this.#stream;
    this.#stream = undefined;
    former?.destroy?.();
    if (this.#closed) {
      stream.destroy?.();
      return;
    }
    this.#stream = stream;
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString('utf8')).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') this.#tell(line);
    });
    stream.on('error', () => undefined);
    stream.on('close', () => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.#lost();
    });
  }

  /**
   * A call found nobody. An engine that is ending closes its door before its streams, so this is
   * often the first sign; one that is merely slow answers the ping.
   */
  suspect(): void {
    if (this.#closed || this.#away || this.#suspecting) return;
    this.#suspecting = true;
    within(PING_MS, () => this.#docker.ping())
      .catch(() => this.#lost())
      .finally(() => {
        this.#suspecting = false;
      });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#stream?.destroy?.();
  }

  #tell(line: string): void {
    const event = JSON.parse(line) as EngineEvent;
    const id = event.Actor?.ID ?? event.id ?? '';
    this.#since = justAfter(line) ?? this.#since;
    if (event.Action === 'oom') this.#fates.oom(id);
    else this.#fates.died(id, Number(event.Actor?.Attributes?.['exitCode'] ?? 0));
  }

  /** What an ending engine still says on the old stream is heard until the new one is there. */
  #lost(): void {
    if (this.#closed || this.#away) return;
    this.#away = true;
    this.#retryMs = FIRST_RETRY_MS;
    this.#fates.connection('lost');
    this.#retry();
  }

  #retry(): void {
    this.#timer = this.#clock.setTimer(this.#retryMs, () => {
      this.#comeBack().catch(() => {
        if (!this.#closed) this.#retry();
      });
    });
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
  }

  async #comeBack(): Promise<void> {
    await this.open();
    await this.#reconcile();
    await this.#fates.restore();
    if (this.#closed) return;
    if (this.#stream === undefined) throw new Error('the stream broke again');
    this.#away = false;
    this.#fates.connection('back');
  }

  async #reconcile(): Promise<void> {
    const believed = this.#fates.running();
    const present = await within(DEADLINE_MS.look, (abortSignal) =>
      this.#docker.listContainers({ filters: { label: runFilter(this.#runId) }, abortSignal }),
    );
    const running = new Set(present.map(({ Id }) => Id));
    for (const id of believed) if (!running.has(id)) await this.#tellMissed(id);
  }

  async #tellMissed(id: string): Promise<void> {
    try {
      const { State: state } = await within(DEADLINE_MS.look, (abortSignal) =>
        this.#docker.getContainer(id).inspect({ abortSignal }),
      );
      // One whose start is under way will say itself how it went.
      if (state.Running || state.Status === 'created') return;
      if (state.OOMKilled) this.#fates.oom(id);
      this.#fates.died(id, state.ExitCode);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#fates.died(id, KILLED);
    }
  }
}

const KILLED = 137;

/**
 * The moment after an event in the engine's own form, so that it is not told again: it might be
 * taken for the end of processes that were started since. Read from the text, as the number has
 * more digits than ours.
 */
function justAfter(line: string): string | undefined {
  const digits = /"timeNano":(\d+)/.exec(line)?.[1];
  if (digits === undefined) return undefined;
  const next = BigInt(digits) + 1n;
  return `${next / NANOSECONDS}.${String(next % NANOSECONDS).padStart(9, '0')}`;
}
