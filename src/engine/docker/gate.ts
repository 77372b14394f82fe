/**
 * What a container that was started ahead waits for: a script on a named pipe, which puts in place
 * the variables of whom it will serve and becomes its program. The shell of the image reads it.
 */

import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where a container finds its pipe. */
export const GATE_TARGET = '/run/gate';
/** Containers may read and nothing else. */
const MODE = '0444';
/** A pipe takes so much without anybody reading. */
const MOST_SCRIPT_BYTES = 48 * 1024;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Variables that shells have a meaning of their own for: setting them ends one, or sets another value. */
const OF_SHELLS =
  /^(BASH.*|DIRSTACK|EPOCH(REALTIME|SECONDS)|E?UID|FUNCNAME|GROUPS|HISTCMD|LINENO|OPTIND|PPID|S?RANDOM|SECONDS|SHELLOPTS)$/;

export interface Release {
  readonly program: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The program of a container that waits. */
export function waitingProgram(): readonly string[] {
  return ['/bin/sh', GATE_TARGET];
}

/** Undefined where the shell could not be told. Pure. */
export function releaseScript({
  program,
  workingDirectory,
  environment,
}: Release): string | undefined {
  const variables = Object.entries(environment);
  if (!variables.every(([name]) => NAME.test(name) && !OF_SHELLS.test(name))) return undefined;
  const script = [
    // What is mounted there meanwhile lies above the folder the shell was started in.
    `cd ${quoted(workingDirectory)}`,
    'unset OLDPWD',
    ...variables.map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${program.map(quoted).join(' ')}`,
    '',
  ].join('\n');
  return Buffer.byteLength(script) > MOST_SCRIPT_BYTES ? undefined : script;
}

export class Gate {
  readonly path: string;
  #fd: number | undefined;

  /** Makes the pipe. Raises the system's errors. */
  static async make(path: string): Promise<Gate> {
    await run('mkfifo', ['-m', MODE, path]);
    return new Gate(path);
  }

  private constructor(path: string) {
    this.path = path;
    // For reading too: it is there whether the shell has opened its end by now or not.
    this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** Raises the system's errors. */
  release(script: string): void {
    if (this.#fd === undefined) throw new Error('the gate is closed');
    const written = writeSync(this.#fd, script);
    if (written < Buffer.byteLength(script)) throw new Error('its pipe does not take the script');
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.path, { force: true });
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
