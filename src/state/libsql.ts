/**
 * libsql, loaded when the first file is opened. On Linux it looks for the C library in a report
 * about the whole process, which takes as long as all else of opening a file; without one it goes
 * by `ldd`, which says the same.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Database from 'libsql';

export type SqliteDatabase = InstanceType<typeof Database>;

let loaded: typeof Database | undefined;

export function libsql(): typeof Database {
  loaded ??= existsSync('/usr/bin/ldd') ? withoutReport(load) : load();
  return loaded;
}

function load(): typeof Database {
  return createRequire(import.meta.url)('libsql') as typeof Database;
}

function withoutReport<T>(work: () => T): T {
  const report = Object.getOwnPropertyDescriptor(process, 'report');
  if (report?.configurable !== true) return work();
  Object.defineProperty(process, 'report', { value: undefined, configurable: true });
  try {
    return work();
  } finally {
    Object.defineProperty(process, 'report', report);
  }
}
