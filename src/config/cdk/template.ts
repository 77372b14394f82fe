/**
 * A template that CDK has synthesized, in the terms of one that a person writes: code is where the
 * assets are, and what CDK adds to deploy a stack is no function of the project.
 */

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMap, map, own, type Map as Named } from '../map.js';
import { readSource } from '../source.js';

/** Takes the place of the type of functions and layers that run only while a stack is deployed. */
export const DEPLOYMENT_TYPE = 'AWS::CDK::Provider';

const PATH = 'aws:cdk:path';
const CODE: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'Code',
  'AWS::Lambda::LayerVersion': 'Content',
};

export function isSynthesized(template: Named): boolean {
  return Object.values(map(template['Resources'])).some(
    (resource) => own(map(map(resource)['Metadata']), PATH) !== undefined,
  );
}

/** `file` is the absolute path of the template. */
export function withAssets(template: Named, file: string): Named {
  const assets = new Assets(dirname(file));
  const { BootstrapVersion: _, ...parameters } = map(template['Parameters']);
  return {
    ...template,
    Parameters: parameters,
    Resources: Object.fromEntries(
      Object.entries(map(template['Resources']))
        .filter(([, resource]) => map(resource)['Type'] !== 'AWS::CDK::Metadata')
        .map(([logicalId, resource]) => [logicalId, located(resource, assets)]),
    ),
  };
}

function located(resource: unknown, assets: Assets): unknown {
  const { Type: type, Properties: written, Metadata: metadata } = map(resource);
  if (type === 'AWS::CloudFormation::Stack') return nested(resource, assets);
  const property = own(CODE, String(type));
  if (typeof property !== 'string') return resource;
  const constructPath = String(map(metadata)[PATH]);
  if (isProvider(constructPath)) {
    return { Type: DEPLOYMENT_TYPE, Properties: {}, Metadata: metadata };
  }
  const properties = map(written);
  const code = properties[property];
  if (!isMap(code)) return resource;
  const path = map(metadata)['aws:asset:path'];
  if ('S3Key' in code) {
    const found = typeof path === 'string' ? path : assets.file(code['S3Key']);
    return found === undefined
      ? resource
      : { ...map(resource), Properties: { ...properties, [property]: found } };
  }
  if ('ImageUri' in code && typeof path !== 'string') {
    const image = assets.image(code['ImageUri']);
    if (image !== undefined) return { ...map(resource), Metadata: { ...map(metadata), ...image } };
  }
  return resource;
}

/** The template of a nested stack is an asset as well. */
function nested(resource: unknown, assets: Assets): unknown {
  const { Metadata: metadata, Properties: properties } = map(resource);
  if (map(metadata)['aws:asset:path'] !== undefined) return resource;
  const [key] =
    /[0-9a-f]{64}\.json/.exec(JSON.stringify(map(properties)['TemplateURL'] ?? '')) ?? [];
  const path = assets.file(key);
  if (path === undefined) return resource;
  return { ...map(resource), Metadata: { ...map(metadata), 'aws:asset:path': path } };
}

/** Singletons that CDK's constructs add: their identifiers end in a UUID or begin with Custom::. */
export function isProvider(constructPath: string): boolean {
  return constructPath
    .split('/')
    .some(
      (part) =>
        part.startsWith('Custom::') ||
        part === 'AwsCliLayer' ||
        /^framework-(onEvent|isComplete|onTimeout)$/.test(part) ||
        (/[0-9a-f]{32}$/i.test(part) && !part.startsWith('SingletonLambda')),
    );
}

/** What the asset manifests beside a template say, read once they are needed. */
class Assets {
  readonly #directory: string;
  #found: { readonly files: Named; readonly images: Named } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The path of what would be uploaded under this key. */
  file(key: unknown): string | undefined {
    const [hash = ''] = typeof key === 'string' ? key.split('.') : [];
    const { path } = map(map(own(this.#read().files, hash))['source']);
    return typeof path === 'string' ? path : undefined;
  }

  /** What metadata would say of the image that this name ends in. */
  image(uri: unknown): Named | undefined {
    const name = JSON.stringify(uri);
    const entry = Object.entries(this.#read().images).find(([hash]) => name.includes(hash));
    const { directory, dockerFile, dockerBuildArgs, dockerBuildTarget } = map(
      map(entry?.[1])['source'],
    );
    if (typeof directory !== 'string') return undefined;
    const settings = {
      'aws:asset:path': directory,
      'aws:asset:dockerfile-path': dockerFile,
      'aws:asset:docker-build-args': dockerBuildArgs,
      'aws:asset:docker-build-target': dockerBuildTarget,
    };
    return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  }

  #read(): { readonly files: Named; readonly images: Named } {
    this.#found ??= existsSync(this.#directory) ? readManifests(this.#directory) : NONE;
    return this.#found;
  }
}

const NONE = { files: {}, images: {} };

function readManifests(directory: string): { readonly files: Named; readonly images: Named } {
  const manifests = readdirSync(directory)
    .filter((name) => name.endsWith('.assets.json'))
    .map((name) => {
      try {
        return map(JSON.parse(readSource(join(directory, name))) as unknown);
      } catch {
        // The code it would have named is then told as missing, with its key.
        return {};
      }
    });
  const all = (section: string): Named =>
    Object.assign({}, ...manifests.map((manifest) => map(manifest[section]))) as Named;
  return { files: all('files'), images: all('dockerImages') };
}
