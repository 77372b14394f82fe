/**
 * The AWS SDK for JavaScript that managed Node.js runtimes bring: the clients that are dependencies
 * of ours and all that they need, without what only bundlers, editors and browsers read. Amazon's has
 * every client; functions with others bring them, as functions on Lambda may.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A package as it is installed with us. */
interface Installed {
  readonly folder: string;
  /** Below the packages folder that holds it, with those of packages in between. */
  readonly path: string;
  readonly version: string;
}

export interface NodeSdk {
  /** The same text for the same packages. */
  readonly digest: string;
  readonly packages: readonly Installed[];
}

const SCOPE = '@aws-sdk/';
const PACKAGES_FOLDER = 'node_modules';
const NOT_RUN = /(^|\/)(dist-es|dist-types|node_modules|\.[^/]*)$|\.(d\.[cm]?ts|map|md)$/;

/** What there is below `root`, the folder of our own package. */
export function findNodeSdk(root: string): NodeSdk {
  const found = new Map<string, Installed>();
  const visit = (name: string, from: string): void => {
    const folder = packageFolder(name, from);
    if (folder === undefined) return;
    const path = pathOf(folder);
    if (found.has(path)) return;
    const { version, dependencies = {} } = manifestOf(folder);
    found.set(path, { folder, path, version });
    for (const dependency of Object.keys(dependencies)) visit(dependency, folder);
  };
  const own = Object.keys(manifestOf(root).dependencies ?? {});
  for (const name of own) if (name.startsWith(SCOPE)) visit(name, root);
  const packages = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const digest = createHash('sha256')
    .update(JSON.stringify([packages.map(({ path, version }) => [path, version]), NOT_RUN.source]))
    .digest('hex')
    .slice(0, 16);
  return { digest, packages };
}

/** A folder of these packages, made once in the cache. */
export async function nodeSdkFolder(sdk: NodeSdk, cacheFolder: string): Promise<string> {
  const parent = join(cacheFolder, 'node-sdk');
  const folder = join(parent, sdk.digest);
  if (existsSync(folder)) return folder;
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'copy-'));
  try {
    for (const { folder: source, path } of sdk.packages) {
      await cp(source, join(work, path), {
        recursive: true,
        dereference: true,
        filter: (file) => file === source || !NOT_RUN.test(`/${relative(source, file)}`),
      });
    }
    await rename(work, folder).catch(async (error: unknown) => {
      // Another process may have made the same in the meantime.
      if (!existsSync(folder)) throw error;
    });
    for (const name of await readdir(parent)) {
      if (name !== sdk.digest && !name.startsWith('copy-')) {
        await rm(join(parent, name), { recursive: true, force: true });
      }
    }
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Where the package is found from `from`, as Node.js looks for it. */
function packageFolder(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, PACKAGES_FOLDER, name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(at) === at) return undefined;
  }
}

/** What follows the packages folder next to the root of the disk that holds an SDK's package. */
function pathOf(folder: string): string {
  const [, ...inner] = folder.split(`/${PACKAGES_FOLDER}/`);
  // Installed as a package itself, ours is the first on the way to a dependency nested in it.
  const names = inner.filter((name) => name !== 'orchestrator');
  return names.join(`/${PACKAGES_FOLDER}/`);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
