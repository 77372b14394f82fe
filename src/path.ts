/** Where paths lie to each other. */

import { sep } from 'node:path';

/** Whether `path` is `folder` or below it; both absolute, or relative to the same place. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
