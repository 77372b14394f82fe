/** The process around a command: what `main.ts` hands in and tests replace. */

import type { Readable, Writable } from 'node:stream';

export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface InputStream extends Readable {
  readonly isTTY?: boolean;
  readonly fd?: number;
}

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface Host {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Program and first arguments that start this same program again. */
  readonly self: readonly string[];
  /** Takes the signal over from its default action until the returned function is called. */
  onSignal(signal: Signal, action: () => void): () => void;
  /** Ends the process without waiting for anything. */
  exit(code: number): void;
  /** Speaks to the process that started this one detached; absent when there is none. */
  readonly tellParent?: (message: object) => void;
}

/** Exit codes, as the help documents them. */
export const EXIT = {
  ok: 0,
  /** The function ended with an error; a check of `doctor` failed. */
  functionFailed: 1,
  /** The command line or the configuration cannot be used. */
  usage: 2,
  /** Anything else that kept the command from doing its work. */
  failed: 3,
  /** Ended at once by a second Ctrl-C. */
  interrupted: 130,
} as const;
