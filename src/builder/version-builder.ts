/**
 * From a definition to a version: a snapshot of its code and layers, the image of its runtime, and
 * the key that says which environments may serve it.
 */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Clock } from '../async/clock.js';
import { OrchestratorError } from '../errors.js';
import type { CodeSnapshot, CodeStore } from '../function/code-store.js';
import { extensionsIn } from '../function/extension-files.js';
import type { FunctionDefinition, FunctionVersion } from '../function/function-version.js';
import type { PreparedImage } from './function-images.js';
import { bootstrapProblem } from '../function/launch.js';
import { isCustom } from '../function/runtimes.js';
import { identityOf } from './unbuilt.js';

export interface VersionBuilderParts {
  readonly clock: Clock;
  readonly code: CodeStore;
  readonly region: string;
  readonly accountId: string;
  /** What runs functions here. */
  readonly architecture: FunctionDefinition['architecture'];
  /** The image that runs a runtime, built first when it is missing. */
  ensureImage(runtime: string): Promise<string>;
  /** The container image of a function, built or pulled first. */
  prepareImage(definition: FunctionDefinition): Promise<PreparedImage>;
  /** No environment of a version uses that image any more. */
  releaseImage(id: string): void;
}

type Prepared = readonly [code: CodeSnapshot, layers: CodeSnapshot | undefined, image: string];

export class VersionBuilder {
  readonly #parts: VersionBuilderParts;

  constructor(parts: VersionBuilderParts) {
    this.#parts = parts;
  }

  /** Raises `code-missing`, `runtime-unsupported`, `base-unavailable`, `build-failed`, ... */
  async build(definition: FunctionDefinition): Promise<FunctionVersion> {
    this.#checkArchitecture(definition);
    if (definition.image !== undefined) return this.#ofImage(definition);
    const [code, layers, image] = await this.#prepare(definition);
    const launchProblem = isCustom(definition.runtime)
      ? await bootstrapProblem(
          { task: code.directory, opt: layers?.directory },
          definition.architecture,
        )
      : undefined;
    const extensions = layers === undefined ? [] : await extensionsIn(layers.directory);
    return {
      ...identityOf(definition, this.#parts),
      key: keyOf(definition, [code.hash, layers?.hash ?? '', image]),
      codeSha256: code.sha256,
      codeSize: code.size,
      modifiedAtMs: this.#parts.clock.now(),
      taskDirectory: code.directory,
      ...(layers === undefined ? {} : { optDirectory: layers.directory }),
      ...(extensions.length === 0 ? {} : { extensions }),
      imageReference: image,
      ...(launchProblem === undefined ? {} : { launchProblem }),
    };
  }

  async #ofImage(definition: FunctionDefinition): Promise<FunctionVersion> {
    const { id, image, extensions, launchProblem } = await this.#parts.prepareImage(definition);
    return {
      ...identityOf(definition, this.#parts),
      key: keyOf(definition, [id]),
      codeSha256: id.replace(/^sha256:/, ''),
      codeSize: 0,
      modifiedAtMs: this.#parts.clock.now(),
      taskDirectory: '',
      imageReference: id,
      resolvedImage: image,
      ...(extensions.length === 0 ? {} : { extensions }),
      ...(launchProblem === undefined ? {} : { launchProblem }),
    };
  }

  /** No environment of the version is left: its copies of code and layers, or its image, may go. */
  release({ taskDirectory, optDirectory, resolvedImage, imageReference }: FunctionVersion): void {
    if (resolvedImage !== undefined) {
      this.#parts.releaseImage(imageReference);
      return;
    }
    for (const directory of [taskDirectory, optDirectory]) {
      if (directory !== undefined) this.#parts.code.release(basename(directory));
    }
  }

  /** Removes what earlier runs left. Never rejects: what cannot go now goes another time. */
  collect(): Promise<void> {
    return this.#parts.code.collect().catch(() => undefined);
  }

  /** Code, layers and image, or none of them. */
  async #prepare({ codePath, layerPaths, runtime }: FunctionDefinition): Promise<Prepared> {
    const { code: store } = this.#parts;
    const [code, layers, image] = await Promise.allSettled([
      store.snapshot(codePath),
      layerPaths.length === 0 ? undefined : store.mergeLayers(layerPaths),
      this.#parts.ensureImage(runtime),
    ]);
    if (
      code.status === 'fulfilled' &&
      layers.status === 'fulfilled' &&
      image.status === 'fulfilled'
    ) {
      return [code.value, layers.value, image.value];
    }
    for (const kept of [code, layers]) {
      if (kept.status === 'fulfilled' && kept.value !== undefined) store.release(kept.value.hash);
    }
    throw [code, layers, image].find((result) => result.status === 'rejected')?.reason;
  }

  #checkArchitecture(definition: FunctionDefinition): void {
    if (definition.architecture === this.#parts.architecture) return;
    const message = `'${definition.name}' is for ${definition.architecture}, but the engine runs ${this.#parts.architecture}`;
    throw new OrchestratorError('not-supported', message, {
      remedy: `Set its architecture to ${this.#parts.architecture}, or use an engine on a ${definition.architecture} machine.`,
    });
  }
}

/** Over everything that shapes an environment; what only clients read is left out. */
function keyOf(definition: FunctionDefinition, contents: readonly string[]): string {
  const {
    description: _description,
    reservedConcurrency: _reserved,
    eventInvoke: _eventInvoke,
    deadLetterTargetArn: _deadLetters,
    autoPublish: _autoPublish,
    url: _url,
    ...shape
  } = definition;
  return createHash('sha256')
    .update(JSON.stringify([shape, contents]))
    .digest('hex');
}
