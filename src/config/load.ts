/**
 * File, environment variables and flags → `Config`, or every problem at once.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { FunctionDefinition } from '../function/function-version.js';
import { makeStateDirectory, unusableState } from '../state/run-file.js';
import type { FunctionPermissions } from '../stack/permissions.js';
import { emptyStack, type StackDraft } from '../stack/stack.js';
import type { Config, Flags, SettingNotice, Settings } from './config.js';
import { DEFAULTS, defaultUnreservedMinimum } from './defaults.js';
import { finish } from './draft.js';
import type { FunctionDraft } from './function-draft.js';
import { readVariables, type VariableFile } from './env-vars.js';
import { isMap } from './map.js';
import { readOrigin } from './origin.js';
import { Problems } from './problems.js';
import { readProject } from './project.js';
import { settingsSchema, type FileSettings } from './schema.js';
import { filesThatMatter } from './source.js';
import { isTemplate, readTemplate } from './template/template.js';

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
  const origin = readOrigin(request.directory, request.flags.stacks ?? [], problems);
  const { projectDirectory, source, document } = origin;
  const fileSettings = isTemplate(document) ? origin.place : readFileSettings(document, problems);
  const settings = resolveSettings(request, projectDirectory, fileSettings, problems);
  const { envVars } = request.flags;
  const variablesFile = envVars === undefined ? undefined : resolve(projectDirectory, envVars);
  const variables = readVariables(variablesFile, problems);
  const stack = emptyStack();
  const permissions: FunctionPermissions[] = [];
  const others = [...origin.files];
  const drafts = readDrafts(document, {
    source,
    files: others,
    stack,
    permissions,
    settings,
    problems,
    notices,
    parameters: request.flags.parameters ?? {},
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
  noticeReserved(functions, settings, notices);
  if (settings.strict) refuseNotices(notices, problems);
  problems.throwIfAny(source);
  const own = filesThatMatter(projectDirectory, source, variablesFile);
  const files = [...new Set([...own, ...others])];
  return { projectDirectory, source, files, settings, functions, stack, permissions, notices };
}

function readFileSettings(document: unknown, problems: Problems): FileSettings {
  if (typeof document !== 'object' || document === null) return {};
  const written = Object.fromEntries(
    Object.entries(document).filter(([key]) => key in settingsSchema.shape),
  );
  const result = settingsSchema.safeParse(written);
  if (result.success) return result.data;
  problems.addIssues('', written, result.error.issues);
  return {};
}

function resolveSettings(
  request: LoadRequest,
  projectDirectory: string,
  file: FileSettings,
  problems: Problems,
): Settings {
  const { flags, environment } = request;
  const given = flagSettings(flags, problems);
  const host = given.host ?? file.host ?? DEFAULTS.host;
  if (!isLoopbackHost(host) && flags.authToken === undefined) {
    problems.add({
      path: '--host',
      value: host,
      expected: 'a loopback address, or a token that callers must send',
      remedy: 'Add --auth <token>.',
    });
  }
  const freezeAfterMs = given.freezeAfterMs ?? file.freezeAfterMs;
  const memoryBudgetMb = given.memoryBudgetMb ?? file.memoryBudgetMb;
  const network = given.network ?? file.network;
  const { streamingBytesPerSecond } = file;
  return {
    stateDirectory: resolve(flags.state ?? join(projectDirectory, DEFAULTS.stateDirectoryName)),
    port: given.port ?? file.port ?? DEFAULTS.port,
    httpPort: given.httpPort ?? file.httpPort ?? DEFAULTS.httpPort,
    host,
    ...(freezeAfterMs === undefined ? {} : { freezeAfterMs }),
    spares: given.spares ?? file.spares ?? DEFAULTS.spares,
    timeScale: given.timeScale ?? file.timeScale ?? DEFAULTS.timeScale,
    idleTimeoutMs: given.idleTimeoutMs ?? file.idleTimeoutMs ?? DEFAULTS.idleTimeoutMs,
    ...(memoryBudgetMb === undefined ? {} : { memoryBudgetMb }),
    ...concurrencySettings(given, file),
    ...(streamingBytesPerSecond === undefined ? {} : { streamingBytesPerSecond }),
    region: given.region ?? file.region ?? environment['AWS_REGION'] ?? DEFAULTS.region,
    accountId: file.accountId ?? DEFAULTS.accountId,
    base: given.base ?? file.base ?? 'auto',
    ...(network === undefined ? {} : { network }),
    services: given.services ?? file.services ?? 'auto',
    ...(flags.keepServices === true ? { keepServices: true } : {}),
    ...(flags.awsProfile === undefined ? {} : { awsProfile: flags.awsProfile }),
    ...(flags.authToken === undefined ? {} : { authToken: flags.authToken }),
    watch: flags.watch ?? file.watch ?? true,
    strict: flags.strict ?? false,
  };
}

function concurrencySettings(
  given: FileSettings,
  file: FileSettings,
): Pick<Settings, 'concurrency' | 'unreservedMinimum' | 'requestRate' | 'scalingRate'> {
  const concurrency = given.concurrency ?? file.concurrency ?? DEFAULTS.concurrency;
  return {
    concurrency,
    unreservedMinimum:
      given.unreservedMinimum ?? file.unreservedMinimum ?? defaultUnreservedMinimum(concurrency),
    requestRate: given.requestRate ?? file.requestRate ?? DEFAULTS.requestRate,
    scalingRate: given.scalingRate ?? file.scalingRate ?? DEFAULTS.scalingRate,
  };
}

/** Flags are held to the same bounds as the file. */
function flagSettings(flags: Flags, problems: Problems): FileSettings {
  const written = {
    port: flags.port,
    httpPort: flags.httpPort,
    host: flags.host,
    freezeAfterMs: flags.freezeAfter,
    spares: flags.spares,
    idleTimeoutMs: flags.idleTimeout,
    timeScale: flags.timeScale,
    memoryBudgetMb: flags.memoryBudgetMb,
    concurrency: flags.concurrency,
    unreservedMinimum: flags.unreservedMinimum,
    requestRate: flags.requestRate,
    scalingRate: flags.scalingRate,
    region: flags.region,
    base: flags.base,
    network: flags.network,
    services: flags.services,
  };
  const result = settingsSchema.safeParse(written);
  if (result.success) return result.data;
  const flagNames: Readonly<Record<string, string>> = {
    httpPort: 'http-port',
    freezeAfterMs: 'freeze-after',
    idleTimeoutMs: 'idle-timeout',
    memoryBudgetMb: 'memory-budget',
    timeScale: 'time-scale',
    unreservedMinimum: 'unreserved-minimum',
    requestRate: 'request-rate',
    scalingRate: 'scaling-rate',
  };
  for (const issue of result.error.issues) {
    const key = String(issue.path[0]);
    problems.add({
      path: `--${flagNames[key] ?? key}`,
      value: (written as Record<string, unknown>)[key],
      expected: issue.message,
      remedy: 'Change the flag.',
    });
  }
  return {};
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

interface DraftRequest {
  readonly source: string;
  readonly stack: StackDraft;
  readonly permissions: FunctionPermissions[];
  readonly settings: Settings;
  readonly problems: Problems;
  readonly notices: SettingNotice[];
  readonly parameters: Readonly<Record<string, string>>;
  /** Takes the files that the project is made of besides its source. */
  readonly files: string[];
}

function readDrafts(document: unknown, request: DraftRequest): FunctionDraft[] {
  const { source, problems, notices, settings, parameters, stack, permissions } = request;
  if (problems.list.length > 0 && document === undefined) return [];
  if (!isTemplate(document)) return readProject(document, problems);
  return readTemplate(document, {
    source,
    files: request.files,
    region: settings.region,
    accountId: settings.accountId,
    parameters,
    directory: dirname(source),
    problems,
    notices,
    stack,
    permissions,
    materialise: (logicalId, fileName, code) =>
      keepInlineCode(settings.stateDirectory, { logicalId, fileName, code }),
  });
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
      hostArchitecture: arch() === 'arm64' ? 'arm64' : 'x86_64',
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
