import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { OrchestratorError } from '../../../src/errors.js';
import { identify, isAlive } from '../../../src/process-identity.js';
import { claimRun, findRun, readRun } from '../../../src/state/run-file.js';
import { acquireRunLock, runLockHolder } from '../../../src/state/run-lock.js';

const FACTS = { version: '1.2.3', startedAtMs: 0 };
const CLAIMANT = fileURLToPath(new URL('../../support/claimant.js', import.meta.url));

/** Several processes compete. */
jest.setTimeout(60_000);

let project: string;
let state: string;
let children: ChildProcess[];

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'run-file-'));
  state = join(project, '.orchestrator');
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(project, { recursive: true, force: true });
});

/** A process that claims the folder, says `held` or an error code, and stays. */
function startClaimant(): ChildProcess {
  const child = spawn(process.execPath, [CLAIMANT, state], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

async function firstWord(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return chunk.toString().trim();
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  return child.pid as number;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof OrchestratorError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

describe('the run file', () => {
  it('is found from the project and from every folder below it', () => {
    const claim = claimRun(state, FACTS);
    claim.publish('http://127.0.0.1:3001');
    const below = join(project, 'functions', 'hello');
    mkdirSync(below, { recursive: true });

    for (const directory of [project, below]) {
      expect(findRun({ directory })).toMatchObject({
        endpoint: 'http://127.0.0.1:3001',
        adminToken: claim.adminToken,
        version: '1.2.3',
        stateDirectory: state,
        process: identify(process.pid),
      });
    }
    claim.release();
  });

  it('is readable by its user only and leaves no draft behind', () => {
    const claim = claimRun(state, FACTS);
    claim.publish('http://127.0.0.1:3001');
    expect(statSync(join(state, 'run.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(state).sort()).toEqual(['.gitignore', 'run.json', 'run.lock.1']);
    claim.release();
  });

  it('is gone after the release, which may come twice', () => {
    const claim = claimRun(state, FACTS);
    claim.publish('http://127.0.0.1:3001');
    claim.release();
    claim.release();
    expect(readRun(state)).toBeUndefined();
    expect(codeOf(() => findRun({ directory: project }))).toBe('not-running');
    claimRun(state, FACTS).release();
  });

  it('passes over a folder whose run is dead for a living one above it', async () => {
    const inner = join(project, 'inner');
    mkdirSync(join(inner, '.orchestrator'), { recursive: true });
    const dead = { process: { pid: await deadPid() }, endpoint: 'http://127.0.0.1:1' };
    writeFileSync(join(inner, '.orchestrator', 'run.json'), JSON.stringify(dead));
    const claim = claimRun(state, FACTS);
    claim.publish('http://127.0.0.1:3001');
    expect(findRun({ directory: inner }).stateDirectory).toBe(state);
    claim.release();
  });

  it('says that a run is still starting instead of that there is none', () => {
    const claim = claimRun(state, FACTS);
    try {
      findRun({ directory: project });
      throw new Error('found a run that is not published');
    } catch (error) {
      expect((error as OrchestratorError).code).toBe('not-running');
      expect((error as OrchestratorError).details).toEqual({ pid: process.pid });
    }
    claim.release();
  });

  it('reports a state folder that cannot be made', () => {
    writeFileSync(join(project, 'file'), '');
    expect(codeOf(() => claimRun(join(project, 'file', 'state'), FACTS))).toBe('state-unusable');
  });

  it('refuses a folder of the kernel, where Node.js would try for ever', () => {
    expect(codeOf(() => claimRun('/proc/state', FACTS))).toBe('state-unusable');
  });
});

describe('the claim on a state folder', () => {
  it('refuses a second one and names process and endpoint of the first', () => {
    const claim = claimRun(state, FACTS);
    claim.publish('http://127.0.0.1:3001');
    try {
      claimRun(state, FACTS);
      throw new Error('claimed twice');
    } catch (error) {
      const refusal = error as OrchestratorError;
      expect(refusal.code).toBe('already-running');
      expect(refusal.message).toContain(`process ${process.pid}, at http://127.0.0.1:3001`);
      expect(refusal.remedy).toContain('orchestrator down');
    }
    claim.release();
  });

  it('is taken over from a process that was killed, with its run file', async () => {
    const holder = startClaimant();
    expect(await firstWord(holder)).toBe('held');
    expect(codeOf(() => claimRun(state, FACTS))).toBe('already-running');
    expect(readRun(state)?.process.pid).toBe(holder.pid);

    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(readRun(state)).toBeUndefined();
    const claim = claimRun(state, FACTS);
    expect(readdirSync(state)).not.toContain('run.json');
    claim.release();
  });

  it('is not held by a process that merely got the same id', () => {
    mkdirSync(state);
    const impostor = { pid: process.pid, started: 'another-boot/12345' };
    writeFileSync(join(state, 'run.lock.1'), JSON.stringify(impostor));
    expect(runLockHolder(state)).toBeUndefined();
    claimRun(state, FACTS).release();
  });

  it('survives a lock file torn by a power loss', () => {
    mkdirSync(state);
    writeFileSync(join(state, 'run.lock.4'), '{"pi');
    const result = acquireRunLock(state);
    if (result.kind !== 'held') throw new Error('somebody holds it');
    expect(readdirSync(state)).toEqual(['run.lock.4', 'run.lock.5']);
    result.lock.tidy();
    expect(readdirSync(state)).toEqual(['run.lock.5']);
  });

  it('goes to exactly one of many processes that try at once after a crash', async () => {
    mkdirSync(state);
    writeFileSync(join(state, 'run.lock.1'), JSON.stringify({ pid: await deadPid() }));
    const claimants = Array.from({ length: 6 }, startClaimant);
    const words = await Promise.all(claimants.map(firstWord));
    expect(words.sort()).toEqual([...Array<string>(5).fill('already-running'), 'held']);
  });

  it('is never held twice while claims and releases interleave', async () => {
    mkdirSync(state);
    const log = join(project, 'log');
    writeFileSync(log, '');
    const rounds = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, [CLAIMANT, state, log, '25'], { stdio: 'inherit' });
      children.push(child);
      return once(child, 'exit');
    });
    await Promise.all(rounds);
    const turns = readFileSync(log, 'utf8').trim().split('\n');
    expect(turns).toHaveLength(4 * 25 * 2);
    for (let index = 0; index < turns.length; index += 2) {
      const [enter, pid] = (turns[index] as string).split(' ');
      expect(enter).toBe('enter');
      expect(turns[index + 1]).toBe(`leave ${pid}`);
    }
  });
});

describe('a process identity', () => {
  it('is alive for this process and not for one that has ended', async () => {
    expect(isAlive(identify(process.pid))).toBe(true);
    expect(isAlive({ pid: await deadPid() })).toBe(false);
  });
});
