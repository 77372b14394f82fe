/** Which files of the merged layers are external extensions (contract 2.1). */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Known to Amazon's emulator: nothing in `extensions/` is started. */
export const DISABLING_FILE = 'disable-extensions-jwigqn8j';
export const EXTENSIONS_FOLDER = 'extensions';

/** Names of the regular files directly in `extensions/`, sorted; `opt` becomes `/opt`. */
export async function extensionsIn(opt: string): Promise<readonly string[]> {
  const folder = join(opt, EXTENSIONS_FOLDER);
  const names = await readdir(folder).catch(() => [] as string[]);
  if (names.length === 0 || (await isThere(join(opt, DISABLING_FILE)))) return [];
  const files = await Promise.all(
    names.map(async (name) => {
      const entry = await stat(join(folder, name)).catch(() => undefined);
      return entry?.isFile() === true && !name.includes('\n') ? [name] : [];
    }),
  );
  return files.flat().sort();
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
