/** Whose something is that a bench made: a mark in its name, which tells whether that bench still runs. */

import { readlinkSync } from 'node:fs';

const MARK = /(?:^|-)bench-(\d+)-(\d+)-/;

/** Of this process: to be followed by what tells its things apart. */
export function ownMark(): string {
  return `bench-${namespace()}-${process.pid}-`;
}

/** Made by a bench that is gone: one that counts processes as we do. */
export function isLeftOver(name: string): boolean {
  const [, where, pid] = MARK.exec(name) ?? [];
  return where === namespace() && pid !== undefined && !isRunning(Number(pid));
}

/** Whoever shares folders and engine may count processes apart from us. */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
