import type { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import tar, { type Pack } from 'tar-fs';
import {
  KnownImageExtensions,
  extensionsOfImage,
  type ImageExtensions,
} from '../../../src/builder/image-extensions.js';

const LINK = 2 ** 27;
const MODES = { directory: 2 ** 31 + 0o755, file: 0o755, pipe: 2 ** 25 + 0o644 };

interface FakeFile {
  readonly type: keyof typeof MODES | 'symlink';
  /** Of a link: where it ends. */
  readonly to?: string;
}

/** An engine with one image, of which it makes containers that are never started. */
class FakeImage {
  readonly made: unknown[] = [];
  removed = 0;
  readonly #files: Readonly<Record<string, FakeFile>>;

  constructor(files: Readonly<Record<string, FakeFile>>) {
    this.#files = files;
  }

  get docker(): Docker {
    const container = {
      infoArchive: ({ path }: { path: string }) => Promise.resolve(this.#stat(path)),
      getArchive: ({ path }: { path: string }) => Promise.resolve(this.#archive(path)),
      remove: () => Promise.resolve(void (this.removed += 1)),
    };
    return {
      createContainer: (options: unknown) => {
        this.made.push(options);
        return Promise.resolve(container);
      },
    } as unknown as Docker;
  }

  #stat(path: string): object {
    const file = this.#files[path];
    if (file === undefined) throw Object.assign(new Error('no such file'), { statusCode: 404 });
    const stat = {
      mode: file.type === 'symlink' ? LINK + 0o777 : MODES[file.type],
      linkTarget: file.to ?? '',
    };
    const header = Buffer.from(JSON.stringify(stat)).toString('base64');
    return { headers: { 'x-docker-container-path-stat': header } };
  }

  #archive(folder: string): Readable {
    return tar.pack('.', {
      entries: [],
      finalize: false,
      finish: (pack) => this.#write(pack, folder),
    }) as unknown as Readable;
  }

  #write(pack: Pack, folder: string): void {
    const root = folder.slice(folder.lastIndexOf('/') + 1);
    pack.entry({ name: `${root}/`, type: 'directory' });
    for (const [path, { type, to }] of Object.entries(this.#files)) {
      if (!path.startsWith(`${folder}/`)) continue;
      const name = `${root}${path.slice(folder.length)}`;
      if (type === 'pipe') pack.entry({ name, type: 'fifo' });
      else if (type === 'symlink') pack.entry({ name, type, linkname: to ?? '' });
      else pack.entry({ name, type }, '');
    }
    pack.finalize();
  }
}

const FOLDERS = {
  '/opt/extensions': { type: 'directory' },
  '/bin/sh': { type: 'symlink', to: '/bin/dash' },
  '/bin/dash': { type: 'file' },
} as const;

async function foundIn(files: Readonly<Record<string, FakeFile>>): Promise<ImageExtensions> {
  const image = new FakeImage(files);
  const found = await extensionsOfImage(image.docker, 'sha256:1', { ours: 'yes' });
  expect(image.made).toMatchObject([{ Image: 'sha256:1', Labels: { ours: 'yes' } }]);
  expect(image.removed).toBe(1);
  return found;
}

describe('the extensions in an image', () => {
  it('are the regular files directly in the folder, and links that lead to one', async () => {
    expect(
      await foundIn({
        ...FOLDERS,
        '/opt/extensions/second': { type: 'file' },
        '/opt/extensions/first': { type: 'file' },
        '/opt/extensions/lib': { type: 'directory' },
        '/opt/extensions/lib/helper': { type: 'file' },
        '/opt/extensions/pipe': { type: 'pipe' },
        '/opt/extensions/linked': { type: 'symlink', to: '/opt/tools/linked' },
        '/opt/extensions/dangling': { type: 'symlink', to: '/opt/tools/gone' },
        '/opt/extensions/folder': { type: 'symlink', to: '/opt/tools' },
        '/opt/tools': { type: 'directory' },
        '/opt/tools/linked': { type: 'file' },
      }),
    ).toEqual({ names: ['first', 'linked', 'second'], canStart: true });
  });

  it('are found where the folder is a link', async () => {
    expect(
      await foundIn({
        ...FOLDERS,
        '/opt/extensions': { type: 'symlink', to: '/srv/agents' },
        '/srv/agents': { type: 'directory' },
        '/srv/agents/one': { type: 'file' },
      }),
    ).toEqual({ names: ['one'], canStart: true });
  });

  it('are none without the folder, without files in it, and with the file that disables them', async () => {
    const none = { names: [], canStart: true };
    expect(await foundIn({})).toEqual(none);
    expect(await foundIn({ '/opt/extensions': { type: 'file' } })).toEqual(none);
    expect(await foundIn({ '/opt/extensions': { type: 'directory' } })).toEqual(none);
    expect(
      await foundIn({
        ...FOLDERS,
        '/opt/extensions/one': { type: 'file' },
        '/opt/disable-extensions-jwigqn8j': { type: 'file' },
      }),
    ).toEqual(none);
  });

  it('cannot be started without a shell', async () => {
    expect(
      await foundIn({
        '/opt/extensions': { type: 'directory' },
        '/opt/extensions/one': { type: 'file' },
      }),
    ).toEqual({ names: ['one'], canStart: false });
  });

  it('are looked for once in each image, and again only after a look that failed', async () => {
    const looks: string[] = [];
    let fails = true;
    const known = new KnownImageExtensions((imageId) => {
      looks.push(imageId);
      if (fails) return Promise.reject(new Error('no engine'));
      return Promise.resolve({ names: [imageId], canStart: true });
    });
    await expect(known.of('one')).rejects.toThrow('no engine');
    fails = false;
    const both = await Promise.all([known.of('one'), known.of('one')]);
    expect(both[0]).toBe(both[1]);
    await known.of('two');
    expect(looks).toEqual(['one', 'one', 'two']);
    known.forget('one');
    await known.of('one');
    expect(looks).toEqual(['one', 'one', 'two', 'one']);
  });
});
