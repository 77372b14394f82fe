import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findNodeSdk, nodeSdkFolder } from '../../../src/builder/node-sdk.js';
import { packageRoot } from '../../../src/package-root.js';

describe('the AWS SDK of Node.js images', () => {
  const sdk = findNodeSdk(packageRoot());
  let cache: string;
  let folder: string;
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
    folder = await nodeSdkFolder(sdk, cache);
  });
  afterAll(() => rm(cache, { recursive: true, force: true }));

  it('holds every client that is a dependency of ours', async () => {
    const { dependencies } = JSON.parse(
      await readFile(join(packageRoot(), 'package.json'), 'utf8'),
    ) as { dependencies: Record<string, string> };
    const clients = Object.keys(dependencies).filter((name) => name.startsWith('@aws-sdk/'));
    expect(clients.length).toBeGreaterThan(10);
    for (const name of clients) expect(existsSync(join(folder, name, 'package.json'))).toBe(true);
  });

  it('holds all that its packages depend upon', async () => {
    for (const { path } of sdk.packages) {
      const manifest = JSON.parse(await readFile(join(folder, path, 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>;
      };
      for (const name of Object.keys(manifest.dependencies ?? {})) {
        const places = [join(folder, path, 'node_modules', name), join(folder, name)];
        expect(places.some((place) => existsSync(place))).toBe(true);
      }
    }
  });

  it('leaves out what only bundlers, editors and browsers read', async () => {
    const files = await readdir(folder, { recursive: true });
    expect(files.filter((file) => /dist-(es|types)|\.d\.ts$|\.map$/.test(file))).toEqual([]);
  });

  it('is copied once', async () => {
    expect(await nodeSdkFolder(sdk, cache)).toBe(folder);
    expect(await readdir(join(cache, 'node-sdk'))).toEqual([sdk.digest]);
  });
});
