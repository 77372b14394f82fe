/**
 * The runs of this user that are not found from the folder alone: a project below it, one whose
 * state folder is elsewhere, or one that was started from here by its path. Notes only, kept in the
 * user's own state folder: without them commands need --state, and nothing else is lost.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isWithin } from '../path.js';
import { readRun, type FoundRun } from '../state/run-file.js';
import type { Host } from './host.js';

interface Note {
  readonly stateDirectory: string;
  readonly projectDirectory: string;
  /** Where the command was given. */
  readonly startedFrom: string;
}

/** Keeps a note of this process's run; returns how to take it away. */
export function noteRun(
  host: Pick<Host, 'cwd' | 'environment'>,
  run: Omit<Note, 'startedFrom'>,
): () => void {
  const folder = folderOf(host);
  if (folder === undefined) return () => undefined;
  const digest = createHash('sha256').update(run.stateDirectory).digest('hex').slice(0, 16);
  const path = join(folder, `${digest}.json`);
  const note: Note = { ...run, startedFrom: host.cwd };
  // A home that cannot be written to is no reason not to run.
  quietly(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, JSON.stringify(note), { mode: 0o600 });
  });
  return () => quietly(() => rmSync(path, { force: true }));
}

/** The living runs that belong to the working folder. */
export function runsNear({ cwd, environment }: Pick<Host, 'cwd' | 'environment'>): FoundRun[] {
  const folder = folderOf({ environment });
  if (folder === undefined) return [];
  return notesIn(folder).flatMap(({ stateDirectory, projectDirectory, startedFrom }) => {
    const near =
      cwd === startedFrom || isWithin(projectDirectory, cwd) || isWithin(cwd, projectDirectory);
    const run = near ? readRun(stateDirectory) : undefined;
    return run === undefined ? [] : [{ ...run, stateDirectory }];
  });
}

function folderOf({ environment }: Pick<Host, 'environment'>): string | undefined {
  const home = environment['HOME'];
  const state =
    environment['XDG_STATE_HOME'] ?? (home === undefined ? undefined : join(home, '.local/state'));
  return state === undefined || state === '' ? undefined : join(state, 'orchestrator', 'runs');
}

function notesIn(folder: string): Note[] {
  let names: string[] = [];
  quietly(() => (names = readdirSync(folder)));
  return names.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), 'utf8')) as Note];
    } catch {
      // Taken away since it was listed, or half written: no run that could be named.
      return [];
    }
  });
}

function quietly(action: () => unknown): void {
  try {
    action();
  } catch {
    // See the top of the file.
  }
}
