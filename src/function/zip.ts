/**
 * Unpacking a zip into an empty folder, refusing what could write elsewhere or fill the disk:
 * entries outside the folder, links that leave it, devices, more bytes than announced or allowed.
 */

import { createWriteStream } from 'node:fs';
import { chmod, mkdir, realpath, symlink, utimes } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Entry, ZipFile } from 'yauzl';
import { messageOf, OrchestratorError } from '../errors.js';
import { isWithin } from '../path.js';

const MOST_ENTRIES = 100_000;
const LONGEST_LINK_BYTES = 4096;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;

const MACHINE_ERRORS: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'EROFS',
]);

class TooLarge extends Error {}

interface Link {
  readonly name: string;
  readonly path: string;
  readonly target: string;
}

/** Raises `code-missing` for a file that is no zip or must not be unpacked, and what the disk says. */
export async function unpackZip(file: string, folder: string, mostBytes: number): Promise<void> {
  const zip = await open(file).catch((error: unknown) => {
    throw isOfMachine(error) ? error : refused(file, messageOf(error));
  });
  const links: Link[] = [];
  let entries = 0;
  let bytes = 0;
  try {
    for await (const entry of eachEntry(zip)) {
      entries += 1;
      bytes += entry.uncompressedSize;
      if (entries > MOST_ENTRIES) throw new Error(`it has more than ${MOST_ENTRIES} entries`);
      if (bytes > mostBytes) throw new TooLarge(`unpacked it exceeds ${mostBytes} bytes`);
      const link = await unpackEntry(zip, entry, folder);
      if (link !== undefined) links.push(link);
    }
    // After every file: nothing may be written through a link.
    await makeLinks(links, folder);
  } catch (error) {
    if (isOfMachine(error)) throw error;
    throw refused(file, messageOf(error), error instanceof TooLarge);
  } finally {
    zip.close();
  }
}

/** Writes the entry; gives back a link, which is only made at the end. */
async function unpackEntry(zip: ZipFile, entry: Entry, folder: string): Promise<Link | undefined> {
  const name = entry.fileName;
  const path = resolve(folder, name);
  if (name.includes('\0') || !isWithin(path, folder)) {
    throw new Error(`the entry '${name}' lies outside the folder`);
  }
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & FILE_TYPE;
  if (type === LINK) {
    if (entry.uncompressedSize > LONGEST_LINK_BYTES) {
      throw new Error(`the link '${name}' is too long`);
    }
    const source = await openEntry(zip, entry);
    const target = await pipeline(source, atMost(entry.uncompressedSize), (bytes) => buffer(bytes));
    return { name, path, target: target.toString('utf8') };
  }
  if (type !== 0 && type !== REGULAR && type !== FOLDER) {
    throw new Error(`the entry '${name}' is a device`);
  }
  if (name.endsWith('/')) {
    await mkdir(path, { recursive: true });
    return undefined;
  }
  await mkdir(dirname(path), { recursive: true });
  const source = await openEntry(zip, entry);
  await pipeline(source, atMost(entry.uncompressedSize), createWriteStream(path));
  await chmod(path, (mode & 0o111) === 0 ? 0o644 : 0o755);
  // Python looks at a source's time before it takes the byte-code beside it.
  const modified = entry.getLastModDate();
  await utimes(path, modified, modified);
  return undefined;
}

async function makeLinks(links: readonly Link[], folder: string): Promise<void> {
  for (const { name, path, target } of links) {
    if (target.includes('\0') || !isWithin(resolve(dirname(path), target), folder)) {
      throw new Error(`the link '${name}' leaves the folder`);
    }
    // While there is no link yet, so that no folder is made through one.
    await mkdir(dirname(path), { recursive: true });
  }
  for (const { path, target } of links) await symlink(target, path);
  const root = await realpath(folder);
  for (const { name, path } of links) {
    // Through other links a target may lie elsewhere than it reads; a dangling one is harmless.
    const real = await realpath(path).catch(() => root);
    if (!isWithin(real, root)) throw new Error(`the link '${name}' leaves the folder`);
  }
}

function atMost(bytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > bytes) done(new Error('an entry is longer than announced'));
      else done(null, chunk);
    },
  });
}

async function open(file: string): Promise<ZipFile> {
  const { default: yauzl } = await import('yauzl');
  return new Promise((resolvePromise, reject) => {
    const options = { lazyEntries: true, autoClose: false, strictFileNames: true };
    yauzl.open(file, options, (error, zip) => {
      if (error === null || error === undefined) resolvePromise(zip);
      else reject(error);
    });
  });
}

async function* eachEntry(zip: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolvePromise, reject) => {
      zip.once('entry', resolvePromise);
      zip.once('end', () => resolvePromise(undefined));
      zip.once('error', reject);
      zip.readEntry();
    });
    zip.removeAllListeners();
    if (entry === undefined) return;
    yield entry;
  }
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolvePromise, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error === null || error === undefined) resolvePromise(stream);
      else reject(error);
    });
  });
}

function refused(file: string, reason: string, tooLarge = false): OrchestratorError {
  return new OrchestratorError('code-missing', `${file} cannot be unpacked: ${reason}`, {
    remedy: 'Make the archive again from the plain files of the function.',
    details: { reason: tooLarge ? 'too-large' : 'unreadable' },
  });
}

/** Of a full disk and the like, which no other archive would mend. */
export function isOfMachine(error: unknown): boolean {
  return MACHINE_ERRORS.has((error as NodeJS.ErrnoException | undefined)?.code);
}
