/**
 * Amazon's own runtime client for Node.js, compiled once and kept in the cache folder: what our
 * bootstrap is compared with. The package comes from npm and is checked against what is pinned here;
 * its native part is compiled in a container of Debian's compilers that reaches no network.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import {
  makeRootFileSystem,
  recipeDigest,
  type DebianRecipe,
} from '../../src/builder/debian-base.js';
import { engineArchitecture, importRootFileSystem } from '../../src/builder/engine-images.js';
import { runTool, ToolFailure } from '../../src/builder/host-tools.js';
import { LABELS, OWNER } from '../../src/builder/image-labels.js';
import { RUNTIMES, type InterpreterPackage } from '../../src/function/runtimes.js';
import { packageRoot } from '../../src/package-root.js';

interface Pinned {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

interface Release {
  readonly client: Pinned;
  readonly addonApi: Pinned;
  /** Whose headers it is compiled with; Node-API is the same in all of them. */
  readonly headersOf: string;
}

const RELEASES = {
  '3.3.0': {
    client: {
      name: 'aws-lambda-ric',
      version: '3.3.0',
      integrity:
        'sha512-9p06TbKVK4a050NY/vYOxhMHvnIiUu5o1W0//q6yNLSqA/c91pn4BOj3C3sRTpplkUNsGJdU5qWyU2STo6L8hA==',
    },
    addonApi: {
      name: 'node-addon-api',
      version: '6.1.0',
      integrity:
        'sha512-+eawOlIgy680F0kBzPUNFhMZGtJ1YmqM6l4+Crf4IkImjYrO/mqPwRMh352g23uIaQKFItcQ64I7KMaJxHgAVA==',
    },
    headersOf: 'nodejs22.x',
  },
  '4.0.2': {
    client: {
      name: 'aws-lambda-ric',
      version: '4.0.2',
      integrity:
        'sha512-FE5Vskx7mYNnqAnWWJXUOsLp2VGgdsJsCoRLFTa8L4Yk0QVtArqR8q58yPA++QC1a73ZWJXBQ2AH31nIAv7NOQ==',
    },
    addonApi: {
      name: 'node-addon-api',
      version: '8.3.1',
      integrity:
        'sha512-lytcDEdxKjGJPTLEfW4mYMigRezMlyJY8W4wxJK8zE533Jlb8L8dRuObJFWg2P+AuOIxoCgKF+2Oq4d4Zd0OUA==',
    },
    headersOf: 'nodejs24.x',
  },
} as const satisfies Record<string, Release>;

export type ReleaseOfAmazonClient = keyof typeof RELEASES;

const COMPILERS = ['g++', 'make', 'cmake', 'autoconf', 'automake', 'libtool', 'xz-utils'];

/** The folder of the package with its native part in place. Minutes the first time, then nothing. */
export async function amazonClient(
  docker: Docker,
  version: ReleaseOfAmazonClient,
): Promise<string> {
  const release = RELEASES[version];
  const script = join(packageRoot(), 'test/fixtures/amazon-client/build.sh');
  const architecture = await engineArchitecture(docker);
  const node = RUNTIMES.get(release.headersOf)?.debian?.interpreter?.[architecture];
  if (node === undefined) throw new Error(`no headers for ${release.headersOf}`);
  const recipe: DebianRecipe = { suite: 'trixie', packages: COMPILERS, architecture };
  const digest = createHash('sha256')
    .update(JSON.stringify([release, node, recipeDigest(recipe), await readFile(script, 'utf8')]))
    .digest('hex')
    .slice(0, 12);
  const cache = join(homedir(), '.cache', 'orchestrator', 'amazon-clients');
  const folder = join(cache, `${version}-${digest}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'making-'));
  try {
    await fetchInto(work, release, node);
    await cp(script, join(work, 'build.sh'));
    await compile(docker, recipe, work);
    await rename(join(work, 'package'), folder).catch((error: unknown) => {
      // Another run may have made it in the meantime.
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } catch (error) {
    const lines = error instanceof ToolFailure ? error.lastLines.join('\n') : '';
    throw new Error(
      `Amazon's runtime client ${version} could not be made (it takes npm, mmdebstrap and a Debian mirror): ${String(error)}\n${lines}`,
      { cause: error },
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchInto(
  work: string,
  { client, addonApi }: Release,
  node: InterpreterPackage,
): Promise<void> {
  await unpack(work, client);
  await rename(join(work, 'package'), join(work, 'client'));
  await unpack(work, addonApi);
  await rename(join(work, 'package'), join(work, 'addon-api'));
  await unpack(work, node, 'package/include/node');
  await rename(join(work, 'package', 'include', 'node'), join(work, 'headers'));
  await rm(join(work, 'package'), { recursive: true });
  await rename(join(work, 'client'), join(work, 'package'));
}

async function unpack(work: string, pinned: Pinned, only = 'package'): Promise<void> {
  const wanted = `${pinned.name}@${pinned.version}`;
  await runTool('npm', ['pack', wanted, '--pack-destination', work, '--silent']);
  const archive = join(work, `${pinned.name}-${pinned.version}.tgz`);
  const hash = createHash('sha512').update(await readFile(archive));
  if (`sha512-${hash.digest('base64')}` !== pinned.integrity)
    throw new Error(`${wanted} is not the package we know`);
  await runTool('tar', ['-xzf', archive, '-C', work, '--no-same-owner', only]);
}

async function compile(docker: Docker, recipe: DebianRecipe, work: string): Promise<void> {
  const options = { signal: new AbortController().signal, onLine: () => undefined };
  const archive = join(work, 'compilers.tar');
  await makeRootFileSystem(recipe, archive, options);
  const image = `${OWNER}/compilers:${recipeDigest(recipe)}`;
  await importRootFileSystem(docker, archive, image, { [LABELS.owner]: OWNER }, options);
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['sh', '/work/build.sh'],
    Tty: true,
    HostConfig: { NetworkMode: 'none', Binds: [`${work}:/work`] },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode === 0) return;
    const output = await container.logs({ stdout: true, stderr: true, tail: 30 });
    throw new Error(`compiling ended with status ${StatusCode}\n${output.toString()}`);
  } finally {
    await container.remove({ force: true });
    await docker.getImage(image).remove();
  }
}
