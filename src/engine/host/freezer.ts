/**
 * Stopping and waking the processes of one container, in the way this host allows. A freezer
 * belongs to one start of one container and is closed with it; ways are never mixed.
 */

import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Clock } from '../../async/clock.js';
import { sleep } from '../../async/clock.js';
import { nextTurn } from '../../async/next-turn.js';
import { OrchestratorError } from '../../errors.js';
import { v1File, v2File, type CgroupPaths } from './cgroup.js';

export interface Freezer {
  /** Resolves when the kernel says that every process stands still. */
  freeze(): Promise<void>;
  /** Wakes them; without a promise where that is a write to a file. */
  thaw(): Promise<void> | undefined;
  close(): void;
}

/** Engine calls that pause and unpause one container. */
export interface PauseCalls {
  pause(): Promise<void>;
  unpause(): Promise<void>;
}

/** In turns of the event loop: whoever asks for something meanwhile does not wait for it. */
const CHECKS_IN_TURNS = 20;
const CHECKS_BEFORE_ANEW = 10;
const CHECK_AGAIN_MS = 1;
const MOST_CHECKS = 2_000;
const STATE_BYTES = 256;
/** Read into and looked at in one go: one serves all. */
const buffer = Buffer.alloc(STATE_BYTES);

/** The freezer files of either hierarchy. */
interface FreezerFiles {
  readonly control: string;
  readonly state: string;
  readonly words: FreezerWords;
}

/** What is written to them, as bytes at hand, and how to read that it has happened. */
interface FreezerWords {
  readonly freeze: Buffer;
  readonly thaw: Buffer;
  isFrozen(text: string): boolean;
}

const V1_WORDS: FreezerWords = {
  freeze: Buffer.from('FROZEN'),
  thaw: Buffer.from('THAWED'),
  isFrozen: (text) => text.startsWith('FROZEN'),
};
const V2_WORDS: FreezerWords = {
  freeze: Buffer.from('1'),
  thaw: Buffer.from('0'),
  isFrozen: (text) => text.includes('frozen 1'),
};

class FileFreezer implements Freezer {
  readonly #words: FreezerWords;
  readonly #clock: Clock;
  readonly #control: number;
  readonly #state: number;
  #thawed = true;
  #closed = false;

  constructor(files: FreezerFiles, clock: Clock) {
    const { control, state, words } = files;
    this.#words = words;
    this.#clock = clock;
    this.#control = openSync(control, 'r+');
    this.#state = state === control ? this.#control : openSync(state, 'r');
  }

  async freeze(): Promise<void> {
    if (this.#closed) return;
    this.#thawed = false;
    this.#write(this.#words.freeze);
    if (this.#settled()) return;
    for (let checks = 0; checks < CHECKS_IN_TURNS; checks += 1) {
      await nextTurn();
      if (this.#settled()) return;
    }
    // A process in the middle of a system call takes a moment longer.
    for (let checks = 0; checks < MOST_CHECKS; checks += 1) {
      await sleep(this.#clock, CHECK_AGAIN_MS);
      if (this.#settled()) return;
      // A parent that waits for a child which was stopped before it ran another program cannot be
      // stopped itself (cgroup v1): both go on for a moment, then all are stopped anew.
      if (checks % CHECKS_BEFORE_ANEW === CHECKS_BEFORE_ANEW - 1) {
        this.#write(this.#words.thaw);
        this.#write(this.#words.freeze);
      }
    }
    throw new OrchestratorError('engine-refused', 'the kernel did not freeze the environment');
  }

  thaw(): undefined {
    if (this.#closed) return;
    this.#thawed = true;
    this.#write(this.#words.thaw);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#control);
    if (this.#state !== this.#control) closeSync(this.#state);
  }

  #write(word: Buffer): void {
    try {
      writeSync(this.#control, word, 0, word.length, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENODEV') throw error;
      // The kernel has taken the control group away with its last process.
      throw new OrchestratorError('engine-not-found', 'the processes have ended', { cause: error });
    }
  }

  /** Frozen, or no longer meant to be. */
  #settled(): boolean {
    if (this.#closed || this.#thawed) return true;
    const bytes = readSync(this.#state, buffer, 0, STATE_BYTES, 0);
    return this.#words.isFrozen(buffer.toString('latin1', 0, bytes));
  }
}

/** Pause and unpause in order: the engine refuses what comes in between. */
class EngineFreezer implements Freezer {
  readonly #calls: PauseCalls;
  #last: Promise<void> = Promise.resolve();

  constructor(calls: PauseCalls) {
    this.#calls = calls;
  }

  freeze(): Promise<void> {
    return this.#next(() => this.#calls.pause());
  }
  thaw(): Promise<void> {
    return this.#next(() => this.#calls.unpause());
  }
  close(): void {
    // The engine keeps nothing open for it.
  }

  #next(call: () => Promise<void>): Promise<void> {
    const result = this.#last.then(call);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

export type FileFreezerKind = 'cgroup-v1' | 'cgroup-v2';

/** The files of a freezer, or undefined where this container has none of the kind. */
export function freezerFiles(kind: FileFreezerKind, paths: CgroupPaths): FreezerFiles | undefined {
  if (kind === 'cgroup-v1') {
    const control = v1File(paths, 'freezer', 'freezer.state');
    if (control === undefined) return undefined;
    return { control, state: control, words: V1_WORDS };
  }
  const control = v2File(paths, 'cgroup.freeze');
  const state = v2File(paths, 'cgroup.events');
  if (control === undefined || state === undefined) return undefined;
  return { control, state, words: V2_WORDS };
}

/** Raises the file system's errors when the files cannot be written. */
export function openFileFreezer(files: FreezerFiles, clock: Clock): Freezer {
  return new FileFreezer(files, clock);
}

export function openEngineFreezer(calls: PauseCalls): Freezer {
  return new EngineFreezer(calls);
}
