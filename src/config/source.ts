/** Which file a project is read from, and its text. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, OrchestratorError } from '../errors.js';
import { ASSEMBLY, MANIFEST } from './cdk/names.js';
import { LIMITS } from './defaults.js';

const PROJECT_FILES = ['orchestrator.yaml', 'orchestrator.yml'];
const TEMPLATE_FILES = ['template.yaml', 'template.yml', 'template.json'];
/** Of the Serverless Framework. */
const SERVICE_FILES = ['serverless.yml', 'serverless.yaml', 'serverless.json'];
/** What `cdk synth` has left. */
const ASSEMBLIES = [join(ASSEMBLY, MANIFEST), MANIFEST];
const BUILT_TEMPLATE = join('.aws-sam', 'build', 'template.yaml');

/**
 * The file that `directory`, a folder or the file itself, means. `template` is where SAM is told it
 * is. Raises `config-not-found`.
 */
export function findSource(directory: string, template?: string): string {
  const path = resolve(directory);
  if (existsSync(path) && statSync(path).isFile()) return path;
  const found =
    firstOf(path, PROJECT_FILES) ??
    template ??
    firstOf(path, [...TEMPLATE_FILES, ...SERVICE_FILES]) ??
    assemblyIn(path);
  if (found === undefined) {
    throw new OrchestratorError(
      'config-not-found',
      existsSync(path) ? `${path} holds no project` : `${path} does not exist`,
      {
        remedy: `Name a folder with one of ${[...PROJECT_FILES, ...TEMPLATE_FILES, ...SERVICE_FILES].join(', ')}, or a CDK app that \`cdk synth\` has been run for. Where all functions are made through the API, an orchestrator.yaml that says \`functions: {}\` will do.`,
      },
    );
  }
  const built = join(path, BUILT_TEMPLATE);
  const isTemplateFile = TEMPLATE_FILES.some((name) => found.endsWith(name));
  return (isTemplateFile || found === template) &&
    existsSync(found) &&
    existsSync(built) &&
    isNewer(built, found)
    ? built
    : found;
}

function firstOf(folder: string, names: readonly string[]): string | undefined {
  return names.map((name) => join(folder, name)).find((file) => existsSync(file));
}

/** A CDK app's own folder, or the one that it was synthesized into. */
function assemblyIn(folder: string): string | undefined {
  const [synthesized, own] = ASSEMBLIES.map((name) => join(folder, name));
  if (synthesized !== undefined && existsSync(synthesized)) return synthesized;
  const isAssembly = existsSync(join(folder, ASSEMBLY));
  return own !== undefined && isAssembly && existsSync(own) ? own : undefined;
}

/** All files of which a change may change what the project in `folder` is; absolute paths. */
export function filesThatMatter(
  folder: string,
  source: string,
  variablesFile: string | undefined,
): readonly string[] {
  // A template that `sam build` writes takes the place of its source, and the other way round.
  const templates = TEMPLATE_FILES.includes(basename(source))
    ? [...TEMPLATE_FILES, BUILT_TEMPLATE]
        .map((name) => join(folder, name))
        .filter((file) => existsSync(file))
    : [];
  const variables = variablesFile === undefined ? [] : [variablesFile];
  return [...new Set([source, ...templates, ...variables])];
}

function isNewer(file: string, than: string): boolean {
  return statSync(file).mtimeMs > statSync(than).mtimeMs;
}

/** Raises `config-not-found` for what cannot be read, `config-invalid` for what is no text. */
export function readSource(path: string): string {
  const bytes = readBytes(path);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Told below, as for text with a zero byte.
  }
  throw new OrchestratorError('config-invalid', `${path} is no text in UTF-8`, {
    remedy: 'Save it as plain text in UTF-8, or name the right file.',
  });
}

function readBytes(path: string): Buffer {
  try {
    const status = statSync(path);
    // Reading a pipe would wait for a writer that may never come.
    if (!status.isFile()) throw new Error('it is not a file');
    if (status.size <= LIMITS.sourceBytes) return readFileSync(path);
  } catch (error) {
    throw new OrchestratorError('config-not-found', `${path} cannot be read: ${messageOf(error)}`, {
      remedy: 'Make it a readable file.',
      cause: error,
    });
  }
  throw new OrchestratorError(
    'config-invalid',
    `${path} is larger than ${LIMITS.sourceBytes / 1024 / 1024} MB, which no project file is`,
    { remedy: 'Name the right file, or split the project.' },
  );
}
