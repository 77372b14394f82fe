/**
 * Debian's own packages of the AWS CLI and boto3 in a container, one for each suite: an old release
 * and a current one side by side, nothing installed on this machine. The image is made once and
 * found again by what it is made of. The container shares this machine's network, so that it
 * reaches an endpoint on loopback, and one folder under the same path.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Duplex, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { makeRootFileSystem, recipeDigest } from '../../../src/builder/debian-base.js';
import {
  engineArchitecture,
  importRootFileSystem,
  inspectImage,
} from '../../../src/builder/engine-images.js';
import type { DebianSuite } from '../../../src/function/runtimes.js';

const LONGEST_LIFE_SECONDS = '3600';
const PACKAGES = ['awscli', 'ca-certificates', 'python3-boto3'];
/** Kept from run to run: not among what tests of the builder take away. */
const LABELS = { 'dev.orchestrator.aws-clients': 'test' };

export interface ProcessEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ContainerProcess {
  readonly stdin: Duplex;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

type Variables = Readonly<Record<string, string>>;

export class ClientContainer {
  readonly #docker: Docker;
  readonly #container: Docker.Container;
  /** Absolute path, here and in the container. */
  readonly folder: string;

  private constructor(docker: Docker, container: Docker.Container, folder: string) {
    this.#docker = docker;
    this.#container = container;
    this.folder = folder;
  }

  static async start(suite: DebianSuite): Promise<ClientContainer> {
    const docker = new Docker();
    const image = await ensureImage(docker, suite);
    const folder = await mkdtemp(join(tmpdir(), 'aws-clients-'));
    const container = await docker.createContainer({
      Image: image,
      Cmd: ['sleep', LONGEST_LIFE_SECONDS],
      Labels: LABELS,
      HostConfig: {
        NetworkMode: 'host',
        Binds: [`${folder}:${folder}`],
        Init: true,
        // A run that is killed leaves nobody who would remove it.
        AutoRemove: true,
      },
    });
    await container.start();
    return new ClientContainer(docker, container, folder);
  }

  async run(command: readonly string[], variables: Variables): Promise<ProcessEnd> {
    const { exec, process } = await this.#exec(command, variables, false);
    const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr)]);
    const { ExitCode } = await exec.inspect();
    return { code: ExitCode ?? -1, stdout, stderr };
  }

  async spawn(command: readonly string[], variables: Variables): Promise<ContainerProcess> {
    return (await this.#exec(command, variables, true)).process;
  }

  async remove(): Promise<void> {
    await this.#container.remove({ force: true });
    await rm(this.folder, { recursive: true, force: true });
  }

  async #exec(
    command: readonly string[],
    variables: Variables,
    stdin: boolean,
  ): Promise<{ exec: Docker.Exec; process: ContainerProcess }> {
    const exec = await this.#container.exec({
      Cmd: [...command],
      Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    (this.#docker.modem as { demuxStream: Demux }).demuxStream(stream, stdout, stderr);
    stream.once('end', () => {
      stdout.end();
      stderr.end();
    });
    return { exec, process: { stdin: stream, stdout, stderr } };
  }
}

type Demux = (from: Duplex, stdout: PassThrough, stderr: PassThrough) => void;

async function ensureImage(docker: Docker, suite: DebianSuite): Promise<string> {
  const recipe = { suite, packages: PACKAGES, architecture: await engineArchitecture(docker) };
  const reference = `orchestrator-test/aws-clients:${suite}-${recipeDigest(recipe)}`;
  if ((await inspectImage(docker, reference)) !== undefined) return reference;
  const work = await mkdtemp(join(tmpdir(), 'aws-clients-image-'));
  try {
    const tarPath = join(work, 'root.tar');
    await makeRootFileSystem(recipe, tarPath);
    const signal = new AbortController().signal;
    await importRootFileSystem(docker, tarPath, reference, LABELS, {
      signal,
      onLine: () => undefined,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return reference;
}
