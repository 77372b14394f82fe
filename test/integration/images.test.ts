import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Builder, type BuildProgress } from '../../src/builder/builder.js';
import { isOrchestratorError } from '../../src/errors.js';
import { until } from '../support/project.js';
import { RUNTIMES } from '../../src/function/runtimes.js';

/** Making a base takes half a minute, and all of them may be missing. */
const BUILD_TIMEOUT_MS = 600_000;

/** An interpreter that is read for the first time, on a busy machine. */
jest.setTimeout(60_000);

const docker = new Docker();
const builder = new Builder(docker);
const buildable = [...RUNTIMES.values()]
  .filter(({ debian }) => debian !== undefined)
  .map(({ id }) => id);
const images = new Map<string, string>();

/** Runs a command as the image's own user with nothing writable but /tmp. */
async function run(image: string, command: string[]): Promise<{ status: number; output: string }> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: command,
    Tty: true,
    HostConfig: {
      ReadonlyRootfs: true,
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
    },
  });
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const output = (await buffer(stream)).toString('utf8').replace(/\r\n/g, '\n');
    return { status: StatusCode, output: output.trim() };
  } finally {
    await container.remove({ force: true });
  }
}

/** The container of a build that was given up may take a moment to go. */
async function removeImage(reference: string): Promise<void> {
  await until(() =>
    docker
      .getImage(reference)
      .remove({ force: true })
      .then(
        () => true,
        (error: { statusCode?: number }) => {
          if (error.statusCode !== 409 && error.statusCode !== 404) throw error;
          return error.statusCode === 404;
        },
      ),
  );
}

function imageOf(runtime: string): string {
  const image = images.get(runtime);
  if (image === undefined) throw new Error(`${runtime} was not built`);
  return image;
}

beforeAll(async () => {
  await Promise.all(
    buildable.map(async (runtime) => images.set(runtime, await builder.ensureImage(runtime))),
  );
}, BUILD_TIMEOUT_MS);

describe('the image of a Node.js runtime', () => {
  it.each(buildable.filter((id) => id.startsWith('nodejs')))(
    '%s runs its Node.js as Lambda’s user',
    async (id) => {
      const script =
        'console.log([process.version, process.getuid(), process.getgid(), process.cwd()].join(" "))';
      const { output } = await run(imageOf(id), ['/var/lang/bin/node', '-e', script]);
      expect(output).toMatch(
        new RegExp(`^v${String(RUNTIMES.get(id)?.version)}\\.\\d+\\.\\d+ 993 990 /var/task$`),
      );
    },
  );
});

describe('the image of a Python runtime', () => {
  const pythons = buildable.filter((id) => id.startsWith('python'));

  it.each(pythons)('%s has the standard library and its version', async (id) => {
    const script =
      'import http.client, ssl, sqlite3, json, ctypes, zoneinfo, platform, os; ' +
      'zoneinfo.ZoneInfo("Europe/Berlin"); ssl.create_default_context(); ' +
      'print(platform.python_version(), os.getuid(), os.getgid(), os.getcwd())';
    const { output } = await run(imageOf(id), [`/var/lang/bin/${id}`, '-c', script]);
    expect(output).toMatch(
      new RegExp(`^${id.slice('python'.length).replace('.', '\\.')}\\.\\d+\\S* 993 990 /var/task$`),
    );
  });

  it.each(pythons)('%s has byte-code that no change of times makes stale', async (id) => {
    const script = [
      'import importlib.util, http.client, json.decoder, asyncio.events',
      'for module in (http.client, json.decoder, asyncio.events):',
      '    with open(importlib.util.cache_from_source(module.__file__), "rb") as code:',
      '        print(code.read(8)[4:].hex())',
    ].join('\n');
    const { output } = await run(imageOf(id), [`/var/lang/bin/${id}`, '-c', script]);
    // Flags of PEP 552: hash-based, source not checked.
    expect(output.split('\n')).toEqual(['01000000', '01000000', '01000000']);
  });
});

describe('every image', () => {
  it.each(['nodejs22.x', 'python3.13'])(
    '%s has Lambda’s user, folders and roots of trust',
    async (id) => {
      const script =
        'id -un; stat -c "%n %a %u:%g" /var/task /opt /var/runtime /var/lang /tmp; ' +
        'test -s /etc/ssl/certs/ca-certificates.crt && echo trusted; touch /var/task/x 2>/dev/null || echo read-only';
      const { output } = await run(imageOf(id), ['sh', '-c', script]);
      expect(output.split('\n')).toEqual([
        'sbx_user1051',
        '/var/task 755 0:0',
        '/opt 755 0:0',
        '/var/runtime 755 0:0',
        '/var/lang 755 0:0',
        '/tmp 1777 0:0',
        'trusted',
        'read-only',
      ]);
    },
  );

  it('holds no file in Lambda’s folders that its user cannot read', async () => {
    const script =
      'find /var/runtime /var/lang ! -readable; find /var/runtime -type d ! -executable';
    for (const id of ['nodejs22.x', 'python3.13']) {
      expect(await run(imageOf(id), ['sh', '-c', script])).toEqual({ status: 0, output: '' });
    }
  });

  it('tells whose it is, for which runtime, on which base', async () => {
    const listed = (await builder.list()).find(
      ({ reference }) => reference === imageOf('nodejs22.x'),
    );
    expect(listed?.runtime).toBe('nodejs22.x');
    expect(listed?.base).toMatch(/^(debian|public):/);
    expect(listed?.sizeBytes).toBeGreaterThan(0);
  });

  it('is not built again', async () => {
    const steps: string[] = [];
    const onProgress = ({ step }: BuildProgress): void => void steps.push(step);
    expect(await builder.ensureImage('python3.13', { onProgress })).toBe(imageOf('python3.13'));
    expect(steps).toEqual(['ready']);
  });
});

describe('building', () => {
  let folder: string;
  const made: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'images-'));
    await mkdir(join(folder, 'images', 'python'), { recursive: true });
    await mkdir(join(folder, 'runtimes', 'python'), { recursive: true });
  });

  afterAll(async () => {
    for (const reference of made) await removeImage(reference);
    // What the engine keeps of builds that did not end well.
    for (const { Id } of await docker.listImages({
      filters: { label: ['dev.orchestrator.test'] },
    })) {
      await removeImage(Id);
    }
    await rm(folder, { recursive: true, force: true });
  }, BUILD_TIMEOUT_MS);

  async function writeDockerfile(...lines: string[]): Promise<void> {
    const text = ['ARG BASE', 'FROM ${BASE}', ...lines].join('\n');
    await writeFile(join(folder, 'images', 'python', 'Dockerfile'), `${text}\n`);
  }

  it('is done once for all who ask at the same time', async () => {
    await writeDockerfile(`LABEL dev.orchestrator.test=${randomUUID()}`);
    const counting = new Docker();
    let builds = 0;
    const buildImage = counting.buildImage.bind(counting) as (...args: unknown[]) => unknown;
    counting.buildImage = ((...args: unknown[]) => {
      builds += 1;
      return buildImage(...args);
    }) as typeof counting.buildImage;
    const own = new Builder(counting, { packageFolder: folder });
    const references = await Promise.all([1, 2, 3].map(() => own.ensureImage('python3.13')));
    made.push(references[0] ?? '');
    expect(new Set(references).size).toBe(1);
    expect(builds).toBe(1);
  });

  it('shows the last lines of a build that failed, says what to do and leaves no container', async () => {
    const label = `dev.orchestrator.test=${randomUUID()}`;
    await writeDockerfile(`LABEL ${label}`, 'RUN echo the last words; exit 7');
    const own = new Builder(docker, { packageFolder: folder });
    const error: unknown = await own.ensureImage('python3.13').catch((thrown: unknown) => thrown);
    if (!isOrchestratorError(error, 'build-failed')) throw error;
    expect(error.message).toContain('the last words');
    expect(error.message).toContain('returned a non-zero code: 7');
    expect(error.remedy).toContain('Dockerfile');
    expect(await docker.listContainers({ all: true, filters: { label: [label] } })).toEqual([]);
  });

  it('can be given up', async () => {
    await writeDockerfile(`LABEL dev.orchestrator.test=${randomUUID()}`, 'RUN sleep 600');
    const own = new Builder(docker, { packageFolder: folder });
    const abort = new AbortController();
    const onProgress = ({ detail }: BuildProgress): void => {
      if (detail.includes('sleep 600')) abort.abort(new Error('enough'));
    };
    await expect(
      own.ensureImage('python3.13', { signal: abort.signal, onProgress }),
    ).rejects.toThrow('enough');
  });
});

describe('what cannot be built', () => {
  it('is refused with a remedy: a Python that Debian does not have', async () => {
    const error: unknown = await builder
      .ensureImage('python3.10', { base: 'debian' })
      .catch((e: unknown) => e);
    if (!isOrchestratorError(error, 'base-unavailable')) throw error;
    expect(error.remedy).toContain('docker load');
    expect(error.remedy).toContain('python3.11');
  });

  it('is refused with the nearest name: a runtime nobody knows', async () => {
    const error: unknown = await builder
      .ensureImage('python3.31')
      .catch((thrown: unknown) => thrown);
    if (!isOrchestratorError(error, 'runtime-unsupported')) throw error;
    expect(error.remedy).toMatch(/Did you mean python3\.\d+\?/);
  });
});
