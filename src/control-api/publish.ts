/** Publishing: `$LATEST` as it is now becomes a version that never changes (contract 8.9). */

import { createHash } from 'node:crypto';
import type { OrchestratorError } from '../errors.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { PublishedVersion, Revision } from '../registry/records.js';
import { conflict } from './failure.js';
import type { ControlParts } from './parts.js';
import { missing } from './target.js';

export interface PublishOptions {
  readonly description?: string | undefined;
  /** Nobody asked for it by name. */
  readonly automatic?: boolean;
}

interface Frozen {
  readonly revision: Omit<Revision, 'revisionId' | 'modifiedAtMs'>;
  readonly done: () => void;
}

/** The new version, or the last one when nothing has changed since. */
export async function publish(
  parts: ControlParts,
  name: string,
  { description, automatic }: PublishOptions = {},
): Promise<PublishedVersion> {
  const { registry } = parts;
  const { revision, done } = await frozen(parts, name);
  try {
    // It may have been deleted while its code was made or copied.
    if (registry.revision(name) === undefined) throw missing(parts, { name });
    const fingerprint = fingerprintOf(revision);
    const last = registry.record(name).versions.at(-1);
    if (last?.fingerprint === fingerprint) return last;
    const record = registry.change(name, (draft) => {
      draft.lastVersion += 1;
      draft.versions.push({
        ...registry.newRevision({
          ...revision,
          definition: {
            ...revision.definition,
            description: description ?? revision.definition.description,
          },
        }),
        version: String(draft.lastVersion),
        fingerprint,
        ...(automatic === true ? { automatic } : {}),
      });
    });
    const version = record.versions.at(-1) as PublishedVersion;
    // What is restored later is initialised when it is published (contract 7.6).
    if (version.definition.snapStart !== undefined) {
      void parts.router.deployment(name, version.version)?.ready();
    }
    return version;
  } finally {
    done();
  }
}

/** `$LATEST` with code that nobody changes: code in the user's folder is copied. */
async function frozen(parts: ControlParts, name: string): Promise<Frozen> {
  const { registry, router, packages } = parts;
  const revision = registry.revision(name);
  if (revision === undefined) throw missing(parts, { name });
  const { definition, details, layers } = revision;
  if (revision.code !== undefined) return { revision, done: () => undefined };
  const deployment = router.deployment(name);
  await deployment?.ready();
  const problem = deployment?.problem;
  if (deployment === undefined || problem !== undefined) throw cannotPublish(name, problem);
  const built = deployment.description;
  // Another function has the name by now: what ran this one is gone unbuilt.
  if (built.key === '') throw missing(parts, { name });
  if (definition.image !== undefined) return pinned(revision, built);
  const code = await packages.keepFolder(built.taskDirectory);
  // Layers of the API are in our keeping already.
  const merged = layers.length > 0 ? undefined : built.optDirectory;
  const opt = merged === undefined ? undefined : await packages.keepFolder(merged);
  const { region, accountId } = parts;
  return {
    revision: {
      definition: {
        ...definition,
        codePath: packages.pathOf(code.file),
        ...(opt === undefined ? {} : { layerPaths: [packages.pathOf(opt.file)] }),
      },
      details,
      // Several folders were merged to one.
      layers:
        opt === undefined
          ? layers
          : [
              {
                arn: `arn:aws:lambda:${region}:${accountId}:layer:${name}-layers:1`,
                size: 0,
                file: opt.file,
              },
            ],
      code: { file: code.file, sha256: built.codeSha256, size: built.codeSize },
    },
    done: () => {
      code.done();
      opt?.done();
    },
  };
}

/** A name may come to mean another image; its digest does not. */
function pinned(
  revision: Revision,
  { imageReference, codeSha256, resolvedImage }: FunctionVersion,
): Frozen {
  const { definition, details } = revision;
  const isNamed = definition.image !== undefined && 'uri' in definition.image;
  return {
    revision: {
      ...revision,
      definition:
        isNamed && imageReference.startsWith('sha256:')
          ? { ...definition, image: { uri: imageReference } }
          : definition,
      details: {
        ...details,
        imageSha256: codeSha256,
        ...(resolvedImage === undefined
          ? {}
          : { imageUri: resolvedImage.uri, resolvedImageUri: resolvedImage.resolvedUri }),
      },
    },
    done: () => undefined,
  };
}

function cannotPublish(name: string, problem: OrchestratorError | undefined) {
  const why = [problem?.message, problem?.remedy].filter(Boolean).join('. ');
  return conflict(`${name} cannot be published: ${why}`);
}

/** Over all that a version consists of but its description and what holds for the whole function. */
function fingerprintOf({ definition, details, layers, code }: Frozen['revision']): string {
  const {
    description: _description,
    codePath: _codePath,
    layerPaths: _layerPaths,
    reservedConcurrency: _reserved,
    eventInvoke: _eventInvoke,
    autoPublish: _autoPublish,
    ...shape
  } = definition;
  const content = [code?.sha256 ?? '', layers.map(({ file }) => file)];
  return createHash('sha256')
    .update(JSON.stringify([shape, details, content]))
    .digest('hex');
}
