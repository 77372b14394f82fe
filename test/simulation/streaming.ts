/** Responses that runtimes make piece by piece, and callers that take them at their own pace. */

import type { Clock } from '../../src/async/clock.js';
import type { Channel } from '../../src/environment/channel.js';
import type { StreamedResponse } from '../../src/environment/streamed-response.js';
import type { ResponseSink } from '../../src/invocation/response-sink.js';
import type { Proc } from './extensions.js';
import { demand } from './demand.js';
import type { Random } from './random.js';

const PIECE = Buffer.from('a piece');
/** A few of these are more than goes through at once, or than may be collected. */
const LARGE_PIECE = Buffer.alloc(3 * 2 ** 20);

/** A caller: now and then slow, and now and then one that takes nothing more. */
export class SimulatedSink implements ResponseSink {
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #requestId: string;
  #state: 'waiting' | 'begun' | 'settled' = 'waiting';

  constructor(random: Random, clock: Clock, requestId: string) {
    this.#random = random;
    this.#clock = clock;
    this.#requestId = requestId;
  }

  begin(): void {
    demand(
      this.#state === 'waiting',
      `a response to ${this.#requestId} began while ${this.#state}`,
    );
    this.#state = 'begun';
  }

  write(_piece: Buffer, ready: () => void): boolean {
    demand(this.#state === 'begun', `a piece for ${this.#requestId} came while ${this.#state}`);
    if (this.#random.chance(0.7)) return true;
    if (!this.#random.chance(0.05)) this.#clock.setTimer(this.#random.below(100), ready);
    return false;
  }

  settled(): void {
    this.#state = 'settled';
  }
}

export interface StreamingParts {
  readonly random: Random;
  readonly channel: Channel;
  readonly process: Proc;
  /** Whether it hangs up in the middle, and lives on. */
  readonly hangsUp: boolean;
  /** All of it is out, or nobody wants it. */
  done(): void;
}

/** Begins to respond; what is returned is what the end of the process cuts off. */
export function stream(requestId: string, parts: StreamingParts): StreamedResponse | undefined {
  const { random, channel, process, hangsUp, done } = parts;
  const streamed = channel.stream(requestId, { contentType: 'text/plain' });
  if (typeof streamed === 'string') {
    done();
    return undefined;
  }
  let left = random.below(6);
  const goOn = (): void => {
    if (left > 0) {
      left -= 1;
      const next = (): void => process.after(random.below(20), goOn);
      if (streamed.write(random.chance(0.1) ? LARGE_PIECE : PIECE, next)) next();
      return;
    }
    if (hangsUp) streamed.cut();
    else streamed.end(random.chance(0.1) ? { errorType: 'Function.Simulated' } : {});
    done();
  };
  goOn();
  return streamed;
}
