/**
 * Why a function's processes cannot be started at all, in the words of Lambda's platform, which is
 * written in Go (contract 3.8, 3.9, 5.7). Pure, but for a look at a custom runtime's `bootstrap`.
 */

import type { LaunchProblem } from './launch-problem.js';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionDefinition } from './function-version.js';

/** A program that the system refused to start; `said` is the system's text. */
export function refusedProgram(program: string, said: string): LaunchProblem {
  const reason = said.charAt(0).toLowerCase() + said.slice(1);
  return {
    errorType: 'Runtime.InvalidEntrypoint',
    // Without a slash the program is looked for in folders, and none of them has it.
    reason:
      program.includes('/') || reason !== NOT_THERE
        ? `fork/exec ${program}: ${reason}`
        : `exec: ${JSON.stringify(program)}: executable file not found in $PATH`,
  };
}

const NOT_THERE = 'no such file or directory';

const MISSING_BOOTSTRAP: LaunchProblem = {
  errorType: 'Runtime.InvalidEntrypoint',
  reason: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
};

/** Of our copies of the code and layers: where a custom runtime's `bootstrap` is looked for. */
export interface BootstrapPlaces {
  readonly task: string;
  readonly opt: string | undefined;
}

/** What keeps a custom runtime's `bootstrap` from being started, as far as the file itself shows. */
export async function bootstrapProblem(
  { task, opt }: BootstrapPlaces,
  architecture: FunctionDefinition['architecture'],
): Promise<LaunchProblem | undefined> {
  for (const [folder, mount] of [
    [task, '/var/task'],
    [opt, '/opt'],
  ] as const) {
    if (folder === undefined) continue;
    const path = join(folder, 'bootstrap');
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) continue;
    const said =
      (found.mode & 0o001) === 0
        ? 'permission denied'
        : formatProblem(await beginningOf(path), architecture);
    return said === undefined ? undefined : refusedProgram(`${mount}/bootstrap`, said);
  }
  return MISSING_BOOTSTRAP;
}

const ELF = Buffer.from('\x7fELF');
/** Offset of the machine in an ELF header, and its numbers. */
const ELF_MACHINE_AT = 18;
const ELF_MACHINE: Readonly<Record<FunctionDefinition['architecture'], number>> = {
  x86_64: 62,
  arm64: 183,
};

/** What the kernel would say of a file that begins so; undefined when it may start it. */
export function formatProblem(
  beginning: Buffer,
  architecture: FunctionDefinition['architecture'],
): string | undefined {
  if (beginning.subarray(0, 2).toString('latin1') === '#!') {
    // Saved with Windows' line ends: there is no interpreter whose name ends so.
    const [line = ''] = beginning.toString('latin1').split('\n');
    return line.endsWith('\r') ? NOT_THERE : undefined;
  }
  const isProgram =
    beginning.subarray(0, ELF.length).equals(ELF) &&
    beginning.length >= ELF_MACHINE_AT + 2 &&
    beginning.readUInt16LE(ELF_MACHINE_AT) === ELF_MACHINE[architecture];
  return isProgram ? undefined : 'exec format error';
}

const BEGINNING_BYTES = 256;

async function beginningOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING_BYTES), 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
