/**
 * Where the base image of a runtime comes from, in this order: one already in the engine, the
 * family's public slim image, a root file system made of Debian's packages.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { systemClock, type Clock } from '../async/clock.js';
import { OrchestratorError } from '../errors.js';
import {
  RUNTIMES,
  type InterpreterPackage,
  type Runtime,
  type RuntimeFamily,
} from '../function/runtimes.js';
import {
  canMakeDebianBase,
  makeRootFileSystem,
  recipeDigest,
  type DebianRecipe,
} from './debian-base.js';
import { engineArchitecture, importRootFileSystem, inspectImage } from './engine-images.js';
import { ToolFailure } from './host-tools.js';
import { LABELS, OWNER } from './image-labels.js';
import { PullFailure, pull } from './pull.js';
import { SharedWork } from './shared-work.js';

export const BASE_CHOICES = ['auto', 'aws', 'public', 'debian'] as const;
export type BaseChoice = (typeof BASE_CHOICES)[number];

/** Of a runtime, or of the services container, what its image is made from. */
export interface ImageKind extends Pick<Runtime, 'id' | 'publicImage' | 'debian'> {
  readonly family: RuntimeFamily | 'services';
  /** Absent: Amazon has none. */
  readonly awsImage?: string;
}

export interface Base {
  readonly kind: 'aws' | 'public' | 'debian';
  readonly reference: string;
  readonly imageId: string;
  /** Interpreter to lay over it; absent when the base brings its own. */
  readonly interpreter?: InterpreterPackage;
}

export type BaseStep = 'pull' | 'root-file-system' | 'import';

export interface BaseProgress {
  readonly step: BaseStep;
  readonly detail: string;
}

export interface BaseOptions {
  readonly cacheFolder: string;
  readonly clock?: Clock;
}

export class Bases {
  readonly #docker: Docker;
  readonly #cacheFolder: string;
  readonly #clock: Clock;
  readonly #making = new SharedWork<Base, BaseProgress>();
  /** Registry host to the reason it could not be reached, for the life of the process. */
  readonly #unreachable = new Map<string, string>();
  #architecture: Promise<'x86_64' | 'arm64'> | undefined;

  constructor(docker: Docker, options: BaseOptions) {
    this.#docker = docker;
    this.#cacheFolder = options.cacheFolder;
    this.#clock = options.clock ?? systemClock;
  }

  /** The base already in the engine, if there is one. Takes milliseconds. */
  async present(runtime: ImageKind, choice: BaseChoice): Promise<Base | undefined> {
    for (const kind of kindsOf(choice)) {
      const reference = await this.#referenceOf(runtime, kind);
      if (reference === undefined) continue;
      const image = await inspectImage(this.#docker, reference);
      if (image !== undefined) return this.#base(runtime, kind, reference, image.id);
    }
    return undefined;
  }

  /** The base, fetched or made when the engine does not have it. */
  async obtain(
    runtime: ImageKind,
    choice: BaseChoice,
    signal: AbortSignal,
    report: (progress: BaseProgress) => void,
  ): Promise<Base> {
    const present = await this.present(runtime, choice);
    if (present !== undefined) return present;
    const refusals: OrchestratorError[] = [];
    for (const kind of kindsOf(choice)) {
      try {
        return await this.#make(runtime, kind, { signal, onProgress: report });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof OrchestratorError) || error.code !== 'base-unavailable') throw error;
        refusals.push(error);
      }
    }
    throw unavailable(runtime, refusals);
  }

  async #make(
    runtime: ImageKind,
    kind: Base['kind'],
    options: { signal: AbortSignal; onProgress: (progress: BaseProgress) => void },
  ): Promise<Base> {
    const reference = await this.#referenceOf(runtime, kind);
    if (reference === undefined) {
      throw new OrchestratorError('base-unavailable', `no Debian suite has ${runtime.id}`);
    }
    const made = await this.#making.run(
      reference,
      async (signal, report) => {
        if (kind === 'debian') await this.#makeDebian(runtime, reference, signal, report);
        else await this.#pull(reference, signal, report);
        const image = await inspectImage(this.#docker, reference);
        if (image === undefined) {
          throw new OrchestratorError(
            'engine-refused',
            `${reference} is gone right after it was made`,
          );
        }
        return this.#base(runtime, kind, reference, image.id);
      },
      options,
    );
    // Runtimes share a root file system, not the interpreter laid over it.
    return this.#base(runtime, kind, reference, made.imageId);
  }

  async #pull(
    reference: string,
    signal: AbortSignal,
    report: (progress: BaseProgress) => void,
  ): Promise<void> {
    const registry = registryOf(reference);
    const known = this.#unreachable.get(registry);
    if (known !== undefined) {
      throw new OrchestratorError('base-unavailable', `${reference} cannot be pulled: ${known}`);
    }
    report({ step: 'pull', detail: `pulling ${reference}` });
    try {
      const onLine = (line: string): void => report({ step: 'pull', detail: line });
      await pull(this.#docker, reference, { clock: this.#clock, signal, onLine });
    } catch (error) {
      if (!(error instanceof PullFailure)) throw error;
      const reason = error.message;
      if (error.unreachable) this.#unreachable.set(registry, reason);
      throw new OrchestratorError('base-unavailable', `${reference} cannot be pulled: ${reason}`, {
        cause: error,
      });
    }
  }

  async #makeDebian(
    runtime: ImageKind,
    reference: string,
    signal: AbortSignal,
    report: (progress: BaseProgress) => void,
  ): Promise<void> {
    const recipe = await this.#recipeOf(runtime);
    if (recipe === undefined) return;
    if (!(await canMakeDebianBase())) {
      throw new OrchestratorError(
        'base-unavailable',
        `a base of Debian ${recipe.suite} packages needs mmdebstrap, which is not installed`,
        {
          remedy: 'Install it: `sudo apt-get install mmdebstrap debian-archive-keyring`.',
          details: { missingTool: 'mmdebstrap' },
        },
      );
    }
    await mkdir(this.#cacheFolder, { recursive: true });
    const work = await mkdtemp(join(this.#cacheFolder, 'base-'));
    const tarPath = join(work, 'root.tar');
    try {
      report({
        step: 'root-file-system',
        detail: `making a Debian ${recipe.suite} root file system (${recipe.packages.join(', ')})`,
      });
      await makeRootFileSystem(recipe, tarPath, {
        signal,
        onLine: (line) => report({ step: 'root-file-system', detail: line }),
      });
      report({ step: 'import', detail: `importing ${reference}` });
      const labels = { [LABELS.owner]: OWNER, [LABELS.base]: `debian:${recipe.suite}` };
      await importRootFileSystem(this.#docker, tarPath, reference, labels, {
        signal,
        onLine: () => undefined,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ToolFailure)) throw error;
      throw new OrchestratorError(
        'base-unavailable',
        [
          `a base of Debian ${recipe.suite} packages could not be made: ${error.message}`,
          ...error.lastLines,
        ].join('\n'),
        {
          remedy: 'Check that `apt-get update` works on this machine, then try again.',
          cause: error,
        },
      );
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  async #base(
    runtime: ImageKind,
    kind: Base['kind'],
    reference: string,
    imageId: string,
  ): Promise<Base> {
    const interpreter = kind === 'debian' ? runtime.debian?.interpreter : undefined;
    return {
      kind,
      reference,
      imageId,
      ...(interpreter === undefined
        ? {}
        : { interpreter: interpreter[await this.#engineArchitecture()] }),
    };
  }

  async #referenceOf(runtime: ImageKind, kind: Base['kind']): Promise<string | undefined> {
    if (kind === 'aws') return runtime.awsImage;
    if (kind === 'public') return runtime.publicImage;
    const recipe = await this.#recipeOf(runtime);
    return recipe === undefined
      ? undefined
      : `${OWNER}/base:${recipe.suite}-${recipeDigest(recipe)}`;
  }

  async #recipeOf(runtime: ImageKind): Promise<DebianRecipe | undefined> {
    if (runtime.debian === undefined) return undefined;
    const { suite, packages } = runtime.debian;
    return { suite, packages, architecture: await this.#engineArchitecture() };
  }

  #engineArchitecture(): Promise<'x86_64' | 'arm64'> {
    this.#architecture ??= engineArchitecture(this.#docker).catch((error: unknown) => {
      this.#architecture = undefined;
      throw error;
    });
    return this.#architecture;
  }
}

function kindsOf(choice: BaseChoice): readonly Base['kind'][] {
  return choice === 'auto' ? ['public', 'debian'] : [choice];
}

function registryOf(reference: string): string {
  const first = reference.split('/')[0] ?? '';
  return reference.includes('/') && /[.:]/.test(first) ? first : 'the default registry';
}

function unavailable(
  runtime: ImageKind,
  refusals: readonly OrchestratorError[],
): OrchestratorError {
  const reasons = refusals.map(({ message }) => `- ${message}`).join('\n');
  const ownRemedy = refusals.find(({ remedy }) => remedy !== undefined);
  const details = Object.assign({}, ...refusals.map((refusal) => refusal.details)) as Record<
    string,
    unknown
  >;
  const others = [...RUNTIMES.values()]
    .filter(({ family, debian }) => family === runtime.family && debian !== undefined)
    .map(({ id }) => id);
  const bring =
    `Bring the image here: \`docker pull ${runtime.publicImage} && docker save -o base.tar ${runtime.publicImage}\` ` +
    'on a machine that reaches a registry, then `docker load -i base.tar` on this one.';
  const instead =
    runtime.debian === undefined
      ? ` Or use a runtime that needs no registry: ${others.join(', ')}.`
      : '';
  return new OrchestratorError(
    'base-unavailable',
    `No base image for ${runtime.id} can be had on this machine:\n${reasons}`,
    { remedy: ownRemedy?.remedy ?? `${bring}${instead}`, details, cause: refusals.at(-1) },
  );
}
