/**
 * One simulated runtime: polls, handles, writes, answers; sometimes misbehaves in every way there
 * is. It marks its output as our bootstraps do, where it was given a marker.
 */

import type { Channel, Delivery, Poll, RestorePoll } from '../../src/environment/channel.js';
import { SimulatedExtension, type Proc } from './extensions.js';
import type { StreamedResponse } from '../../src/environment/streamed-response.js';
import type { Random } from './random.js';
import { stream } from './streaming.js';

export interface RuntimeOptions {
  readonly random: Random;
  readonly channel: Channel;
  readonly process: Proc;
  readonly marker: string | undefined;
  /** It asks to be snapshotted before it first asks for an event. */
  readonly snapStart: boolean;
  /** An extension runs inside it. */
  readonly internal: boolean;
  /** How often something goes wrong, out of one. */
  readonly faults: number;
  begins(delivery: Delivery): void;
  /** From now on its lines cannot be told apart. */
  goesAstray(): void;
}

const EMPTY = Buffer.from('{}');
const JSON_TYPE = { contentType: 'application/json' };
const GARBAGE = Buffer.from([0x1e, 0xff, 0x00, 0x1e, 0x80, 0x0a, 0x1e]).toString('latin1');

export class Runtime {
  readonly #options: RuntimeOptions;
  #poll: (Poll & { lost: boolean }) | undefined;
  #streamed: StreamedResponse | undefined;
  #handling = false;
  #inited = false;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    if (options.marker === undefined) options.goesAstray();
    if (options.internal) new SimulatedExtension('inside', options.process, options, true);
    // It may take a while to end when it is asked to, or not care.
    options.process.onTerminate = () => {
      if (this.#fails(5)) return;
      options.process.after(options.random.below(700), () => this.#die(0));
    };
    const { random, process, channel, faults } = options;
    if (this.#fails(0.3)) this.#die(3);
    else if (random.chance(faults / 3)) {
      process.after(random.below(50), () => void channel.initError(EMPTY, ''));
    } else if (this.#fails(0.1)) process.after(20_000, () => this.#ready());
    else if (random.chance(0.2)) this.#ready();
    else process.after(random.below(200), () => this.#ready());
  }

  #fails(share: number): boolean {
    return this.#options.random.chance(this.#options.faults * share);
  }

  #die(code: number, outOfMemory = false): void {
    const { random, channel, process } = this.#options;
    const open = this.#poll;
    this.#poll = undefined;
    if (open !== undefined && random.chance(0.7)) {
      open.lost = true;
      channel.lose(open);
    }
    if (random.chance(0.7)) this.#streamed?.cut();
    process.exit(code, outOfMemory);
  }

  #ready(): void {
    const { snapStart, random } = this.#options;
    if (!snapStart || random.chance(0.1)) this.#next();
    else this.#waitForRestore();
  }

  #waitForRestore(): void {
    const { random, channel, process } = this.#options;
    this.#inited = true;
    this.#mark('init');
    const wait: RestorePoll & { lost: boolean } = {
      lost: false,
      restored: () => process.whenRunning(() => this.#restored()),
    };
    channel.restoreNext(wait);
    if (this.#fails(0.2)) {
      process.after(random.below(5_000), () => {
        wait.lost = true;
        if (random.chance(0.7)) channel.loseRestore(wait);
        this.#die(1);
      });
    }
  }

  /** Runs its hooks. */
  #restored(): void {
    const { random, channel, process } = this.#options;
    const goes = random.next() / this.#options.faults;
    if (goes < 0.3) channel.restoreError(EMPTY, 'application/json');
    else if (goes < 0.6) this.#die(64);
    else if (goes < 0.8) process.after(20_000, () => this.#next());
    else if (random.chance(0.5)) this.#next();
    else process.after(random.below(100), () => this.#next());
  }

  #next(): void {
    const { random, channel, process } = this.#options;
    if (!this.#inited) {
      this.#inited = true;
      this.#mark('init');
    }
    this.#poll = {
      lost: false,
      deliver: (delivery) => {
        this.#poll = undefined;
        process.soon(() => this.#handle(delivery));
      },
    };
    channel.next(this.#poll);
    if (this.#fails(0.3)) {
      // A second poll, which gets no event while there is a first, comes and goes.
      const second: Poll = { lost: false, deliver: () => undefined };
      channel.next(second);
      process.after(random.below(20), () => channel.lose(second));
    }
    if (this.#fails(0.3)) process.after(random.below(5_000), () => this.#die(1));
  }

  #handle(delivery: Delivery): void {
    const { random, process } = this.#options;
    if (this.#handling) throw new Error(`${delivery.requestId} came while another was served`);
    this.#options.begins(delivery);
    this.#handling = true;
    process.write(`says ${delivery.requestId}\n`);
    if (this.#fails(0.3)) this.#misbehave(delivery);
    if (this.#fails(0.5)) {
      const die = (): void => this.#die(random.below(140), random.chance(0.3));
      process.after(random.below(100), die);
    } else if (!this.#fails(0.5)) {
      process.after(random.below(40), () => this.#answer(delivery.requestId));
    }
  }

  #answer(requestId: string): void {
    const { random, channel, process } = this.#options;
    this.#handling = false;
    process.write('says ');
    process.write(`${requestId}\n`);
    this.#mark(requestId);
    if (this.#fails(0.5)) channel.post('response', 'unknown', EMPTY, JSON_TYPE);
    if (random.chance(0.2)) {
      this.#streamed = stream(requestId, {
        random,
        channel,
        process,
        hangsUp: this.#fails(0.3),
        done: () => {
          this.#streamed = undefined;
          this.#goOn();
        },
      });
      return;
    }
    const body = this.#fails(0.2) ? { tooLargeBytes: 1 } : EMPTY;
    channel.post(random.chance(0.05) ? 'error' : 'response', requestId, body, JSON_TYPE);
    if (this.#fails(0.3)) channel.post('response', requestId, EMPTY, JSON_TYPE);
    if (this.#fails(0.1)) channel.initError(EMPTY, 'application/json');
    this.#goOn();
  }

  #goOn(): void {
    const { random, process } = this.#options;
    if (this.#fails(0.2)) return;
    if (random.chance(0.5)) this.#next();
    else process.after(random.below(10), () => this.#next());
  }

  #mark(what: string): void {
    const { marker, process, random } = this.#options;
    if (marker === undefined) return;
    if (this.#fails(0.2)) {
      this.#options.goesAstray();
      return;
    }
    const mark = `\x1e${marker} ${what}\n`;
    const cut = random.below(mark.length);
    process.write(mark.slice(0, cut));
    process.write(mark.slice(cut));
  }

  /** Writes what is no text, marks that are not due, and on without end from behind its back. */
  #misbehave({ requestId }: Delivery): void {
    const { marker, process, random } = this.#options;
    this.#options.goesAstray();
    process.write(GARBAGE);
    for (const what of ['init', requestId, 'nobody', '']) {
      if (random.chance(0.5)) process.write(`\x1e${marker ?? ''} ${what}\n`);
    }
    const goOn = (): void => {
      process.write('on and on\n');
      if (process.alive && random.chance(0.99)) process.after(50 + random.below(100), goOn);
    };
    if (random.chance(0.3)) goOn();
  }
}
