import { describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock, Timer } from '../../../src/async/clock.js';
import { Bases } from '../../../src/builder/bases.js';
import { imageDigest } from '../../../src/builder/builder.js';
import { isOrchestratorError } from '../../../src/errors.js';
import { findRuntime, type Runtime } from '../../../src/function/runtimes.js';

const NO_REGISTRY = Object.assign(
  new Error(
    '(HTTP code 500) server error - Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
  ),
  { statusCode: 500 },
);

interface EngineScript {
  present?: Readonly<Record<string, string>>;
  pull?: (reference: string) => Promise<Readable>;
}

/** As much of an engine as finding a base needs. */
function engineWith(script: EngineScript): { docker: Docker; pulls: string[] } {
  const pulls: string[] = [];
  const present = new Map(Object.entries(script.present ?? {}));
  const docker = {
    version: () => Promise.resolve({ Arch: 'amd64' }),
    getImage: (reference: string) => ({
      inspect: () => {
        const id = present.get(reference);
        return id === undefined
          ? Promise.reject(Object.assign(new Error('no such image'), { statusCode: 404 }))
          : Promise.resolve({
              Id: id,
              RepoTags: [reference],
              Config: {},
              Size: 1,
              Created: '2026-01-01T00:00:00Z',
            });
      },
    }),
    createImage: async ({ fromImage }: { fromImage: string }) => {
      pulls.push(fromImage);
      if (script.pull === undefined) throw NO_REGISTRY;
      const output = await script.pull(fromImage);
      present.set(fromImage, `id of ${fromImage}`);
      return output;
    },
  };
  return { docker: docker as unknown as Docker, pulls };
}

function runtimeOf(id: string): Runtime {
  const runtime = findRuntime(id);
  if (runtime === undefined) throw new Error(id);
  return runtime;
}

const cacheFolder = join(tmpdir(), 'never-written');
const never = new AbortController().signal;
const ignore = (): void => undefined;

describe('finding a base', () => {
  it('takes a public image the engine already has, without pulling', async () => {
    const { docker, pulls } = engineWith({ present: { 'python:3.10-slim': 'sha256:1' } });
    const base = await new Bases(docker, { cacheFolder }).obtain(
      runtimeOf('python3.10'),
      'auto',
      never,
      ignore,
    );
    expect(base).toEqual({ kind: 'public', reference: 'python:3.10-slim', imageId: 'sha256:1' });
    expect(pulls).toEqual([]);
  });

  it('pulls the public image and brings no interpreter of its own', async () => {
    const { docker } = engineWith({
      pull: () => Promise.resolve(Readable.from(['{"status":"Pulling"}\n'])),
    });
    const heard: string[] = [];
    const base = await new Bases(docker, { cacheFolder }).obtain(
      runtimeOf('nodejs22.x'),
      'public',
      never,
      ({ detail }) => heard.push(detail),
    );
    expect(base).toEqual({
      kind: 'public',
      reference: 'node:22-slim',
      imageId: 'id of node:22-slim',
    });
    expect(heard).toEqual(['pulling node:22-slim', 'Pulling']);
  });

  it('refuses what neither a registry nor Debian has, says why and what to do', async () => {
    const { docker } = engineWith({});
    const bases = new Bases(docker, { cacheFolder });
    const error: unknown = await bases
      .obtain(runtimeOf('python3.10'), 'auto', never, ignore)
      .catch((e: unknown) => e);
    if (!isOrchestratorError(error, 'base-unavailable')) throw error;
    expect(error.message).toContain('no such host');
    expect(error.message).not.toContain('HTTP code');
    expect(error.message).toContain('no Debian suite has python3.10');
    expect(error.remedy).toContain('docker load');
    expect(error.remedy).toContain('python3.11');
  });

  it('asks a registry that cannot be reached only once', async () => {
    const { docker, pulls } = engineWith({});
    const bases = new Bases(docker, { cacheFolder });
    for (const id of ['python3.10', 'python3.12']) {
      await expect(bases.obtain(runtimeOf(id), 'auto', never, ignore)).rejects.toThrow(
        'no such host',
      );
    }
    expect(pulls).toEqual(['python:3.10-slim']);
  });

  it('asks again when only one image was refused', async () => {
    const { docker, pulls } = engineWith({
      pull: (reference) =>
        Promise.resolve(
          Readable.from([`${JSON.stringify({ error: `manifest for ${reference} not found` })}\n`]),
        ),
    });
    const bases = new Bases(docker, { cacheFolder });
    for (const id of ['python3.10', 'python3.12']) {
      await expect(bases.obtain(runtimeOf(id), 'public', never, ignore)).rejects.toThrow(
        'not found',
      );
    }
    expect(pulls).toHaveLength(2);
  });

  it('gives up on a registry that stays silent', async () => {
    let elapse: () => void = () => undefined;
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      setTimer: (_delayMs, action): Timer => {
        elapse = action;
        return { cancel: () => undefined };
      },
    };
    const { docker } = engineWith({
      pull: () => {
        const silent = new Readable({ read: () => undefined });
        queueMicrotask(() => {
          elapse();
          silent.destroy(new Error('aborted'));
        });
        return Promise.resolve(silent);
      },
    });
    const bases = new Bases(docker, { cacheFolder, clock });
    await expect(bases.obtain(runtimeOf('python3.10'), 'auto', never, ignore)).rejects.toThrow(
      'silent',
    );
  });

  it('makes no difference between Amazon’s base and others but the name', async () => {
    const runtime = runtimeOf('python3.13');
    const { docker } = engineWith({ present: { [runtime.awsImage]: 'sha256:a' } });
    const base = await new Bases(docker, { cacheFolder }).obtain(runtime, 'aws', never, ignore);
    expect(base.kind).toBe('aws');
  });
});

describe('the tag of an image', () => {
  const parts = { context: 'c', baseId: 'b', interpreter: 'i', buildArguments: { A: '1', B: '2' } };

  it('is twelve digits, the same for the same content in any order', () => {
    expect(imageDigest(parts)).toMatch(/^[0-9a-f]{12}$/);
    expect(imageDigest({ ...parts, buildArguments: { B: '2', A: '1' } })).toBe(imageDigest(parts));
  });

  it('changes with each part', () => {
    const digests = [
      parts,
      { ...parts, context: 'x' },
      { ...parts, baseId: 'x' },
      { ...parts, interpreter: 'x' },
      { ...parts, buildArguments: { A: '1' } },
    ].map(imageDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});
