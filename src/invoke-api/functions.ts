/**
 * Reading functions: list, get, get configuration (contract 8.7).
 */

import { createHash } from 'node:crypto';
import type { FunctionVersion } from '../function/function-version.js';

const MOST_ITEMS = 50;

/** The configuration object of contract 8.7 with its recorded defaults. */
export function functionConfiguration(version: FunctionVersion, accountId: string): object {
  return {
    FunctionName: version.name,
    FunctionArn: version.functionArn,
    Runtime: version.runtime,
    Role: `arn:aws:iam::${accountId}:role/lambda-role`,
    Handler: version.handler,
    CodeSize: version.codeSize,
    Description: version.description,
    Timeout: version.timeoutSeconds,
    MemorySize: version.memoryMb,
    LastModified: new Date(version.modifiedAtMs).toISOString().replace('Z', '+0000'),
    CodeSha256: version.codeSha256,
    Version: version.version,
    ...(Object.keys(version.environment).length === 0
      ? {}
      : { Environment: { Variables: version.environment } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: revisionId(version),
    State: version.key === '' ? 'Pending' : 'Active',
    LastUpdateStatus: version.key === '' ? 'InProgress' : 'Successful',
    PackageType: 'Zip',
    Architectures: [version.architecture],
    EphemeralStorage: { Size: version.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${version.name}` },
  };
}

export function functionDescription(
  version: FunctionVersion,
  accountId: string,
  reservedConcurrency: number | undefined,
): object {
  return {
    Configuration: functionConfiguration(version, accountId),
    Code: { RepositoryType: 'S3', Location: `file://${version.codePath}` },
    Tags: {},
    ...(reservedConcurrency === undefined
      ? {}
      : { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
  };
}

/** One page, in the order of names; `Marker` is the last name of the page before. */
export function functionPage(
  versions: readonly FunctionVersion[],
  accountId: string,
  query: URLSearchParams,
): object {
  const asked = Number(query.get('MaxItems') ?? MOST_ITEMS);
  const most = Number.isInteger(asked) && asked > 0 ? Math.min(asked, MOST_ITEMS) : MOST_ITEMS;
  const after = query.get('Marker') ?? '';
  const left = [...versions]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter((version) => after === '' || version.name > after);
  const page = left.slice(0, most);
  const last = page.at(-1);
  return {
    Functions: page.map((version) => functionConfiguration(version, accountId)),
    ...(left.length > page.length && last !== undefined ? { NextMarker: last.name } : {}),
  };
}

/** UUID-shaped and changing with every change, as AWS's does. */
function revisionId(version: FunctionVersion): string {
  const hex = createHash('sha256').update(`${version.name} ${version.key}`).digest('hex');
  return [8, 4, 4, 4, 12]
    .reduce<{ at: number; parts: string[] }>(
      ({ at, parts }, length) => ({
        at: at + length,
        parts: [...parts, hex.slice(at, at + length)],
      }),
      { at: 0, parts: [] },
    )
    .parts.join('-');
}
