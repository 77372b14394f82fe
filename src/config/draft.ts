/**
 * A function as a loader found it, before it is checked: the one internal model every kind of file
 * maps to. `finish` checks drafts of any origin alike.
 */

import type { FunctionDraft } from './function-draft.js';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { isFunctionName } from '../function/arn.js';
import type { FunctionDefinition, LoggingConfig } from '../function/function-version.js';
import { findRuntime, nearestRuntime, RUNTIMES } from '../function/runtimes.js';
import { environmentProblems } from '../function/variables.js';
import { eventDefinition } from './async-settings.js';
import type { SettingNotice } from './config.js';
import { LIMITS } from './defaults.js';
import { checkPackage, imageSource, packagingOf } from './packaging.js';
import type { Problems } from './problems.js';
import { isMap } from './map.js';
import { checkSnapStart } from './snap-start.js';
import { urlDefinition } from './url-settings.js';
import { checkTenancy } from './tenancy.js';
import { functionShape, NESTED, type FunctionSettings } from './schema.js';
import { checked, type Shape } from './shape.js';

export interface FinishContext {
  /** What relative paths are relative to. */
  readonly directory: string;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
  readonly hostArchitecture: FunctionDefinition['architecture'];
  readonly region: string;
  readonly accountId: string;
  /** Values from an `--env-vars` file for declared variables (contract 12.5). */
  variablesFor(draft: FunctionDraft, name: string): Readonly<Record<string, string>>;
}

/** The checked definition, or undefined when problems were added instead. */
export function finish(
  draft: FunctionDraft,
  context: FinishContext,
): FunctionDefinition | undefined {
  const { problems } = context;
  const before = problems.list.length;
  const name = checkName(draft, problems);
  const settings = checkSettings(draft, problems);
  const packaging = {
    directory: context.directory,
    problems,
    pathOf: (setting: string) => pathOf(draft, setting),
  };
  checkPackage(draft, packaging);
  if (settings !== undefined) {
    checkProvisioned(draft, settings, problems);
    checkSnapStart(settings, packaging.pathOf, problems);
    checkTenancy(settings, packaging.pathOf, problems);
  }
  // What is well-formed is looked at more closely even when something else is not.
  const sound: Partial<FunctionSettings> = settings ?? soundSettings(draft);
  if (sound.runtime !== undefined) checkRuntime(draft, sound.runtime, problems);
  if (sound.environment !== undefined) checkVariables(draft, sound.environment, problems);
  const image = sound.image === undefined ? undefined : imageSource(sound.image, packaging);
  const codePath =
    sound.code === undefined || draft.settings['image'] !== undefined
      ? undefined
      : checkPath(draft, 'code', sound.code, context);
  const layerPaths = (sound.layers ?? []).map((layer) =>
    checkPath(draft, 'layers', layer, context),
  );
  if (name === undefined || settings === undefined) return undefined;
  if (problems.list.length > before) return undefined;
  const { runtime = '' } = settings;
  if (codePath !== undefined) noticeDependencies(draft, codePath, runtime, context.notices);
  const overrides = context.variablesFor(draft, name);
  const environment = Object.fromEntries(
    Object.entries(settings.environment).map(([key, value]) => [key, overrides[key] ?? value]),
  );
  return {
    name,
    logicalId: draft.logicalId,
    ...packagingOf(settings, image, {
      codePath,
      layerPaths: layerPaths.filter((path) => path !== undefined),
    }),
    memoryMb: settings.memory,
    timeoutSeconds: settings.timeout,
    ephemeralStorageMb: settings.ephemeralStorage,
    environment,
    architecture: settings.architecture ?? context.hostArchitecture,
    description: settings.description,
    ...(settings.reservedConcurrency === undefined
      ? {}
      : { reservedConcurrency: settings.reservedConcurrency }),
    ...autoPublishOf(settings),
    ...(settings.snapStart === 'PublishedVersions' ? { snapStart: settings.snapStart } : {}),
    ...(settings.tenancy === undefined ? {} : { tenancy: settings.tenancy }),
    ...(settings.recursiveLoop === undefined ? {} : { recursiveLoop: settings.recursiveLoop }),
    ...(settings.logging === undefined ? {} : { logging: loggingOf(settings.logging) }),
    ...eventDefinition(settings, context),
    ...urlDefinition(settings.url),
  };
}

/** Only what was written, so that versions that log alike have one key. */
function loggingOf(logging: NonNullable<FunctionSettings['logging']>): LoggingConfig {
  const { format, applicationLevel, systemLevel, group } = logging;
  return {
    format,
    ...(applicationLevel === undefined ? {} : { applicationLevel }),
    ...(systemLevel === undefined ? {} : { systemLevel }),
    ...(group === undefined ? {} : { group }),
  };
}

function autoPublishOf({
  alias,
  provisionedConcurrency,
}: FunctionSettings): Pick<FunctionDefinition, 'autoPublish'> {
  if (alias === undefined) return {};
  const count = provisionedConcurrency === undefined ? {} : { provisionedConcurrency };
  return { autoPublish: { alias, ...count } };
}

function checkProvisioned(
  draft: FunctionDraft,
  { alias, provisionedConcurrency, snapStart }: FunctionSettings,
  problems: Problems,
): void {
  if (provisionedConcurrency === undefined) return;
  const path = pathOf(draft, 'provisionedConcurrency');
  if (alias === undefined) {
    problems.add({
      path,
      value: provisionedConcurrency,
      expected: 'an alias beside it: Lambda provisions published versions only',
      remedy: `Add ${draft.names['alias'] ?? 'alias: live'}, or remove it.`,
    });
  }
  if (snapStart === 'PublishedVersions') {
    problems.add({
      path,
      value: provisionedConcurrency,
      expected: 'a function without SnapStart: Lambda has either, not both',
      remedy: 'Remove one of the two.',
    });
  }
}

function pathOf(draft: FunctionDraft, setting: string): string {
  return `${draft.path}.${draft.names[setting] ?? setting}`;
}

function checkName(draft: FunctionDraft, problems: Problems): string | undefined {
  if (typeof draft.name === 'string' && isFunctionName(draft.name)) return draft.name;
  const unresolved = typeof draft.name === 'string' ? /\$(\w+)/.exec(draft.name) : null;
  problems.add({
    path: draft.names['name'] === undefined ? draft.path : pathOf(draft, 'name'),
    value: draft.name,
    expected: 'a function name of letters, digits, - and _, at most 64 characters',
    remedy:
      unresolved === null
        ? 'Rename the function.'
        : `Give ${unresolved[1]} a value, as with --parameter ${unresolved[1]}=value.`,
  });
  return undefined;
}

function checkSettings(draft: FunctionDraft, problems: Problems): FunctionSettings | undefined {
  const result = checked(functionShape, draft.settings);
  if (result.ok) return result.value;
  const nameOf = (key: string, prefix = ''): string => draft.names[`${prefix}${key}`] ?? key;
  const issues = result.issues.map((issue) => {
    const [setting, ...rest] = issue.path;
    if (setting === undefined) return issue;
    const inner = (key: string): string => nameOf(key, `${setting}.`);
    const path = [nameOf(setting), ...rest.map(inner)];
    if (issue.key === undefined) return { ...issue, path };
    const { unknown, known } = issue.key;
    return { ...issue, path, key: { unknown, known: known.map(inner) } };
  });
  const renamed = Object.fromEntries(
    Object.entries(draft.settings).map(([key, value]) => [
      nameOf(key),
      NESTED.has(key) && isMap(value)
        ? Object.fromEntries(
            Object.entries(value).map(([inner, found]) => [nameOf(inner, `${key}.`), found]),
          )
        : value,
    ]),
  );
  problems.addIssues(draft.path, renamed, issues);
  return undefined;
}

/** Those of the settings that are well-formed by themselves. */
function soundSettings(draft: FunctionDraft): Partial<FunctionSettings> {
  const fields: Readonly<Record<string, Shape<unknown>>> = functionShape.fields;
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, shape]) => {
      const result = checked(shape, draft.settings[key]);
      return result.ok ? [[key, result.value]] : [];
    }),
  ) as Partial<FunctionSettings>;
}

function checkRuntime(draft: FunctionDraft, runtime: string, problems: Problems): void {
  if (findRuntime(runtime) !== undefined) return;
  const nearest = nearestRuntime(runtime);
  problems.add({
    path: pathOf(draft, 'runtime'),
    value: runtime,
    expected: `one of ${[...RUNTIMES.keys()].join(', ')}`,
    remedy: nearest === undefined ? 'Choose one of these.' : `Did you mean '${nearest}'?`,
  });
}

function checkVariables(
  draft: FunctionDraft,
  variables: FunctionSettings['environment'],
  problems: Problems,
): void {
  const path = pathOf(draft, 'environment');
  for (const problem of environmentProblems(variables)) {
    switch (problem.kind) {
      case 'reserved':
        problems.add({
          path: `${path}.${problem.name}`,
          expected: 'a name that Lambda has not reserved for itself',
          remedy: 'Use another name.',
        });
        break;
      case 'name':
        problems.add({
          path: `${path}.${problem.name}`,
          expected: 'a letter followed by letters, digits and _, two characters at least',
          remedy: 'Rename the variable.',
        });
        break;
      case 'size':
        problems.add({
          path,
          value: `${problem.bytes} bytes`,
          expected: `at most ${LIMITS.environmentBytes} bytes for all variables together`,
          remedy: 'Keep large values in a file of the code.',
        });
    }
  }
}

function checkPath(
  draft: FunctionDraft,
  setting: 'code' | 'layers',
  written: string,
  context: FinishContext,
): string | undefined {
  const path = isAbsolute(written) ? written : resolve(context.directory, written);
  const isRemote = /^(s3|https?|arn):/.test(written);
  const isZip = path.endsWith('.zip') || path.endsWith('.jar');
  if (existsSync(path) && (isZip || statSync(path).isDirectory())) return path;
  context.problems.add({
    path: pathOf(draft, setting),
    value: written,
    expected: isRemote
      ? 'the path of a local folder or zip file'
      : `a folder or zip file; ${path} is neither`,
    remedy: isRemote
      ? 'Download it, and give the path here.'
      : 'Make it, or correct the path (relative paths start at the folder of this file).',
  });
  return undefined;
}

/** A function whose dependencies were not installed fails at import; say so before. */
function noticeDependencies(
  draft: FunctionDraft,
  codePath: string,
  runtime: string,
  notices: SettingNotice[],
): void {
  const manifest = join(codePath, 'package.json');
  if (
    runtime.startsWith('nodejs') &&
    existsSync(manifest) &&
    !existsSync(join(codePath, 'node_modules')) &&
    declaresDependencies(manifest)
  ) {
    notices.push({
      path: pathOf(draft, 'code'),
      treatment: 'approximated',
      reason: `its dependencies are not installed: run 'npm install --prefix ${codePath}'`,
    });
  }
}

function declaresDependencies(manifest: string): boolean {
  try {
    const content = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: object };
    return Object.keys(content.dependencies ?? {}).length > 0;
  } catch {
    return false;
  }
}
