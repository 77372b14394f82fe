/** What the kernel tells of processes and mounts, for tests that look for what is left behind. */

import { readdirSync, readFileSync } from 'node:fs';

export interface NamingProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Processes whose command lines hold `text`. */
export function processesNaming(text: string): NamingProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return commandLine.includes(text) ? [{ pid: Number(name), commandLine }] : [];
    } catch {
      // Not a process, or one that has ended since it was listed.
      return [];
    }
  });
}

/** Where something is mounted below a folder, innermost first. */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();
}
