/**
 * The images of functions that are packaged as one (contract 3.9): built from their Dockerfile, or
 * found by name in the engine or a registry.
 *
 * A Dockerfile is built whenever its function is prepared: the engine's own cache knows best what
 * has changed. What identifies an image is its id, so the same content is the same image.
 */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type Docker from 'dockerode';
import { systemClock, type Clock } from '../async/clock.js';
import { OrchestratorError, messageOf } from '../errors.js';
import type {
  FunctionDefinition,
  ImageSource,
  ResolvedImage,
} from '../function/function-version.js';
import type { LaunchProblem } from '../function/launch-problem.js';
import {
  ImageOperationFailure,
  buildImage,
  inspectImage,
  lookInside,
  removeUnusedImage,
  type ImageDetails,
} from './engine-images.js';
import { KnownImageExtensions, extensionsOfImage } from './image-extensions.js';
import { LABELS, OWNER } from './image-labels.js';
import { PullFailure, pull } from './pull.js';
import { Removals } from './removals.js';
import { Gate } from './shared-work.js';
import { packUserContext } from './user-context.js';

export interface FunctionImagesOptions {
  /** What runs functions here. */
  readonly architecture: FunctionDefinition['architecture'];
  /** Absolute paths that are part of no build context. */
  readonly excluded: readonly string[];
  /** On containers that are made to look into an image. */
  readonly labels: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Tells people of what an image cannot do. */
  readonly warn?: (message: string) => void;
}

export interface PreparedImage {
  readonly id: string;
  readonly image: ResolvedImage;
  readonly extensions: readonly string[];
  readonly launchProblem?: LaunchProblem;
}

export interface PrepareOptions {
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

type DockerfileSource = Exclude<ImageSource, { readonly uri: string }>;

/** Contract 3.4: uncompressed. */
const MOST_BYTES = 10 * 2 ** 30;
/** Where a function works whose image does not say (contract 3.2). */
const DEFAULT_DIRECTORY = '/var/task';

export class FunctionImages {
  readonly #docker: Docker;
  readonly #options: FunctionImagesOptions;
  /** One build at a time: functions that share a Dockerfile find what the first has built. */
  readonly #gate = new Gate(1);
  /** Reference to the id it names now, of what was built here. */
  readonly #built = new Map<string, string>();
  readonly #ours = new Set<string>();
  readonly #removals: Removals;
  readonly #known: KnownImageExtensions;

  constructor(docker: Docker, options: FunctionImagesOptions) {
    this.#docker = docker;
    this.#options = options;
    this.#removals = new Removals(async (id) => {
      const isGone = await removeUnusedImage(docker, id);
      if (isGone) this.#ours.delete(id);
      return isGone;
    });
    this.#known = new KnownImageExtensions((id) =>
      extensionsOfImage(docker, id, { ...options.labels }),
    );
  }

  /** Raises `build-failed`, `image-unavailable`, `not-supported` and engine errors. */
  async prepare(definition: FunctionDefinition, options: PrepareOptions): Promise<PreparedImage> {
    const { image: source, imageConfig = {} } = definition;
    if (source === undefined) throw new Error(`'${definition.name}' is no container image`);
    const uri = 'uri' in source ? source.uri : referenceOf(source);
    const details =
      'uri' in source ? await this.#find(uri, options) : await this.#build(uri, source, options);
    this.#refuseUnfit(definition.name, uri, details);
    const image: ResolvedImage = {
      uri,
      resolvedUri: resolvedUri(uri, details),
      entryPoint: imageConfig.entryPoint ?? details.entryPoint,
      command: imageConfig.command ?? details.command,
      workingDirectory:
        imageConfig.workingDirectory ??
        (details.workingDirectory === '' ? DEFAULT_DIRECTORY : details.workingDirectory),
    };
    const launchProblem =
      launchProblemOf(image) ??
      (await this.#directoryProblem(details.id, imageConfig.workingDirectory));
    const extensions = await this.#extensions(definition.name, details.id, options);
    return {
      id: details.id,
      image,
      extensions,
      ...(launchProblem === undefined ? {} : { launchProblem }),
    };
  }

  /** No environment uses it any more: what a later build has replaced is removed. */
  release(id: string): void {
    this.#known.forget(id);
    const isReplaced = [...this.#built.values()].every((current) => current !== id);
    // Another function may use it still: then its release is the one.
    if (isReplaced && this.#ours.has(id)) this.#removals.ask(id);
  }

  async #find(uri: string, { signal, onLine }: PrepareOptions): Promise<ImageDetails> {
    const present = await inspectImage(this.#docker, uri);
    if (present !== undefined) return present;
    onLine(`pulling ${uri}`);
    const clock = this.#options.clock ?? systemClock;
    try {
      await pull(this.#docker, withTag(uri), { clock, signal, onLine });
    } catch (error) {
      if (!(error instanceof PullFailure)) throw error;
      const message = `the image ${uri} is not in the engine and cannot be pulled: ${error.message}`;
      throw new OrchestratorError('image-unavailable', message, {
        remedy: `Build it here (\`docker build -t ${uri} …\`), bring it with \`docker pull\` or \`docker load\`, or correct the name.`,
        cause: error,
      });
    }
    const pulled = await inspectImage(this.#docker, uri);
    if (pulled !== undefined) return pulled;
    throw new OrchestratorError('engine-refused', `${uri} is gone right after it was pulled`);
  }

  #build(
    reference: string,
    source: DockerfileSource,
    options: PrepareOptions,
  ): Promise<ImageDetails> {
    return this.#gate.hold(async () => {
      options.signal.throwIfAborted();
      const dockerfile = join(source.context, ...source.dockerfile.split('/'));
      options.onLine(`building ${dockerfile}`);
      try {
        await stat(dockerfile);
        await buildImage(
          this.#docker,
          {
            context: await packUserContext({
              folder: source.context,
              dockerfile: source.dockerfile,
              excluded: this.#options.excluded,
            }),
            dockerfile: source.dockerfile,
            reference,
            buildArguments: source.buildArguments,
            labels: { [LABELS.owner]: OWNER, [LABELS.context]: source.context },
            online: true,
            ...(source.target === undefined ? {} : { target: source.target }),
          },
          options,
        );
      } catch (error) {
        options.signal.throwIfAborted();
        throw buildFailure(dockerfile, error);
      }
      const details = await inspectImage(this.#docker, reference);
      if (details === undefined) {
        throw new OrchestratorError('engine-refused', `${reference} is gone right after its build`);
      }
      this.#built.set(reference, details.id);
      this.#ours.add(details.id);
      return details;
    });
  }

  #refuseUnfit(name: string, uri: string, details: ImageDetails): void {
    const architecture = ARCHITECTURES[details.architecture] ?? details.architecture;
    const wanted = this.#options.architecture;
    if (details.os !== 'linux' || architecture !== wanted) {
      const message = `the image ${uri} of '${name}' is for ${details.os}/${architecture}, but the engine runs linux/${wanted}`;
      throw new OrchestratorError('not-supported', message, {
        remedy: `Build it for linux/${wanted}, as with \`docker build --platform linux/${details.os === 'linux' && wanted === 'arm64' ? 'arm64' : 'amd64'}\`.`,
      });
    }
    if (details.sizeBytes > MOST_BYTES) {
      const message = `the image ${uri} of '${name}' has ${details.sizeBytes} bytes; Lambda takes at most ${MOST_BYTES}`;
      throw new OrchestratorError('not-supported', message, {
        remedy: 'Leave out what the function does not need, as with a build of several stages.',
      });
    }
  }

  async #extensions(
    functionName: string,
    imageId: string,
    { onLine }: PrepareOptions,
  ): Promise<readonly string[]> {
    const { names, canStart } = await this.#known.of(imageId);
    if (canStart) return names;
    const { warn = onLine } = this.#options;
    warn(
      `the extensions of '${functionName}' are not started (${names.join(', ')}): its image has no /bin/sh`,
    );
    return [];
  }

  /** A folder that a Dockerfile names is there; one that the configuration names may not be. */
  async #directoryProblem(
    imageId: string,
    path: string | undefined,
  ): Promise<LaunchProblem | undefined> {
    if (path === undefined) return undefined;
    const labels = { ...this.#options.labels };
    const found = await lookInside(this.#docker, { imageId, path, labels });
    if (found === 'folder') return undefined;
    const said = found === 'missing' ? 'no such file or directory' : 'not a directory';
    return { errorType: 'Runtime.InvalidWorkingDir', reason: `chdir ${path}: ${said}` };
  }
}

const ARCHITECTURES: Readonly<Record<string, FunctionDefinition['architecture']>> = {
  amd64: 'x86_64',
  arm64: 'arm64',
};

/** What the settings alone show to be impossible. */
function launchProblemOf(image: ResolvedImage): LaunchProblem | undefined {
  if (image.entryPoint.length + image.command.length === 0) {
    return {
      errorType: 'Runtime.InvalidEntrypoint',
      reason: 'neither the image nor its configuration names a program to start',
    };
  }
  if (!image.workingDirectory.startsWith('/')) {
    return {
      errorType: 'Runtime.InvalidTaskConfig',
      reason: `the working directory ${image.workingDirectory} is no absolute path`,
    };
  }
  return undefined;
}

/** Of one Dockerfile always the same, so that a build takes the name of the one before. */
function referenceOf(source: DockerfileSource): string {
  const name = basename(source.context)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const digest = createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 12);
  return `${OWNER}/image-${name.replace(/^-|-$/g, '')}:${digest}`;
}

/** Without a tag an engine would pull all there are. */
function withTag(uri: string): string {
  return /[:@][^/]*$/.test(uri) ? uri : `${uri}:latest`;
}

function resolvedUri(uri: string, { id, repoDigests }: ImageDetails): string {
  const repository = uri.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return repoDigests.find((known) => known.startsWith(`${repository}@`)) ?? `${repository}@${id}`;
}

const NEEDS_BUILDKIT = /buildkit|unknown flag: (mount|link|chmod)|dockerfile parse error/i;
const NO_BASE = /pull access denied|manifest for .* not found|no such host|dial tcp|registry/i;

function buildFailure(dockerfile: string, error: unknown): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  const lastLines = error instanceof ImageOperationFailure ? error.lastLines : [];
  const reason =
    (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : messageOf(error);
  const message = [`${dockerfile} could not be built: ${reason}`, ...lastLines].join('\n');
  return new OrchestratorError('build-failed', message, {
    remedy: remedyFor(reason),
    details: { lastLines },
    cause: error,
  });
}

function remedyFor(reason: string): string {
  if (NEEDS_BUILDKIT.test(reason)) {
    return 'If it needs BuildKit: build it with `docker build -t <name>`, and give that name as the image.';
  }
  if (NO_BASE.test(reason)) {
    return 'Bring the base image into the engine (`docker pull` or `docker load`), or build FROM one that it has.';
  }
  return 'Read the lines above and mend the Dockerfile; a saved file is built at the next event.';
}
