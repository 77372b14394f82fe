/** Which files of a container image are external extensions (contract 2.1). */

import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import tar from 'tar-fs';
import { DISABLING_FILE, EXTENSIONS_FOLDER } from '../function/extension-files.js';
import { isInside, withContainerOf } from './engine-images.js';

const FOLDER = `/opt/${EXTENSIONS_FOLDER}`;
const SHELL = '/bin/sh';

export interface ImageExtensions {
  /** Sorted names of the regular files directly in `/opt/extensions`. */
  readonly names: readonly string[];
  /** Without a shell there is nothing that could start them. */
  readonly canStart: boolean;
}

export function extensionsOfImage(
  docker: Docker,
  imageId: string,
  labels: Record<string, string>,
): Promise<ImageExtensions> {
  return withContainerOf(docker, { imageId, labels }, async (container) => {
    const none = { names: [], canStart: true };
    if (!(await isInside(container, FOLDER))) return none;
    if (await isInside(container, `/opt/${DISABLING_FILE}`)) return none;
    const names = await filesIn(container);
    return { names, canStart: names.length === 0 || (await isInside(container, SHELL)) };
  });
}

/** The folder comes as an archive, of which only the names matter: nothing is written. */
async function filesIn(container: Docker.Container): Promise<string[]> {
  const archive = await container.getArchive({ path: FOLDER });
  const names: string[] = [];
  await pipeline(
    archive,
    tar.extract('/', {
      ignore: (_path, header) => {
        const { name, type } = header ?? {};
        const parts = name?.split('/').filter((part) => part !== '' && part !== '.') ?? [];
        if (type === 'file' && parts.length === 2 && !name?.includes('\n')) {
          names.push(basename(name ?? ''));
        }
        return true;
      },
    }),
  );
  return names.sort();
}
