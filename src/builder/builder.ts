/**
 * From a runtime identifier to an image reference the engine can start, building what is missing.
 *
 * References are addressed by content: the same base, Dockerfile, arguments and bootstrap files give
 * the same tag, and an image that exists is never built again. Callers that ask for the same image
 * at the same time share one build.
 */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Clock } from '../async/clock.js';
import { OrchestratorError } from '../errors.js';
import { RUNTIMES, findRuntime, nearestRuntime } from '../function/runtimes.js';
import { packageRoot } from '../package-root.js';
import { Bases, type Base, type BaseChoice, type BaseStep, type ImageKind } from './bases.js';
import { contextDigest, packContext, type BuildContext, type ContextFolder } from './context.js';
import { ImageOperationFailure, buildImage, inspectImage, listImages } from './engine-images.js';
import { LABELS, OWNER } from './image-labels.js';
import { fetchInterpreter } from './interpreter.js';
import { findNodeSdk, nodeSdkFolder, type NodeSdk } from './node-sdk.js';
import { SERVICES, SERVICES_IMAGE } from './services-image.js';
import { Gate, SharedWork } from './shared-work.js';

export interface BuildProgress {
  readonly runtime: string;
  readonly step: BaseStep | 'interpreter' | 'build' | 'ready';
  readonly detail: string;
}

export interface EnsureImageOptions {
  base?: BaseChoice;
  signal?: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
}

/** Stands where a runtime would, for functions packaged as a container image. */
export const FUNCTION_IMAGE = 'image';

/** An image of ours as the engine has it. */
export interface RuntimeImage {
  readonly runtime: string;
  readonly reference: string;
  /**
   * Where its base came from, e.g. `debian:trixie` or `public:node:22-slim`; of a function's image
   * the folder it was built from.
   */
  readonly base: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

export interface BuilderOptions {
  /** Where interpreters are kept between builds. */
  cacheFolder?: string;
  /** Folder holding `images/` and `runtimes/`. */
  packageFolder?: string;
  clock?: Clock;
}

/** A build holds a core and a disk each. */
const BUILDS_AT_ONCE = 2;
/** Of a Node.js image's context. */
const SDK_FOLDER = 'sdk';

export class Builder {
  readonly #docker: Docker;
  readonly #bases: Bases;
  readonly #cacheFolder: string;
  readonly #packageFolder: string;
  readonly #building = new SharedWork<string, BuildProgress>();
  readonly #gate = new Gate(BUILDS_AT_ONCE);
  #nodeSdk: NodeSdk | undefined;

  constructor(docker: Docker, options: BuilderOptions = {}) {
    this.#docker = docker;
    this.#cacheFolder = options.cacheFolder ?? join(homedir(), '.cache', 'orchestrator');
    this.#packageFolder = options.packageFolder ?? packageRoot();
    this.#bases = new Bases(docker, {
      cacheFolder: this.#cacheFolder,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
  }

  /** The reference of an image that runs `runtimeId`, built first when the engine lacks it. */
  async ensureImage(runtimeId: string, options: EnsureImageOptions = {}): Promise<string> {
    const runtime = requireRuntime(runtimeId);
    // Amazon has no image of our services.
    const asked = options.base ?? 'auto';
    const choice = asked === 'aws' && runtime.awsImage === undefined ? 'auto' : asked;
    return this.#building.run(
      `${runtime.id} ${choice}`,
      (signal, report) =>
        this.#ensure(runtime, choice, signal, (step, detail) =>
          report({ runtime: runtime.id, step, detail }),
        ),
      options,
    );
  }

  /** The images of ours in the engine, newest first. */
  async list(): Promise<RuntimeImage[]> {
    const images = await listImages(this.#docker, `${LABELS.owner}=${OWNER}`);
    return images
      .flatMap((image) =>
        image.tags.flatMap((reference) => {
          const kind = kindOf(reference, image.labels);
          const { sizeBytes, createdAtMs } = image;
          return kind === undefined ? [] : [{ ...kind, reference, sizeBytes, createdAtMs }];
        }),
      )
      .sort((a, b) => b.createdAtMs - a.createdAtMs);
  }

  /** The base a build of `runtimeId` would start from without fetching anything. */
  async presentBase(runtimeId: string, choice: BaseChoice = 'auto'): Promise<Base | undefined> {
    return this.#bases.present(requireRuntime(runtimeId), choice);
  }

  async #ensure(
    runtime: ImageKind,
    choice: BaseChoice,
    signal: AbortSignal,
    report: (step: BuildProgress['step'], detail: string) => void,
  ): Promise<string> {
    const present = await this.#bases.present(runtime, choice);
    if (present !== undefined) {
      const { reference } = await this.#plan(runtime, present);
      if ((await inspectImage(this.#docker, reference)) !== undefined) {
        report('ready', reference);
        return reference;
      }
    }
    return this.#gate.hold(async () => {
      signal.throwIfAborted();
      const base = await this.#bases.obtain(runtime, choice, signal, ({ step, detail }) =>
        report(step, detail),
      );
      const reference = await this.#build(runtime, base, signal, report);
      report('ready', reference);
      return reference;
    });
  }

  async #build(
    runtime: ImageKind,
    base: Base,
    signal: AbortSignal,
    report: (step: BuildProgress['step'], detail: string) => void,
  ): Promise<string> {
    const { reference, context, buildArguments } = await this.#plan(runtime, base);
    if ((await inspectImage(this.#docker, reference)) !== undefined) return reference;
    const folders = await Promise.all(context.folders.map((folder) => this.#filled(folder)));
    if (base.kind !== 'aws' && runtime.family === 'node') {
      folders.push(await this.#interpreterFolder(base, signal, report));
    }
    report('build', `building ${reference} on ${base.reference}`);
    try {
      await buildImage(
        this.#docker,
        {
          context: await packContext({ ...context, folders }),
          reference,
          buildArguments,
          labels: {
            [LABELS.owner]: OWNER,
            [LABELS.runtime]: runtime.id,
            [LABELS.base]:
              base.kind === 'debian'
                ? `debian:${String(runtime.debian?.suite)}`
                : `${base.kind}:${base.reference}`,
          },
        },
        { signal, onLine: (line) => report('build', line) },
      );
    } catch (error) {
      if (!(error instanceof ImageOperationFailure)) throw error;
      throw new OrchestratorError(
        'build-failed',
        [
          `The image of ${runtime.id} could not be built: ${error.message}`,
          ...error.lastLines,
        ].join('\n'),
        {
          remedy: `Read the lines above; the Dockerfile is ${context.dockerfile}. \`--base debian\` or \`--base public\` takes another base.`,
          details: { lastLines: error.lastLines },
          cause: error,
        },
      );
    }
    return reference;
  }

  /** Everything that decides what the image holds, and the tag that follows from it. */
  async #plan(
    runtime: ImageKind,
    base: Base,
  ): Promise<{ reference: string; context: BuildContext; buildArguments: Record<string, string> }> {
    // Amazon's image of a custom runtime has nothing that starts `bootstrap`: their platform does.
    const template = base.kind === 'aws' && runtime.family !== 'provided' ? 'aws' : runtime.family;
    const context: BuildContext = {
      dockerfile: join(this.#packageFolder, 'images', template, 'Dockerfile'),
      folders: template === 'aws' ? [] : this.#foldersOf(runtime.family),
    };
    const buildArguments: Record<string, string> = {
      BASE: base.reference,
      ...(template === 'python' ? { PYTHON: runtime.id } : {}),
    };
    const digest = imageDigest({
      context: await contextDigest(context),
      baseId: base.imageId,
      interpreter: base.interpreter?.integrity ?? '',
      buildArguments,
    });
    return { reference: `${OWNER}/${runtime.id}:${digest}`, context, buildArguments };
  }

  #foldersOf(family: ImageKind['family']): ContextFolder[] {
    if (family === 'services') return [];
    const bootstrap = { name: 'bootstrap', source: join(this.#packageFolder, 'runtimes', family) };
    if (family !== 'node') return [bootstrap];
    this.#nodeSdk ??= findNodeSdk(packageRoot());
    return [bootstrap, { name: SDK_FOLDER, digest: this.#nodeSdk.digest }];
  }

  /** With what only a build needs. */
  async #filled(folder: ContextFolder): Promise<ContextFolder> {
    if (folder.name !== SDK_FOLDER || this.#nodeSdk === undefined) return folder;
    return { ...folder, source: await nodeSdkFolder(this.#nodeSdk, this.#cacheFolder) };
  }

  async #interpreterFolder(
    base: Base,
    signal: AbortSignal,
    report: (step: BuildProgress['step'], detail: string) => void,
  ): Promise<ContextFolder> {
    const name = 'interpreter';
    if (base.interpreter === undefined) return { name };
    const source = await fetchInterpreter(base.interpreter, this.#cacheFolder, {
      signal,
      onLine: (line) => report('interpreter', line),
    });
    return { name, source };
  }
}

/**
 * What an image of ours is for, and what it was made from. People's own images have the labels of
 * the ones they are built on.
 */
function kindOf(
  reference: string,
  labels: Readonly<Record<string, string>>,
): Pick<RuntimeImage, 'runtime' | 'base'> | undefined {
  const runtime = labels[LABELS.runtime] ?? '';
  const isOurs = RUNTIMES.has(runtime) || runtime === SERVICES_IMAGE;
  if (isOurs && reference.startsWith(`${OWNER}/${runtime}:`)) {
    return { runtime, base: labels[LABELS.base] ?? '' };
  }
  const context = labels[LABELS.context];
  return context !== undefined && reference.startsWith(`${OWNER}/image-`)
    ? { runtime: FUNCTION_IMAGE, base: context }
    : undefined;
}

/** The twelve digits that address an image by what it is made of. */
export function imageDigest(parts: {
  context: string;
  baseId: string;
  interpreter: string;
  buildArguments: Readonly<Record<string, string>>;
}): string {
  const sortedArguments = Object.entries(parts.buildArguments).sort(([a], [b]) => (a < b ? -1 : 1));
  const everything = JSON.stringify([
    parts.context,
    parts.baseId,
    parts.interpreter,
    sortedArguments,
  ]);
  return createHash('sha256').update(everything).digest('hex').slice(0, 12);
}

function requireRuntime(id: string): ImageKind {
  const runtime = id === SERVICES_IMAGE ? SERVICES : findRuntime(id);
  if (runtime !== undefined) return runtime;
  const nearest = nearestRuntime(id);
  throw new OrchestratorError('runtime-unsupported', `No runtime is called ${id}.`, {
    remedy: `${nearest === undefined ? '' : `Did you mean ${nearest}? `}Runtimes: ${[...RUNTIMES.keys()].join(', ')}.`,
  });
}
