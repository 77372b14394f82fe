/**
 * `Code.Location` and `Content.Location`: links to packages on our own port, signed for this run as
 * AWS's are for a time.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ZipFile } from 'yazl';
import { randomHex } from '../async/random.js';
import type { ControlParts } from './parts.js';
import type { ResolvedRevision } from './target.js';

/** Served below this prefix. */
export const PACKAGE_PREFIX = '/_packages/';

const secret = Buffer.from(randomHex(32), 'hex');
const SIGNATURE = 'X-Amz-Signature';

/** `Code` of GetFunction. */
export function codeLocation(
  { router }: Pick<ControlParts, 'router'>,
  name: string,
  { revision, version }: ResolvedRevision,
  host: string,
): object {
  const { definition, details } = revision;
  const { image } = definition;
  if (image !== undefined) {
    const built = router.deployment(name, version)?.description.resolvedImage;
    const uri = details.imageUri ?? ('uri' in image ? image.uri : (built?.uri ?? image.context));
    const resolved = details.resolvedImageUri ?? built?.resolvedUri ?? uri;
    return { RepositoryType: 'ECR', ImageUri: uri, ResolvedImageUri: resolved };
  }
  const file = `function/${name}/${encodeURIComponent(version)}.zip`;
  return { RepositoryType: 'S3', Location: link(host, file) };
}

/** Of a layer version. */
export function layerLocation(name: string, version: number, host: string): string {
  return link(host, `layer/${name}/${version}.zip`);
}

function link(host: string, path: string): string {
  const full = `${PACKAGE_PREFIX}${path}`;
  return `http://${host}${full}?${SIGNATURE}=${sign(full)}`;
}

function sign(path: string): string {
  return createHmac('sha256', secret).update(path).digest('hex');
}

/** Answers requests for such links. */
export function servePackage(
  parts: ControlParts,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const isSigned = equal(searchParams.get(SIGNATURE) ?? '', sign(pathname));
  const path = isSigned && request.method === 'GET' ? packagePath(parts, pathname) : undefined;
  if (path === undefined) {
    response.writeHead(isSigned ? 404 : 403).end();
    return;
  }
  // A client that hangs up, or a file that went, ends the answer: there is nobody to tell.
  void send(path, response).catch(() => response.destroy());
}

function packagePath(parts: ControlParts, pathname: string): string | undefined {
  const [kind, name = '', file = ''] = pathname.slice(PACKAGE_PREFIX.length).split('/');
  const version = decodeURIComponent(file.replace(/\.zip$/, ''));
  const { registry, packages, router } = parts;
  if (kind === 'layer') {
    const layer = registry.layer(name)?.versions.find((one) => String(one.version) === version);
    return layer === undefined ? undefined : packages.pathOf(layer.content.file);
  }
  if (version !== '$LATEST') return registry.published(name, version)?.codePath;
  const revision = registry.revision(name);
  if (revision?.code !== undefined) return packages.pathOf(revision.code.file);
  const built = router.deployment(name)?.description.taskDirectory;
  return built === undefined || built === '' ? revision?.definition.codePath : built;
}

async function send(path: string, response: ServerResponse): Promise<void> {
  const status = await stat(path);
  response.setHeader('Content-Type', 'application/zip');
  if (status.isFile()) {
    response.setHeader('Content-Length', status.size);
    await pipeline(createReadStream(path), response);
    return;
  }
  const yazl = await import('yazl');
  const zip = new yazl.ZipFile();
  // A file that went, or changed, while it was sent.
  zip.on('error', () => response.destroy());
  const sent = pipeline(zip.outputStream, response);
  // Watched from here on: what fails meanwhile must have somebody waiting.
  sent.catch(() => undefined);
  await addFolder(zip, path, '');
  zip.end();
  await sent;
}

async function addFolder(zip: ZipFile, folder: string, prefix: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) {
      zip.addEmptyDirectory(name);
      await addFolder(zip, path, `${name}/`);
    } else if (entry.isSymbolicLink()) {
      zip.addBuffer(Buffer.from(await readlink(path)), name, { mode: 0o120777 });
    } else if (entry.isFile()) {
      zip.addFile(path, name);
    }
  }
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
