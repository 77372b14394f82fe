/**
 * Lines of functions on their way to subscribers: those of one environment are kept together for a
 * moment, as CloudWatch Logs does with what arrives at once.
 */

import type { LogLine } from '../view.js';
import type { Clock, Timer } from '../async/clock.js';
import type { LogPlace } from '../log/log-hub.js';
import { eventId, type LogEvent } from './logs-event.js';

export interface LinesParts {
  readonly clock: Clock;
  /** Where an environment's lines are kept; undefined for lines that are no environment's. */
  placeOf(environmentId: string): LogPlace | undefined;
  /** Whether anybody wants to hear of this group. */
  isWanted(logGroup: string): boolean;
  tell(batch: LineBatch): void;
}

export interface LineBatch extends LogPlace {
  readonly functionName: string;
  readonly events: readonly LogEvent[];
}

interface Open {
  readonly place: LogPlace;
  readonly functionName: string;
  readonly events: LogEvent[];
  bytes: number;
  readonly timer: Timer;
}

const WAIT_MS = 500;
const MOST_EVENTS = 1_000;
/** Compressed and in Base64 they stay far below what an event may have. */
const MOST_BYTES = 262_144;

export class LogLines {
  readonly #parts: LinesParts;
  readonly #open = new Map<string, Open>();
  #count = 0;

  constructor(parts: LinesParts) {
    this.#parts = parts;
  }

  line({ environmentId, functionName, timestampMs, text }: LogLine): void {
    const open = this.#open.get(environmentId) ?? this.#begin(environmentId, functionName);
    if (open === undefined) return;
    this.#count += 1;
    const id = eventId(timestampMs, `${environmentId} ${this.#count}`);
    open.events.push({ id, timestamp: timestampMs, message: text });
    open.bytes += Buffer.byteLength(text);
    if (open.events.length >= MOST_EVENTS || open.bytes >= MOST_BYTES) this.#flush(environmentId);
  }

  flush(): void {
    for (const environmentId of this.#open.keys()) this.#flush(environmentId);
  }

  #begin(environmentId: string, functionName: string): Open | undefined {
    const place = this.#parts.placeOf(environmentId);
    if (place === undefined || !this.#parts.isWanted(place.logGroup)) return undefined;
    const timer = this.#parts.clock.setTimer(WAIT_MS, () => this.#flush(environmentId));
    const open: Open = { place, functionName, events: [], bytes: 0, timer };
    this.#open.set(environmentId, open);
    return open;
  }

  #flush(environmentId: string): void {
    const open = this.#open.get(environmentId);
    if (open === undefined) return;
    open.timer.cancel();
    this.#open.delete(environmentId);
    this.#parts.tell({ ...open.place, functionName: open.functionName, events: open.events });
  }
}
