/**
 * Where this package lives: the nearest folder above the running file that holds package.json. It is
 * the same for the compiled checkout (`dist/src`), another output folder and an installed package.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `startUrl` is the `import.meta.url` to walk up from; this file's own when absent. */
export function packageRoot(startUrl: string = import.meta.url): string {
  let folder = dirname(fileURLToPath(startUrl));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${fileURLToPath(startUrl)}`);
    folder = parent;
  }
  return folder;
}
