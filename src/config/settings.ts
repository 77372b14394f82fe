/** Settings of the orchestrator itself: flags over the file over the defaults. */

import { join, resolve } from 'node:path';
import type { Flags, Settings } from './config.js';
import { DEFAULTS, defaultUnreservedMinimum } from './defaults.js';
import type { Problems } from './problems.js';
import { settingsShape, type FileSettings } from './schema.js';
import { checked } from './shape.js';

interface SettingsRequest {
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function readFileSettings(document: unknown, problems: Problems): FileSettings {
  if (typeof document !== 'object' || document === null) return {};
  const written = Object.fromEntries(
    Object.entries(document).filter(([key]) => Object.hasOwn(settingsShape.fields, key)),
  );
  const result = checked(settingsShape, written);
  if (result.ok) return result.value;
  problems.addIssues('', written, result.issues);
  return {};
}

export function resolveSettings(
  request: SettingsRequest,
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
  const reclaimAfterMs = given.reclaimAfterMs ?? file.reclaimAfterMs;
  const memoryBudgetMb = given.memoryBudgetMb ?? file.memoryBudgetMb;
  const network = given.network ?? file.network;
  const { streamingBytesPerSecond } = file;
  return {
    stateDirectory: resolve(flags.state ?? join(projectDirectory, DEFAULTS.stateDirectoryName)),
    port: given.port ?? file.port ?? DEFAULTS.port,
    httpPort: given.httpPort ?? file.httpPort ?? DEFAULTS.httpPort,
    host,
    ...(freezeAfterMs === undefined ? {} : { freezeAfterMs }),
    ...(reclaimAfterMs === undefined ? {} : { reclaimAfterMs }),
    spares: given.spares ?? file.spares ?? DEFAULTS.spares,
    timeScale: given.timeScale ?? file.timeScale ?? DEFAULTS.timeScale,
    keepAlive: given.keepAlive ?? file.keepAlive ?? DEFAULTS.keepAlive,
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
    reclaimAfterMs: flags.reclaimAfter,
    spares: flags.spares,
    keepAlive: flags.keepAlive,
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
  const result = checked(settingsShape, written);
  if (result.ok) return result.value;
  const flagNames: Readonly<Record<string, string>> = {
    httpPort: 'http-port',
    freezeAfterMs: 'freeze-after',
    reclaimAfterMs: 'reclaim-after',
    keepAlive: 'keep-alive',
    idleTimeoutMs: 'idle-timeout',
    memoryBudgetMb: 'memory-budget',
    timeScale: 'time-scale',
    unreservedMinimum: 'unreserved-minimum',
    requestRate: 'request-rate',
    scalingRate: 'scaling-rate',
  };
  for (const issue of result.issues) {
    const key = String(issue.path[0]);
    problems.add({
      path: `--${flagNames[key] ?? key}`,
      value: (written as Record<string, unknown>)[key],
      expected: issue.expected,
      remedy: 'Change the flag.',
    });
  }
  return {};
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
