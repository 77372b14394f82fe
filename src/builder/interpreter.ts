/**
 * Interpreter binaries from npm, kept in a cache folder. What comes in is checked against the
 * integrity pinned in the table of runtimes; what is taken from the cache is checked again.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OrchestratorError } from '../errors.js';
import type { InterpreterPackage } from '../function/runtimes.js';
import { runTool, ToolFailure, type ToolOptions } from './host-tools.js';

/** Resolves with a folder holding `bin/node` of exactly this package. */
export async function fetchInterpreter(
  source: InterpreterPackage,
  cacheFolder: string,
  options: ToolOptions = {},
): Promise<string> {
  const folder = join(cacheFolder, 'interpreters', `${source.name}-${source.version}`);
  const tree = join(folder, 'tree');
  if (await isIntact(folder, source)) return tree;
  await mkdir(cacheFolder, { recursive: true });
  const work = await mkdtemp(join(cacheFolder, 'fetch-'));
  try {
    await download(source, work, options);
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(cacheFolder, 'interpreters'), { recursive: true });
    await rename(join(work, 'checked'), folder).catch(async (error: unknown) => {
      // Another process may have put the same package there in the meantime.
      if (!(await isIntact(folder, source))) throw error;
    });
    return tree;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(
  source: InterpreterPackage,
  work: string,
  options: ToolOptions,
): Promise<void> {
  const wanted = `${source.name}@${source.version}`;
  options.onLine?.(`npm pack ${wanted}`);
  try {
    await runTool('npm', ['pack', wanted, '--pack-destination', work, '--silent'], options);
  } catch (failure) {
    options.signal?.throwIfAborted();
    const lines = failure instanceof ToolFailure ? failure.lastLines.join('\n') : '';
    throw new OrchestratorError(
      'base-unavailable',
      `${wanted} could not be fetched from npm.\n${lines}`,
      {
        remedy: `Check that \`npm view ${wanted}\` works on this machine (proxy and registry are npm's own settings).`,
        cause: failure,
      },
    );
  }
  const tarball = join(work, `${source.name}-${source.version}.tgz`);
  const integrity = `sha512-${await digestOf(tarball, 'sha512', 'base64')}`;
  if (integrity !== source.integrity) {
    throw new OrchestratorError(
      'base-unavailable',
      `${wanted} is not the package we know: its integrity is ${integrity}, expected ${source.integrity}.`,
      {
        remedy: 'Check which registry npm uses (`npm config get registry`); nothing of it was run.',
      },
    );
  }
  await runTool('tar', ['-xzf', tarball, '-C', work, 'package/bin/node'], options);
  const binary = join(work, 'checked', 'tree', 'bin', 'node');
  await mkdir(dirname(binary), { recursive: true });
  await rename(join(work, 'package', 'bin', 'node'), binary);
  await chmod(binary, 0o755);
  const record = { integrity: source.integrity, sha256: await digestOf(binary, 'sha256', 'hex') };
  await writeFile(join(work, 'checked', 'origin.json'), JSON.stringify(record));
}

async function isIntact(folder: string, source: InterpreterPackage): Promise<boolean> {
  try {
    const record = JSON.parse(await readFile(join(folder, 'origin.json'), 'utf8')) as {
      integrity?: unknown;
      sha256?: unknown;
    };
    return (
      record.integrity === source.integrity &&
      record.sha256 === (await digestOf(join(folder, 'tree', 'bin', 'node'), 'sha256', 'hex'))
    );
  } catch {
    return false;
  }
}

async function digestOf(
  path: string,
  algorithm: string,
  encoding: 'hex' | 'base64',
): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest(encoding);
}
