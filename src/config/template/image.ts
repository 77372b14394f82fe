/**
 * Functions packaged as container images: SAM's `Metadata` says what `sam build` would build them
 * from, CDK's what its assets are; otherwise the image is taken by its name (contract 3.9, 12.1).
 */

import { map, type Map } from '../map.js';
import { UNRESOLVED } from './intrinsics.js';
import type { TemplateContext } from './context.js';

export function isImage(properties: Map): boolean {
  return properties['PackageType'] === 'Image' || imageUri(properties) !== undefined;
}

/** The settings `image` and `imageConfig`; undefined when a problem was added instead. */
export function imageOf(
  path: string,
  properties: Map,
  metadata: Map,
  context: TemplateContext,
): Map | undefined {
  const uri = imageUri(properties);
  const source = isBuilt(metadata, uri) ? undefined : dockerfileOf(path, metadata, context);
  const image = source ?? uri;
  if (image === undefined || image === UNRESOLVED) {
    context.problems.add({
      path: `${path}.Properties.ImageUri`,
      expected: 'the name of an image, or Metadata with Dockerfile and DockerContext',
      remedy: 'Add one of the two.',
    });
    return undefined;
  }
  const imageConfig = configOf(properties['ImageConfig']);
  return { image, ...(imageConfig === undefined ? {} : { imageConfig }) };
}

function imageUri(properties: Map): unknown {
  return properties['ImageUri'] ?? map(properties['Code'])['ImageUri'];
}

/** `sam build` keeps the metadata and names the image it has built. */
function isBuilt(metadata: Map, uri: unknown): boolean {
  return metadata['SamResourceId'] !== undefined && typeof uri === 'string';
}

function dockerfileOf(path: string, metadata: Map, context: TemplateContext): Map | undefined {
  for (const ignored of ['DockerTag', 'DockerBuildExtraParams']) {
    if (metadata[ignored] === undefined) continue;
    context.notices.push({
      path: `${path}.Metadata.${ignored}`,
      treatment: 'ignored',
      reason:
        ignored === 'DockerTag'
          ? 'images built here have names of their own'
          : 'the engine builds without further parameters',
    });
  }
  const assetPath = metadata['aws:asset:path'];
  const [folder, dockerfile, args, target] =
    typeof assetPath === 'string'
      ? ['path', 'dockerfile-path', 'docker-build-args', 'docker-build-target'].map(
          (key) => metadata[`aws:asset:${key}`],
        )
      : [
          metadata['DockerContext'],
          metadata['Dockerfile'],
          metadata['DockerBuildArgs'],
          metadata['DockerBuildTarget'],
        ];
  if (folder === undefined && dockerfile === undefined) return undefined;
  return Object.fromEntries(
    Object.entries({ context: folder, dockerfile, args, target }).filter(
      ([, value]) => value !== undefined && value !== UNRESOLVED,
    ),
  );
}

function configOf(written: unknown): Map | undefined {
  const { Command: command, EntryPoint: entryPoint, WorkingDirectory: directory } = map(written);
  const config = { command, entryPoint, workingDirectory: directory };
  const known = Object.entries(config).filter(
    ([, value]) => value !== undefined && value !== UNRESOLVED,
  );
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
