/**
 * Where this package lives: the nearest folder above the running file that holds package.json. It is
 * the same for the compiled checkout (`dist/src`), another output folder and an installed package.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

export function packageRoot(): string {
  return (found ??= above(import.meta.dirname));
}

function above(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${start}`);
    folder = parent;
  }
  return folder;
}
