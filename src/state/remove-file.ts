import { unlinkSync } from 'node:fs';

/** One that is gone already is no trouble. Not Node's own way, which loads what removes whole folders. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
