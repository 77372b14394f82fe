/** Which files of a container image are external extensions (contract 2.1). */

import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import tar from 'tar-fs';
import { DISABLING_FILE, EXTENSIONS_FOLDER } from '../function/extension-files.js';
import { findIn, withContainerOf } from './engine-images.js';

const FOLDER = `/opt/${EXTENSIONS_FOLDER}`;
const SHELL = '/bin/sh';

export interface ImageExtensions {
  /** Sorted names of the regular files directly in `/opt/extensions`. */
  readonly names: readonly string[];
  /** Without a shell there is nothing that could start them. */
  readonly canStart: boolean;
}

const NONE: ImageExtensions = { names: [], canStart: true };

/** What has been found, by image id: one look at each image is enough. */
export class KnownImageExtensions {
  readonly #known = new Map<string, Promise<ImageExtensions>>();
  readonly #look: (imageId: string) => Promise<ImageExtensions>;

  constructor(look: (imageId: string) => Promise<ImageExtensions>) {
    this.#look = look;
  }

  of(imageId: string): Promise<ImageExtensions> {
    const known = this.#known.get(imageId);
    if (known !== undefined) return known;
    const found = this.#look(imageId);
    this.#known.set(imageId, found);
    // A look that failed is taken again.
    found.catch(() => this.forget(imageId));
    return found;
  }

  forget(imageId: string): void {
    this.#known.delete(imageId);
  }
}

export function extensionsOfImage(
  docker: Docker,
  imageId: string,
  labels: Record<string, string>,
): Promise<ImageExtensions> {
  return withContainerOf(docker, { imageId, labels }, async (container) => {
    const folder = await findIn(container, FOLDER);
    if (folder.kind !== 'folder' || (await isThere(container, `/opt/${DISABLING_FILE}`))) {
      return NONE;
    }
    const names = await filesIn(container, folder.path);
    return { names, canStart: names.length === 0 || (await isThere(container, SHELL)) };
  });
}

async function isThere(container: Docker.Container, path: string): Promise<boolean> {
  return (await findIn(container, path)).kind !== 'missing';
}

/** Links count as what they lead to, as they do in layers. */
async function filesIn(container: Docker.Container, folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const [name, type] of await entriesOf(container, folder)) {
    if (type === 'directory' || name.includes('\n')) continue;
    const isFile =
      type === 'file' || (await findIn(container, `${folder}/${name}`)).kind === 'file';
    if (isFile) names.push(name);
  }
  return names.sort();
}

/** The folder comes as an archive, of which only the names matter: nothing is written. */
async function entriesOf(
  container: Docker.Container,
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const archive = await container.getArchive({ path: folder });
  const entries = new Map<string, string>();
  await pipeline(
    archive,
    tar.extract('/', {
      ignore: (_path, header) => {
        const { name = '', type = 'file' } = header ?? {};
        const parts = name.split('/').filter((part) => part !== '' && part !== '.');
        if (parts.length === 2) entries.set(basename(name), type ?? 'file');
        return true;
      },
    }),
  );
  return entries;
}
