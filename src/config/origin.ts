/** The document a project is read from, and where it comes from. */

import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ASSEMBLY } from './cdk/names.js';
import { readKnownDocument } from './document-cache.js';
import { isManifest } from './kinds.js';
import type { Problems } from './problems.js';
import { findSource, readSource } from './source.js';

export interface Origin {
  /** Absolute path of the project folder. */
  readonly projectDirectory: string;
  /** Absolute path of the file; what is relative in it is relative to its folder. */
  readonly source: string;
  readonly document: unknown;
  /** Others that it is made of; absolute paths. */
  readonly files: readonly string[];
  /** What the file says about where its stacks would be. */
  readonly place: { readonly region?: string; readonly accountId?: string };
}

/** Raises `config-not-found`, and `config-invalid` for what is no text. */
export async function readOrigin(
  {
    directory,
    samTemplate,
    environment,
  }: {
    readonly directory: string;
    readonly samTemplate?: string | undefined;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
  stacks: readonly string[],
  problems: Problems,
): Promise<Origin> {
  const found = findSource(directory, samTemplate);
  const document = await readKnownDocument(readSource(found), problems, environment);
  const folder = statSync(directory).isDirectory() ? resolve(directory) : dirname(found);
  const plain = {
    projectDirectory: projectOf(folder),
    source: found,
    document,
    files: [],
    place: {},
  };
  if (!isManifest(found, document)) {
    refuseStacks(stacks, problems);
    return plain;
  }
  const { chosen, stacksOf, together } = await import('./cdk/assembly.js');
  const wanted = chosen(stacksOf(document, found, problems), stacks, problems);
  const [first, ...others] = wanted;
  const files = [found, ...wanted.map(({ template }) => template)];
  if (first === undefined) return { ...plain, document: undefined, files };
  const { region, accountId } = first;
  const place = {
    ...(region !== undefined && others.every((one) => one.region === region) ? { region } : {}),
    ...(accountId !== undefined && others.every((one) => one.accountId === accountId)
      ? { accountId }
      : {}),
  };
  if (others.length > 0) return { ...plain, document: together(wanted), files, place };
  const { template } = first;
  return {
    ...plain,
    source: template,
    document: await readKnownDocument(readSource(template), problems, environment),
    files,
    place,
  };
}

/** What is synthesized is written anew each time: a project's state is kept beside it. */
function projectOf(folder: string): string {
  return basename(folder) === ASSEMBLY ? dirname(folder) : folder;
}

function refuseStacks(stacks: readonly string[], problems: Problems): void {
  for (const name of stacks) {
    problems.add({
      path: `--stack ${name}`,
      expected: `a CDK app that has been synthesized into ${join(ASSEMBLY, '')}`,
      remedy: 'Leave it out, or run `cdk synth` first.',
    });
  }
}
