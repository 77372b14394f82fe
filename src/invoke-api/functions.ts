/**
 * Reading functions: ListFunctions, GetFunction, GetFunctionConfiguration, GetAccountSettings
 * (contract 8.2, 8.7, 8.11).
 */

import { createHash } from 'node:crypto';
import type { FunctionVersion } from '../function/function-version.js';
import { sendError, sendJson } from './answer.js';
import type { ApiContext, Call } from './call.js';
import { constraintsViolated } from './errors.js';
import { INVOKE_LIMITS } from './limits.js';
import { resolveFunction } from './reference.js';

export function listFunctions(call: Call): void {
  const { context, query } = call;
  const text = query.get('MaxItems') ?? String(INVOKE_LIMITS.functionsPerPage);
  const asked = /^-?\d+$/.test(text) ? Number(text) : 0;
  if (asked < 1 || asked > INVOKE_LIMITS.maxItems) {
    const bound =
      asked < 1 ? 'greater than or equal to 1' : `less than or equal to ${INVOKE_LIMITS.maxItems}`;
    const rule = `Member must have value ${bound}`;
    sendError(call, constraintsViolated([{ value: text, field: 'maxItems', rule }]));
    return;
  }
  const marker = query.get('Marker') ?? '';
  const left = context.router
    .list()
    .filter((version) => version.name > marker)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = left.slice(0, Math.min(asked, INVOKE_LIMITS.functionsPerPage));
  const last = page.at(-1);
  const qualified = query.get('FunctionVersion') === 'ALL';
  const arnOf = ({ functionArn, version }: FunctionVersion): string =>
    qualified ? `${functionArn}:${version}` : functionArn;
  sendJson(call, 200, {
    Functions: page.map((version) => summary(context, version, arnOf(version))),
    ...(left.length > page.length && last !== undefined ? { NextMarker: last.name } : {}),
  });
}

export function getFunction(call: Call): void {
  const { context } = call;
  const found = resolveFunction(context, call.name, call.query.get('Qualifier'), 'control');
  if ('error' in found) {
    sendError(call, found.error);
    return;
  }
  const { version, arn } = found;
  const reserved = context.router.reservedConcurrency(version.name);
  sendJson(call, 200, {
    Configuration: configuration(context, version, arn),
    Code: { RepositoryType: 'S3', Location: `file://${version.codePath}` },
    ...(reserved === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: reserved } }),
  });
}

export function getFunctionConfiguration(call: Call): void {
  const { context } = call;
  const found = resolveFunction(context, call.name, call.query.get('Qualifier'), 'control');
  if ('error' in found) sendError(call, found.error);
  else sendJson(call, 200, configuration(context, found.version, found.arn));
}

export function getAccountSettings(call: Call): void {
  const { router, concurrency } = call.context;
  const functions = router.list();
  const reserved = functions.reduce(
    (sum, { name }) => sum + (router.reservedConcurrency(name) ?? 0),
    0,
  );
  sendJson(call, 200, {
    AccountLimit: {
      TotalCodeSize: INVOKE_LIMITS.totalCodeBytes,
      CodeSizeUnzipped: INVOKE_LIMITS.unzippedCodeBytes,
      CodeSizeZipped: INVOKE_LIMITS.zippedCodeBytes,
      ConcurrentExecutions: concurrency,
      UnreservedConcurrentExecutions: Math.max(0, concurrency - reserved),
    },
    AccountUsage: {
      TotalCodeSize: functions.reduce((sum, { codeSize }) => sum + codeSize, 0),
      FunctionCount: functions.length,
    },
  });
}

/** What a list tells of a function: all but its state, as AWS does. */
function summary(context: ApiContext, version: FunctionVersion, arn: string): object {
  return {
    FunctionName: version.name,
    FunctionArn: arn,
    Runtime: version.runtime,
    Role: `arn:aws:iam::${context.accountId}:role/lambda-role`,
    Handler: version.handler,
    CodeSize: version.codeSize,
    Description: version.description,
    Timeout: version.timeoutSeconds,
    MemorySize: version.memoryMb,
    LastModified: new Date(version.modifiedAtMs).toISOString().replace('Z', '+0000'),
    CodeSha256: version.codeSha256,
    Version: version.version,
    Environment: { Variables: version.environment },
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: revisionId(version),
    ...layers(version),
    PackageType: 'Zip',
    Architectures: [version.architecture],
    EphemeralStorage: { Size: version.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${version.name}` },
  };
}

function configuration(context: ApiContext, version: FunctionVersion, arn: string): object {
  const runtime = createHash('sha256').update(version.runtime).digest('hex');
  // A version without a key is still being made.
  const state =
    version.key === ''
      ? {
          State: 'Pending',
          StateReason: 'The function is being created.',
          StateReasonCode: 'Creating',
        }
      : { State: 'Active', LastUpdateStatus: 'Successful' };
  return {
    ...summary(context, version, arn),
    ...state,
    RuntimeVersionConfig: {
      RuntimeVersionArn: `arn:aws:lambda:${context.region}::runtime:${runtime}`,
    },
  };
}

/** Layers are local folders; they get ARNs of the recorded form, numbered from 1. */
function layers({ layerPaths, functionArn }: FunctionVersion): object {
  if (layerPaths.length === 0) return {};
  const account = functionArn.slice(0, functionArn.indexOf(':function:'));
  return {
    Layers: layerPaths.map((path, index) => {
      const name = (path.split('/').at(-1) ?? '').replace(/[^a-zA-Z0-9-_]/g, '-');
      return { Arn: `${account}:layer:${name}:${index + 1}`, CodeSize: 0 };
    }),
  };
}

/** UUID-shaped and changing with every change, as AWS's does. */
function revisionId(version: FunctionVersion): string {
  const hex = createHash('sha256').update(`${version.name} ${version.key}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
