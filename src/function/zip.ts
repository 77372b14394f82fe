/**
 * Unpacking a zip into a folder, refusing what could write elsewhere or fill the disk: entries
 * outside the folder, links, devices, more bytes than announced or allowed.
 */

import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { OrchestratorError } from '../errors.js';

const MOST_ENTRIES = 100_000;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** Raises `code-missing` for a file that is no zip or must not be unpacked. */
export async function unpackZip(file: string, folder: string, mostBytes: number): Promise<void> {
  const zip = await open(file);
  let entries = 0;
  let bytes = 0;
  try {
    for await (const entry of eachEntry(zip)) {
      entries += 1;
      bytes += entry.uncompressedSize;
      if (entries > MOST_ENTRIES) throw refused(file, `it has more than ${MOST_ENTRIES} entries`);
      if (bytes > mostBytes) throw refused(file, `unpacked it exceeds ${mostBytes} bytes`);
      await unpackEntry(zip, entry, { file, folder });
    }
  } finally {
    zip.close();
  }
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  where: { file: string; folder: string },
): Promise<void> {
  const name = entry.fileName;
  const target = resolve(where.folder, name);
  if (name.includes('\0') || !(target + sep).startsWith(where.folder + sep)) {
    throw refused(where.file, `the entry '${name}' lies outside the folder`);
  }
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & FILE_TYPE;
  if (type !== 0 && type !== REGULAR && type !== FOLDER) {
    throw refused(where.file, `the entry '${name}' is a link or a device`);
  }
  if (name.endsWith('/')) {
    await mkdir(target, { recursive: true });
    return;
  }
  await mkdir(dirname(target), { recursive: true });
  const source = await openEntry(zip, entry);
  await pipeline(source, atMost(entry.uncompressedSize), createWriteStream(join(target)));
  await chmod(target, (mode & 0o111) === 0 ? 0o644 : 0o755);
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

function open(file: string): Promise<ZipFile> {
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

function refused(file: string, reason: string): OrchestratorError {
  return new OrchestratorError('code-missing', `${file} cannot be unpacked: ${reason}`, {
    remedy: 'Make the archive again from the plain files of the function.',
  });
}
