/** From the `Code` of a request to a package in our keeping, checked as Lambda checks it. */

import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { isOrchestratorError } from '../errors.js';
import { INVOKE_LIMITS } from '../invoke-api/limits.js';
import type { Revision, StoredPackage } from '../registry/records.js';
import { entityTooLarge, invalid } from './failure.js';
import type { ControlParts } from './parts.js';

export interface CodeInput {
  readonly ZipFile?: string;
  readonly S3Bucket?: string;
  readonly S3Key?: string;
  readonly ImageUri?: string;
}

/** Code that was taken in; `done` must be called once a record names it and it was built, or never will. */
export type TakenCode =
  | { readonly kind: 'package'; readonly code: StoredPackage; readonly done: () => void }
  | { readonly kind: 'folder'; readonly path: string; readonly done: () => void }
  | { readonly kind: 'image'; readonly uri: string; readonly done: () => void };

/** The bucket that stands for this machine: its keys are paths of folders and zips. */
const LOCAL_BUCKET = 'hot-reload';

export async function takeCode(parts: ControlParts, input: CodeInput): Promise<TakenCode> {
  const { ZipFile, S3Bucket, S3Key, ImageUri } = input;
  if (ImageUri !== undefined && ImageUri !== '') {
    return { kind: 'image', uri: ImageUri, done: () => undefined };
  }
  if (ZipFile !== undefined) {
    const { code, done } = await takeZip(parts, ZipFile);
    return { kind: 'package', code, done };
  }
  if (S3Bucket === LOCAL_BUCKET && S3Key !== undefined) {
    const path = await localPath(S3Key);
    return { kind: 'folder', path, done: await checkCode(parts, path) };
  }
  if (S3Bucket !== undefined || S3Key !== undefined) throw noObject();
  throw invalid('Please provide a source for function code.');
}

/** A zip in Base64: of a function or of a layer. */
export async function takeZip(
  parts: ControlParts,
  base64: string,
): Promise<{ code: StoredPackage; done: () => void }> {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > INVOKE_LIMITS.zippedCodeBytes) {
    throw entityTooLarge(`Zipped size must be smaller than ${INVOKE_LIMITS.zippedCodeBytes} bytes`);
  }
  if (bytes.length === 0) throw invalid('Uploaded file must be a non-empty zip');
  const { kept, done } = await parts.packages.keepZip(bytes);
  try {
    const release = await checkCode(parts, parts.packages.pathOf(kept.file));
    return {
      code: kept,
      done: () => {
        done();
        release();
      },
    };
  } catch (error) {
    done();
    void parts.packages.collect(() => parts.registry.packages());
    throw error;
  }
}

/** Reads all of it once: what cannot be unpacked, or is too large when it is, is refused at once. */
async function checkCode({ code }: ControlParts, path: string): Promise<() => void> {
  try {
    const { hash } = await code.snapshot(path);
    return () => code.release(hash);
  } catch (error) {
    if (!isOrchestratorError(error, 'code-missing')) throw error;
    // A full disk is no fault of the archive.
    if (error.details['reason'] === 'machine') throw error;
    if (error.details['reason'] === 'too-large') {
      throw invalid(`Unzipped size must be smaller than ${INVOKE_LIMITS.unzippedCodeBytes} bytes`);
    }
    throw invalid(
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    );
  }
}

/** Contract 3.5: code and layers together, unpacked. */
export async function checkCombinedSize(
  { code: store, packages }: ControlParts,
  { definition, layers }: Pick<Revision, 'definition' | 'layers'>,
): Promise<void> {
  if (layers.length === 0 || definition.codePath === '') return;
  const paths = [definition.codePath, ...layers.map(({ file }) => packages.pathOf(file))];
  let bytes = 0;
  for (const path of paths) {
    const { hash, size } = await store.snapshot(path);
    store.release(hash);
    bytes += size;
  }
  if (bytes <= INVOKE_LIMITS.unzippedCodeBytes) return;
  throw invalid(
    `Function code combined with layers exceeds the maximum allowed size of ${INVOKE_LIMITS.unzippedCodeBytes} bytes. The actual size is ${bytes} bytes.`,
  );
}

async function localPath(key: string): Promise<string> {
  const status = isAbsolute(key) ? await stat(key).catch(() => undefined) : undefined;
  const isZip = key.endsWith('.zip') || key.endsWith('.jar');
  if (status?.isDirectory() === true || (status?.isFile() === true && isZip)) return key;
  throw invalid(
    `S3Key '${key}' must be the absolute path of a folder or zip file on this machine when S3Bucket is '${LOCAL_BUCKET}'.`,
  );
}

export function noObject(): Error {
  return invalid(
    'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
  );
}
