/**
 * Which settings of a function go together: code needs a runtime, and a handler where the runtime
 * has handlers; a container image brings all of that itself (contract 3.9).
 */

import { existsSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { FunctionDefinition, ImageSource } from '../function/function-version.js';
import { isCustom } from '../function/runtimes.js';
import type { FunctionDraft } from './function-draft.js';
import type { Problems } from './problems.js';
import type { FunctionSettings } from './schema.js';

/** What `_HANDLER` says of a custom runtime whose function names no handler. */
const UNNAMED_HANDLER = 'bootstrap';

export interface PackageContext {
  /** What relative paths are relative to. */
  readonly directory: string;
  readonly problems: Problems;
  /** How the file calls a setting. */
  pathOf(setting: string): string;
}

/** Adds a problem for each setting that is missing, or that an image leaves no room for. */
export function checkPackage({ settings }: FunctionDraft, context: PackageContext): void {
  const { problems, pathOf } = context;
  const missing = (setting: string, what: string): void =>
    problems.add({ path: pathOf(setting), expected: `a value here (${what})`, remedy: 'Add it.' });
  if (settings['image'] !== undefined) {
    for (const setting of ['runtime', 'handler', 'code', 'layers'] as const) {
      const value = settings[setting];
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
      problems.add({
        path: pathOf(setting),
        value,
        expected: `no ${setting} beside an image: ${BROUGHT[setting]}`,
        remedy: 'Remove it, or remove the image.',
      });
    }
    return;
  }
  if (settings['imageConfig'] !== undefined) {
    problems.add({
      path: pathOf('imageConfig'),
      expected: 'an image, whose settings these would be',
      remedy: 'Name the image, or remove this.',
    });
  }
  const { runtime, handler } = settings;
  if (runtime === undefined) {
    missing('runtime', 'a runtime identifier such as nodejs22.x or python3.13');
  }
  if (handler === undefined && !(typeof runtime === 'string' && isCustom(runtime))) {
    missing('handler', 'the handler, such as index.handler');
  }
}

const BROUGHT = {
  runtime: 'the image is one',
  handler: 'it is the command of the image (imageConfig.command)',
  code: 'the image holds it',
  layers: 'the image holds what they would bring',
} as const;

type Packaging = Pick<
  FunctionDefinition,
  'runtime' | 'handler' | 'codePath' | 'layerPaths' | 'image' | 'imageConfig'
>;

/** The part of a definition that says what runs. */
export function packagingOf(
  settings: FunctionSettings,
  image: ImageSource | undefined,
  code: { readonly codePath: string | undefined; readonly layerPaths: readonly string[] },
): Packaging {
  if (image === undefined) {
    const { runtime = '', handler = UNNAMED_HANDLER } = settings;
    return { runtime, handler, codePath: code.codePath ?? '', layerPaths: code.layerPaths };
  }
  const { entryPoint, command, workingDirectory } = settings.imageConfig ?? {};
  return {
    runtime: '',
    handler: '',
    codePath: '',
    layerPaths: [],
    image,
    ...(settings.imageConfig === undefined
      ? {}
      : {
          imageConfig: {
            ...(entryPoint === undefined ? {} : { entryPoint }),
            ...(command === undefined ? {} : { command }),
            ...(workingDirectory === undefined ? {} : { workingDirectory }),
          },
        }),
  };
}

/** Where the image comes from; undefined when a problem was added instead. */
export function imageSource(
  written: NonNullable<FunctionSettings['image']>,
  { directory, problems, pathOf }: PackageContext,
): ImageSource | undefined {
  if (typeof written === 'string') return { uri: written };
  const context = resolve(directory, written.context);
  if (!existsSync(context) || !statSync(context).isDirectory()) {
    problems.add({
      path: `${pathOf('image')}.context`,
      value: written.context,
      expected: `a folder; ${context} is none`,
      remedy: 'Make it, or correct the path (relative paths start at the folder of this file).',
    });
    return undefined;
  }
  const file = resolve(context, written.dockerfile);
  const dockerfile = relative(context, file).split(sep).join('/');
  if (dockerfile.startsWith('../') || !isFile(file)) {
    problems.add({
      path: `${pathOf('image')}.dockerfile`,
      value: written.dockerfile,
      expected: `a file inside ${context}; ${join(file)} is none`,
      remedy: 'Make it, or correct the path (it starts at the context).',
    });
    return undefined;
  }
  return {
    context,
    dockerfile,
    buildArguments: written.args,
    ...(written.target === undefined ? {} : { target: written.target }),
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
