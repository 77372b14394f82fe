/** The files of users that a function is made of. Pure. */

import type { FunctionDefinition } from './function-version.js';

/** Absolute paths of folders and zips; none of an image that is taken by its name. */
export function sourcePaths({
  codePath,
  layerPaths,
  image,
}: Pick<FunctionDefinition, 'codePath' | 'layerPaths' | 'image'>): readonly string[] {
  if (image !== undefined) return 'context' in image ? [image.context] : [];
  return codePath === '' ? [] : [codePath, ...layerPaths];
}
