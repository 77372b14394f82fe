/**
 * What is behind the registry: one document for each function, layer and mapping, in a file of JSON
 * lines that is only ever added to. It is read at each start before anything is answered, which a
 * database would hold up.
 *
 *  1. What `write` has returned from is on the disk, whatever happens to the process or the machine.
 *  2. A last line that is not whole is of a write that did not return: it is cut off.
 *  3. Once most of the file has been replaced by later lines, it is written anew, whole or not at all.
 * One process has it at a time, by the lock of the state folder.
 */

import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isObject } from '../is-object.js';
import { unusable } from '../state/database.js';

export type RowKind = 'function' | 'layer' | 'mapping';

export interface Row {
  readonly kind: RowKind;
  readonly name: string;
  /** Undefined: the row is gone. */
  readonly document?: unknown;
}

export interface RegistryStore {
  /** In the order of names. */
  read(kind: RowKind): readonly unknown[];
  /** `document` undefined: the row goes. Raises `state-unusable`; nothing has changed then. */
  write(kind: RowKind, name: string, document: unknown): void;
  close(): void;
}

export interface FileRegistryOptions {
  /** What is to be in a file that is made now. */
  readonly former?: () => readonly Row[];
  /** Bytes of replaced lines that are let be, however few the others are. */
  readonly sparedBytes?: number;
}

const CONTENT = 'the registry of functions';
/** The first line. */
const FORMAT = { format: 'orchestrator-registry', version: 1 } as const;
const END_OF_LINE = '\n';
const SPARED_BYTES = 256 * 1024;

export class FileRegistryStore implements RegistryStore {
  readonly #path: string;
  readonly #sparedBytes: number;
  /** By kind and name: what stands in the file, without its end of line. */
  readonly #lines = new Map<string, string>();
  /** Bytes of the file up to here are sound. */
  #size = 0;
  #liveBytes = 0;
  /** Something may stand behind them. */
  #hasTail = false;
  #file: number | undefined;
  /** The folder's entry may not be on the disk. */
  #isNamed = false;
  #closed = false;

  /** Opens or makes the file. Raises `state-unusable`. */
  constructor(
    path: string,
    { former = () => [], sparedBytes = SPARED_BYTES }: FileRegistryOptions = {},
  ) {
    this.#path = path;
    this.#sparedBytes = sparedBytes;
    try {
      const content = contentOf(path);
      if (content !== undefined) {
        this.#load(content);
        return;
      }
      for (const row of former()) this.#take(row, lineOf(row));
      this.#writeAnew();
    } catch (error) {
      throw unusable(path, error, CONTENT);
    }
  }

  read(kind: RowKind): readonly unknown[] {
    const keys = [...this.#lines.keys()].filter((key) => key.startsWith(`${kind} `)).sort();
    return keys.map((key) => (JSON.parse(this.#lines.get(key) ?? '') as Row).document);
  }

  write(kind: RowKind, name: string, document: unknown): void {
    const row: Row = { kind, name, document };
    const line = lineOf(row);
    try {
      this.#append(line);
    } catch (error) {
      throw unusable(this.#path, error, CONTENT);
    }
    this.#take(row, line);
    if (this.#size - this.#liveBytes <= Math.max(this.#sparedBytes, this.#liveBytes)) return;
    try {
      this.#writeAnew();
    } catch {
      // The change is on the disk, the file as good as before; the next change tries again.
    }
  }

  close(): void {
    this.#closed = true;
    this.#letGo();
  }

  #load(content: Buffer): void {
    let end = content.lastIndexOf(END_OF_LINE) + 1;
    const [head = '', ...lines] = content.toString('utf8', 0, end).split('\n').slice(0, -1);
    checkFormat(head);
    const last = lines.at(-1);
    // Its length can be on the disk before all of it is.
    if (last !== undefined && rowOf(last) === undefined) {
      lines.pop();
      end = content.lastIndexOf(END_OF_LINE, end - 2) + 1;
    }
    for (const [index, line] of lines.entries()) {
      const row = rowOf(line);
      if (row === undefined) throw new Error(`malformed: line ${index + 2}`);
      this.#take(row, line);
    }
    this.#size = end;
    this.#hasTail = end < content.length;
  }

  #take({ kind, name, document }: Row, line: string): void {
    const key = `${kind} ${name}`;
    this.#liveBytes -= bytesOf(this.#lines.get(key));
    this.#lines.delete(key);
    if (document === undefined) return;
    this.#lines.set(key, line);
    this.#liveBytes += bytesOf(line);
  }

  #append(line: string): void {
    // The folder may be another process's by now.
    if (this.#closed) throw new Error('it is closed');
    this.#file ??= openSync(this.#path, 'r+');
    if (this.#hasTail) ftruncateSync(this.#file, this.#size);
    this.#hasTail = true;
    const bytes = Buffer.from(`${line}\n`);
    writeAll(this.#file, bytes, this.#size);
    fdatasyncSync(this.#file);
    if (!this.#isNamed) syncFolder(dirname(this.#path));
    this.#isNamed = true;
    this.#size += bytes.length;
    this.#hasTail = false;
  }

  #letGo(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #writeAnew(): void {
    const draft = `${this.#path}.draft`;
    const bytes = Buffer.from([JSON.stringify(FORMAT), ...this.#lines.values(), ''].join('\n'));
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    // Of a process that died while it wrote one.
    rmSync(draft, { force: true });
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeAll(file, bytes, 0);
      fsyncSync(file);
      renameSync(draft, this.#path);
    } catch (error) {
      closeSync(file);
      rmSync(draft, { force: true });
      throw error;
    }
    this.#letGo();
    this.#file = file;
    this.#isNamed = false;
    this.#size = bytes.length;
    this.#hasTail = false;
  }
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function checkFormat(line: string): void {
  const head = parsed(line);
  if (!isObject(head) || head['format'] !== FORMAT.format) throw new Error('malformed: line 1');
  if (head['version'] !== FORMAT.version) {
    throw new Error(
      `it was written by a newer version of the orchestrator (format ${String(head['version'])})`,
    );
  }
}

function lineOf(row: Row): string {
  return JSON.stringify(row);
}

/** Undefined: it is not one. */
function rowOf(line: string): Row | undefined {
  const row = parsed(line);
  return isObject(row) && typeof row['kind'] === 'string' && typeof row['name'] === 'string'
    ? (row as unknown as Row)
    : undefined;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function bytesOf(line: string | undefined): number {
  return line === undefined ? 0 : Buffer.byteLength(line) + 1;
}

function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

/** So that a name given in it is on the disk as well. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
