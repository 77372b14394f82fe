/**
 * The image calls of the Engine API as this folder needs them: inspect, pull, import, build, list.
 * Errors that arrive inside a progress stream become rejections, with the last lines of output.
 */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { OrchestratorError, messageOf } from '../errors.js';
import { LineTail } from './host-tools.js';

export interface EngineImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

/** What an image says of itself to whoever runs it. */
export interface ImageDetails extends EngineImage {
  readonly os: string;
  /** In Docker's terms, such as `amd64`. */
  readonly architecture: string;
  /** `name@sha256:…` where a registry has it. */
  readonly repoDigests: readonly string[];
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  /** Empty when it names none. */
  readonly workingDirectory: string;
}

/** An operation on images ended with an error the engine reported in its output. */
export class ImageOperationFailure extends Error {
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[]) {
    super(message);
    this.name = 'ImageOperationFailure';
    this.lastLines = lastLines;
  }
}

export interface ImageOperationOptions {
  signal: AbortSignal;
  onLine: (line: string) => void;
}

/** One JSON line of a pull, import or build. */
interface ProgressLine {
  stream?: string;
  status?: string;
  id?: string;
  error?: string;
}

export async function inspectImage(
  docker: Docker,
  reference: string,
): Promise<ImageDetails | undefined> {
  try {
    const image = await docker.getImage(reference).inspect();
    return {
      id: image.Id,
      tags: image.RepoTags ?? [],
      labels: image.Config?.Labels ?? {},
      sizeBytes: image.Size,
      createdAtMs: Date.parse(image.Created),
      os: image.Os,
      architecture: image.Architecture,
      repoDigests: image.RepoDigests ?? [],
      entryPoint: words(image.Config?.Entrypoint),
      command: words(image.Config?.Cmd),
      workingDirectory: image.Config?.WorkingDir ?? '',
    };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw asEngineError(error);
  }
}

export async function listImages(docker: Docker, label: string): Promise<EngineImage[]> {
  try {
    const images = await docker.listImages({ filters: { label: [label] } });
    return images.map((image) => ({
      id: image.Id,
      tags: image.RepoTags ?? [],
      labels: image.Labels ?? {},
      sizeBytes: image.Size,
      createdAtMs: image.Created * 1000,
    }));
  } catch (error) {
    throw asEngineError(error);
  }
}

export async function engineArchitecture(docker: Docker): Promise<'x86_64' | 'arm64'> {
  try {
    const { Arch } = await docker.version();
    return Arch === 'arm64' ? 'arm64' : 'x86_64';
  } catch (error) {
    throw asEngineError(error);
  }
}

export async function pullImage(
  docker: Docker,
  reference: string,
  options: ImageOperationOptions,
): Promise<void> {
  const request = docker.createImage({ fromImage: reference, abortSignal: options.signal });
  await followOutput(request as Promise<Readable>, options);
}

/** Makes an image of one layer from the tar file of a root file system. */
export async function importRootFileSystem(
  docker: Docker,
  tarPath: string,
  reference: string,
  labels: Readonly<Record<string, string>>,
  options: ImageOperationOptions,
): Promise<void> {
  const { repository, tag } = splitReference(reference);
  const label = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const request = docker.importImage(tarPath, {
    repo: repository,
    tag,
    changes: `LABEL ${label.join(' ')}`,
    abortSignal: options.signal,
  });
  await followOutput(request as Promise<Readable>, options);
}

export interface ImageBuild {
  readonly context: Readable;
  readonly reference: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Path of the Dockerfile in the context; `Dockerfile` when absent. */
  readonly dockerfile?: string;
  readonly target?: string;
  /** The steps may use the engine's network; ours need none. */
  readonly online?: boolean;
}

export async function buildImage(
  docker: Docker,
  build: ImageBuild,
  options: ImageOperationOptions,
): Promise<void> {
  const request = docker.buildImage(build.context, {
    t: build.reference,
    buildargs: { ...build.buildArguments },
    labels: { ...build.labels },
    ...(build.dockerfile === undefined ? {} : { dockerfile: build.dockerfile }),
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.online === true ? {} : { networkmode: 'none' }),
    rm: true,
    forcerm: true,
    abortSignal: options.signal,
  });
  await followOutput(request as Promise<Readable>, options);
}

/** Go's bits of a file's mode. */
const MODE_FOLDER = 2 ** 31;
const MODE_LINK = 2 ** 27;
/** Besides these: devices, pipes, sockets. */
const MODE_SPECIAL = 2 ** 26 + 2 ** 25 + 2 ** 24 + 2 ** 21 + 2 ** 19;

export interface Found {
  readonly kind: 'folder' | 'file' | 'other' | 'missing';
  /** Where links lead to. */
  readonly path: string;
}

interface Look {
  readonly imageId: string;
  readonly labels: Record<string, string>;
}

/** Looks into an image: a container of it is made for that, and never started. */
export async function withContainerOf<T>(
  docker: Docker,
  { imageId, labels }: Look,
  look: (container: Docker.Container) => Promise<T>,
): Promise<T> {
  try {
    const container = await docker.createContainer({
      Image: imageId,
      Entrypoint: [],
      Cmd: ['never-started'],
      WorkingDir: '/',
      Labels: labels,
    });
    try {
      return await look(container);
    } finally {
      await container.remove({ force: true, v: true });
    }
  } catch (error) {
    throw asEngineError(error);
  }
}

/** What an image has at `path`. */
export function lookInside(
  docker: Docker,
  { path, ...look }: Look & { readonly path: string },
): Promise<Found['kind']> {
  return withContainerOf(docker, look, async (container) => (await findIn(container, path)).kind);
}

/** What is at `path`, or where a link there leads to. */
export async function findIn(container: Docker.Container, path: string): Promise<Found> {
  try {
    let at = path;
    for (let followed = 0; ; followed += 1) {
      const { mode, linkTarget } = await statIn(container, at);
      if (mode >= MODE_FOLDER) return { kind: 'folder', path: at };
      const isLink = (mode & MODE_LINK) !== 0;
      if (!isLink || followed > 0) {
        return { kind: isLink || (mode & MODE_SPECIAL) !== 0 ? 'other' : 'file', path: at };
      }
      // The engine has followed the link to its end already.
      at = linkTarget;
    }
  } catch (error) {
    if (statusOf(error) === 404) return { kind: 'missing', path };
    throw error;
  }
}

async function statIn(
  container: Docker.Container,
  path: string,
): Promise<{ mode: number; linkTarget: string }> {
  const response = (await container.infoArchive({ path })) as {
    headers: Record<string, string | undefined>;
  };
  const header = response.headers['x-docker-container-path-stat'] ?? '';
  return JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as {
    mode: number;
    linkTarget: string;
  };
}

/** Removes an image unless something uses it. Never rejects; false when it is still there. */
export async function removeUnusedImage(docker: Docker, id: string): Promise<boolean> {
  return docker
    .getImage(id)
    .remove()
    .then(
      () => true,
      (error: unknown) => statusOf(error) === 404,
    );
}

/** What the engine says about its own bookkeeping between the steps of a build. */
const NOISE = /^(Removing intermediate container|Successfully (built|tagged)| ---> )/;

// The escape character is what is looked for.
// oxlint-disable-next-line no-control-regex
const COLOUR = /\u001b\[[0-9;]*m/g;

async function followOutput(
  request: Promise<Readable>,
  options: ImageOperationOptions,
): Promise<void> {
  const tail = new LineTail(options.onLine);
  let failure: string | undefined;
  let pending = '';
  const write = (text: string): void => {
    for (const line of text.replace(COLOUR, '').split('\n'))
      if (!NOISE.test(line)) tail.write(`${line}\n`);
  };
  const read = (line: string): void => {
    if (line.trim() === '') return;
    const progress = JSON.parse(line) as ProgressLine;
    if (progress.stream !== undefined) write(progress.stream);
    if (progress.status !== undefined) {
      write(`${progress.id === undefined ? '' : `${progress.id}: `}${progress.status}`);
    }
    failure ??= progress.error;
  };
  try {
    const stream = await request;
    stream.setEncoding('utf8');
    for await (const chunk of stream) {
      const lines = (pending + String(chunk)).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) read(line);
    }
    read(pending);
  } catch (error) {
    options.signal.throwIfAborted();
    throw statusOf(error) === undefined
      ? asEngineError(error)
      : new ImageOperationFailure(engineMessage(error), tail.lines());
  }
  options.signal.throwIfAborted();
  if (failure !== undefined) throw new ImageOperationFailure(failure, tail.lines());
}

/** Docker's lists of words may be absent, or one text. */
function words(value: string | string[] | null | undefined): readonly string[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

function splitReference(reference: string): { repository: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

/** The engine's own words: dockerode puts the status and its meaning in front of them. */
function engineMessage(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

function asEngineError(error: unknown): OrchestratorError {
  if (statusOf(error) !== undefined) {
    return new OrchestratorError('engine-refused', engineMessage(error), { cause: error });
  }
  return new OrchestratorError(
    'engine-unreachable',
    `The container engine does not answer: ${messageOf(error)}`,
    {
      remedy: 'Start it (`make engine`, or your system’s own way) and check DOCKER_HOST.',
      cause: error,
    },
  );
}
