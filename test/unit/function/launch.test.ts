import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bootstrapProblem, formatProblem, refusedProgram } from '../../../src/function/launch.js';

function program(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeUInt16LE(machine, 18);
  return header;
}

describe('a program the system refuses', () => {
  it('is told in the words of Lambda’s platform', () => {
    expect(refusedProgram('/app/run', 'Permission denied')).toEqual({
      errorType: 'Runtime.InvalidEntrypoint',
      reason: 'fork/exec /app/run: permission denied',
    });
    expect(refusedProgram('/app/run', 'No such file or directory').reason).toBe(
      'fork/exec /app/run: no such file or directory',
    );
    expect(refusedProgram('run', 'No such file or directory').reason).toBe(
      'exec: "run": executable file not found in $PATH',
    );
  });
});

describe('the beginning of a bootstrap', () => {
  it('may be that of a script', () => {
    expect(formatProblem(Buffer.from('#!/bin/sh\necho'), 'x86_64')).toBeUndefined();
  });

  it('names no interpreter when it was saved with Windows’ line ends', () => {
    expect(formatProblem(Buffer.from('#!/bin/sh\r\necho\r\n'), 'x86_64')).toBe(
      'no such file or directory',
    );
  });

  it('may be that of a program for the machine, and of no other', () => {
    expect(formatProblem(program(62), 'x86_64')).toBeUndefined();
    expect(formatProblem(program(183), 'arm64')).toBeUndefined();
    expect(formatProblem(program(183), 'x86_64')).toBe('exec format error');
    expect(formatProblem(program(62), 'arm64')).toBe('exec format error');
  });

  it.each(['', '#', 'echo hello\n', '\x7fELF'])('is refused when it is %j', (text) => {
    expect(formatProblem(Buffer.from(text, 'latin1'), 'x86_64')).toBe('exec format error');
  });
});

describe('the bootstrap of a custom runtime', () => {
  let task: string;
  let opt: string;
  beforeEach(async () => {
    task = await mkdtemp(join(tmpdir(), 'task-'));
    opt = await mkdtemp(join(tmpdir(), 'opt-'));
  });
  afterEach(() =>
    Promise.all([task, opt].map((folder) => rm(folder, { recursive: true, force: true }))),
  );

  const missing = {
    errorType: 'Runtime.InvalidEntrypoint',
    reason: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
  };

  async function put(folder: string, text: string, mode: number): Promise<void> {
    await writeFile(join(folder, 'bootstrap'), text);
    await chmod(join(folder, 'bootstrap'), mode);
  }

  it('is looked for in the code and the layers', async () => {
    expect(await bootstrapProblem({ task, opt: undefined }, 'x86_64')).toEqual(missing);
    expect(await bootstrapProblem({ task, opt }, 'x86_64')).toEqual(missing);
    await put(opt, '#!/bin/sh\n', 0o755);
    expect(await bootstrapProblem({ task, opt: undefined }, 'x86_64')).toEqual(missing);
    expect(await bootstrapProblem({ task, opt }, 'x86_64')).toBeUndefined();
  });

  it('is that of the code when both have one', async () => {
    await put(opt, '#!/bin/sh\n', 0o755);
    await put(task, '#!/bin/sh\n', 0o644);
    expect(await bootstrapProblem({ task, opt }, 'x86_64')).toMatchObject({
      reason: 'fork/exec /var/task/bootstrap: permission denied',
    });
  });

  it('tells where the one stands that cannot be run', async () => {
    await put(opt, 'no program', 0o755);
    expect(await bootstrapProblem({ task, opt }, 'x86_64')).toMatchObject({
      reason: 'fork/exec /opt/bootstrap: exec format error',
    });
  });
});
