/**
 * File, environment variables and flags → `Config`, or every problem at once.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { FunctionDefinition } from '../function/function-version.js';
import { hostArchitecture } from '../function/host-architecture.js';
import { makeStateDirectory, unusableState } from '../state/run-file.js';
import { parseArn } from '../stack/arns.js';
import type { FunctionPermissions } from '../stack/permissions.js';
import { emptyStack, type StackDraft } from '../stack/stack.js';
import type { Config, Flags, SettingNotice, Settings } from './config.js';
import { finish } from './draft.js';
import type { FunctionDraft } from './function-draft.js';
import { DOTENV, readVariables, type VariableFile } from './env-vars.js';
import { isService, isTemplate } from './kinds.js';
import { isMap, map } from './map.js';
import { readOrigin } from './origin.js';
import { parametersOf, type Parameters } from './parameters.js';
import { Problems } from './problems.js';
import { readProject } from './project.js';
import { readSamConfig, SAM_CONFIG, type SamConfig } from './sam-config.js';
import { readFileSettings, resolveSettings } from './settings.js';
import { filesThatMatter } from './source.js';
import type { TemplateContext } from './template/context.js';

/** Of a queue that says nothing else. */
const VISIBILITY_SECONDS = 30;

export interface LoadRequest {
  /** A project folder, or the file itself. */
  readonly directory: string;
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Raises `config-not-found` and `config-invalid`. */
export async function loadConfig(request: LoadRequest): Promise<Config> {
  const problems = new Problems();
  const notices: SettingNotice[] = [];
  const sam = await readSamConfigOf(request);
  const { stacks = [], envVars } = request.flags;
  const read = await readOrigin(
    {
      directory: request.directory,
      samTemplate: sam.config.template,
      environment: request.environment,
    },
    stacks,
    problems,
  );
  const reader = isService(read.document) ? await import('./serverless/read.js') : undefined;
  const service = await reader?.serviceOf(read, request, problems, notices);
  const origin = service === undefined ? read : { ...read, ...service.origin };
  const { projectDirectory, source, document } = origin;
  const isSam = isTemplate(document) && service === undefined;
  if (isSam) sam.tell(problems, notices);
  const fileSettings = isTemplate(document)
    ? { ...(isSam ? sam.config.settings : {}), ...origin.place }
    : readFileSettings(document, problems);
  const settings = resolveSettings(request, projectDirectory, fileSettings, problems);
  const variablesFile =
    envVars === undefined
      ? isSam
        ? sam.config.envVars
        : undefined
      : resolve(projectDirectory, envVars);
  const variables = await readVariables(projectDirectory, variablesFile, problems);
  const stack = emptyStack();
  const permissions: FunctionPermissions[] = [];
  const others = [...origin.files, ...(isSam ? sam.files : [])];
  const drafts = await readDrafts(document, {
    source,
    files: others,
    stack,
    permissions,
    settings,
    problems,
    notices,
    parameters: await parametersOf({
      // A service's are its variables.
      flags: service === undefined ? (request.flags.parameters ?? {}) : {},
      files: service === undefined ? (request.flags.parameterFiles ?? []) : [],
      samConfig: sam.config.parameters,
      declared: map(map(document)['Parameters']),
      problems,
      read: others,
    }),
  });
  const mayBeEmpty = isEmptyProject(document);
  const functions = finishAll(drafts, {
    source,
    settings,
    problems,
    notices,
    variables,
    mayBeEmpty,
  });
  noticeVisibility(functions, stack, notices);
  service?.relocate(problems, notices);
  noticeReserved(functions, settings, notices);
  if (settings.strict) refuseNotices(notices, problems);
  problems.throwIfAny(source);
  const own = filesThatMatter(projectDirectory, source, variablesFile);
  const files = [...new Set([...own, ...others, join(projectDirectory, DOTENV)])];
  return { projectDirectory, source, files, settings, functions, stack, permissions, notices };
}

/** What it has to say is told only where the project is a template. */
async function readSamConfigOf({ directory, flags }: LoadRequest): Promise<{
  readonly config: SamConfig;
  readonly files: readonly string[];
  tell(problems: Problems, notices: SettingNotice[]): void;
}> {
  const path = resolve(directory);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const problems = new Problems();
  const notices: SettingNotice[] = [];
  const config = await readSamConfig({
    folder: isFolder ? path : dirname(path),
    ...(flags.configFile === undefined ? {} : { file: flags.configFile }),
    ...(flags.configEnvironment === undefined ? {} : { environment: flags.configEnvironment }),
    problems,
    notices,
  });
  return {
    config,
    files: [config.file ?? join(isFolder ? path : dirname(path), SAM_CONFIG)],
    tell(toProblems, toNotices) {
      for (const problem of problems.list) toProblems.add(problem);
      toNotices.push(...notices);
    },
  };
}

interface DraftRequest {
  readonly source: string;
  readonly stack: StackDraft;
  readonly permissions: FunctionPermissions[];
  readonly settings: Settings;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
  readonly parameters: Parameters;
  /** Takes the files that the project is made of besides its source. */
  readonly files: string[];
}

async function readDrafts(document: unknown, request: DraftRequest): Promise<FunctionDraft[]> {
  const { source, problems, notices, settings, parameters, stack, permissions } = request;
  if (problems.list.length > 0 && document === undefined) return [];
  const context: TemplateContext = {
    source,
    files: request.files,
    region: settings.region,
    accountId: settings.accountId,
    parameters: parameters.values,
    placeOfParameter: (name) => parameters.placeOf(name),
    directory: dirname(source),
    problems,
    notices,
    stack,
    permissions,
    materialise: (logicalId, fileName, code) =>
      keepInlineCode(settings.stateDirectory, { logicalId, fileName, code }),
  };
  if (!isTemplate(document)) return readProject(document, context);
  const { readTemplate } = await import('./template/template.js');
  return readTemplate(document, context);
}

/** The folder of inline code, named by its content: a run that uses an older one keeps it. */
function keepInlineCode(
  stateDirectory: string,
  { logicalId, fileName, code }: { logicalId: string; fileName: string; code: string },
): string {
  const digest = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const folder = join(stateDirectory, 'inline', `${logicalId}-${digest}`);
  try {
    makeStateDirectory(stateDirectory);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, fileName), code);
    return folder;
  } catch (error) {
    throw unusableState(stateDirectory, error);
  }
}

/** `functions: {}`, written as such: all functions are made through the API. */
function isEmptyProject(document: unknown): boolean {
  const functions = isMap(document) ? document['functions'] : undefined;
  return isMap(functions) && Object.keys(functions).length === 0;
}

function finishAll(
  drafts: readonly FunctionDraft[],
  request: {
    source: string;
    settings: Settings;
    problems: Problems;
    notices: SettingNotice[];
    variables: VariableFile;
    mayBeEmpty: boolean;
  },
): FunctionDefinition[] {
  const { problems, source } = request;
  if (drafts.length === 0 && problems.list.length === 0 && !request.mayBeEmpty) {
    problems.add({
      path: 'the file',
      expected: 'at least one function',
      remedy:
        'Add one below functions (orchestrator.yaml) or Resources (a template), or write `functions: {}` when all are made through the API.',
    });
  }
  const names = new Map<string, string>();
  return drafts.flatMap((draft) => {
    const definition = finish(draft, {
      directory: dirname(source),
      problems,
      notices: request.notices,
      region: request.settings.region,
      accountId: request.settings.accountId,
      hostArchitecture: hostArchitecture(),
      variablesFor: request.variables,
    });
    if (definition === undefined) return [];
    const other = names.get(definition.name);
    if (other !== undefined) {
      problems.add({
        path: draft.path,
        value: definition.name,
        expected: `a name of its own; ${other} has this one`,
        remedy: 'Rename one of the two.',
      });
    }
    names.set(definition.name, draft.path);
    return [definition];
  });
}

/** Contract 11.8: AWS makes no mapping of a queue whose messages may come back while they are worked on. */
function noticeVisibility(
  functions: readonly FunctionDefinition[],
  { queues, mappings }: StackDraft,
  notices: SettingNotice[],
): void {
  for (const { path, sourceArn, target } of mappings) {
    const { service, resource } = parseArn(sourceArn) ?? {};
    const queue = service === 'sqs' ? queues.find(({ name }) => name === resource) : undefined;
    const timeout = functions.find(({ name }) => name === target.functionName)?.timeoutSeconds ?? 0;
    const visibility = Number(queue?.attributes['VisibilityTimeout'] ?? VISIBILITY_SECONDS);
    if (queue === undefined || visibility >= timeout) continue;
    notices.push({
      path,
      treatment: 'approximated',
      reason: `AWS refuses it: the queue's visibility timeout of ${visibility} s is less than the function's timeout of ${timeout} s`,
    });
  }
}

/** Contract 10.1: a stack that reserves more would not be made in such an account. */
function noticeReserved(
  functions: readonly FunctionDefinition[],
  { concurrency, unreservedMinimum }: Settings,
  notices: SettingNotice[],
): void {
  const reserved = functions.reduce((sum, one) => sum + (one.reservedConcurrency ?? 0), 0);
  if (reserved <= concurrency - unreservedMinimum) return;
  notices.push({
    path: 'concurrency',
    treatment: 'approximated',
    reason: `functions reserve ${reserved}, more than an account of ${concurrency} lets them (${unreservedMinimum} stay unreserved); a higher --concurrency would`,
  });
}

function refuseNotices(notices: readonly SettingNotice[], problems: Problems): void {
  for (const notice of notices) {
    problems.add({
      path: notice.path,
      expected: `only what is enforced, because of --strict; this is ${notice.treatment}: ${notice.reason}`,
      remedy: 'Remove it, or run without --strict.',
    });
  }
}
