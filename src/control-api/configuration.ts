/** A revision as clients read it: FunctionConfiguration (contract 8.7). */

import { createHash } from 'node:crypto';
import type { FunctionVersion } from '../function/function-version.js';
import type { Revision } from '../registry/records.js';
import { LATEST } from '../registry/records.js';
import type { ControlParts } from './parts.js';
import { arnOf, type ResolvedRevision } from './target.js';

/** The whole configuration, with the state it is in. */
export function configurationOf(
  parts: ControlParts,
  name: string,
  resolved: ResolvedRevision,
): Record<string, unknown> {
  const { revision, version } = resolved;
  const { runtime } = revision.definition;
  const digest = createHash('sha256').update(runtime).digest('hex');
  return {
    ...summaryOf(parts, name, resolved),
    ...(version === LATEST ? stateOf(parts, name) : ACTIVE),
    ...(revision.definition.image === undefined
      ? {
          RuntimeVersionConfig: {
            RuntimeVersionArn: `arn:aws:lambda:${parts.region}::runtime:${digest}`,
          },
        }
      : {}),
  };
}

/** The role that a function is said to run as; nothing here runs with its rights. */
export function roleArnOf(
  accountId: string,
  revision: Pick<Revision, 'details'> | undefined,
): string {
  return revision?.details.role ?? `arn:aws:iam::${accountId}:role/lambda-role`;
}

/** What a list tells of a function: all but its state, as AWS does. */
export function summaryOf(
  parts: ControlParts,
  name: string,
  { revision, version, arn }: ResolvedRevision,
): Record<string, unknown> {
  const { definition, details } = revision;
  const { image } = definition;
  return {
    FunctionName: name,
    FunctionArn: arn,
    ...(image === undefined ? { Runtime: definition.runtime, Handler: definition.handler } : {}),
    Role: roleArnOf(parts.accountId, revision),
    ...codeFacts(parts, name, revision, version),
    Description: definition.description,
    Timeout: definition.timeoutSeconds,
    MemorySize: definition.memoryMb,
    Version: version,
    ...(details.vpc === undefined ? {} : { VpcConfig: { ...details.vpc, VpcId: '' } }),
    ...(definition.deadLetterTargetArn === undefined
      ? {}
      : { DeadLetterConfig: { TargetArn: definition.deadLetterTargetArn } }),
    ...(Object.keys(definition.environment).length === 0
      ? {}
      : { Environment: { Variables: definition.environment } }),
    ...(details.kmsKeyArn === undefined ? {} : { KMSKeyArn: details.kmsKeyArn }),
    TracingConfig: { Mode: details.tracing ?? 'PassThrough' },
    ...layersOf(parts, revision),
    ...(details.fileSystems === undefined ? {} : { FileSystemConfigs: details.fileSystems }),
    PackageType: image === undefined ? 'Zip' : 'Image',
    ...imageConfigOf(revision),
    Architectures: [definition.architecture],
    EphemeralStorage: { Size: definition.ephemeralStorageMb },
    SnapStart: snapStartOf(revision, version),
    LoggingConfig: loggingOf(revision, name),
    ...(definition.tenancy === undefined
      ? {}
      : { TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } }),
  };
}

const ACTIVE = { State: 'Active', LastUpdateStatus: 'Successful' } as const;
const CREATING = 'The function is being created.';

function stateOf(parts: ControlParts, name: string): object {
  const progress = parts.registry.progress(name);
  const deployment = parts.router.deployment(name);
  const problem = deployment?.problem;
  // What its files bring is made at the first event; only what has never been made is pending.
  const isUnmade = deployment?.description.key === '';
  if (progress === 'creating' || (isUnmade && progress === undefined && problem === undefined)) {
    return { State: 'Pending', StateReason: CREATING, StateReasonCode: 'Creating' };
  }
  if (progress === 'updating') {
    return {
      State: 'Active',
      LastUpdateStatus: 'InProgress',
      LastUpdateStatusReason: CREATING,
      LastUpdateStatusReasonCode: 'Creating',
    };
  }
  if (problem === undefined) return ACTIVE;
  const reason = [problem.message, problem.remedy].filter(Boolean).join('. ');
  if (isUnmade) return { State: 'Failed', StateReason: reason, StateReasonCode: 'InternalError' };
  return {
    State: 'Active',
    LastUpdateStatus: 'Failed',
    LastUpdateStatusReason: reason,
    LastUpdateStatusReasonCode: 'InternalError',
  };
}

/** Of code in the user's own folder: what the present version was built from. */
function codeFacts(parts: ControlParts, name: string, revision: Revision, version: string): object {
  const { code, modifiedAtMs } = revision;
  const built = version === LATEST ? parts.router.deployment(name)?.description : undefined;
  const ownFolder = version === LATEST && code === undefined;
  return {
    CodeSize: code?.size ?? built?.codeSize ?? 0,
    CodeSha256: code?.sha256 ?? revision.details.imageSha256 ?? built?.codeSha256 ?? '',
    LastModified: timestamp(
      Math.max(modifiedAtMs, ownFolder && built?.key !== '' ? (built?.modifiedAtMs ?? 0) : 0),
    ),
    RevisionId: revisionIdOf(revision, ownFolder ? built : undefined),
  };
}

/** The revision's own, until code in the user's folder changes. */
function revisionIdOf(revision: Revision, built: Pick<FunctionVersion, 'key'> | undefined): string {
  if (built === undefined || built.key === '') return revision.revisionId;
  const hex = createHash('sha256').update(`${revision.revisionId} ${built.key}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Present `RevisionId` of `$LATEST`. */
export function currentRevisionId(parts: ControlParts, name: string): string | undefined {
  const revision = parts.registry.revision(name);
  if (revision === undefined) return undefined;
  const built = parts.router.deployment(name)?.description;
  return revisionIdOf(revision, revision.code === undefined ? built : undefined);
}

/** Folders of a file's functions get ARNs of the recorded form, numbered from 1. */
function layersOf(parts: ControlParts, { layers, definition }: Revision): object {
  if (layers.length > 0) {
    return { Layers: layers.map(({ arn, size }) => ({ Arn: arn, CodeSize: size })) };
  }
  if (definition.layerPaths.length === 0) return {};
  return {
    Layers: definition.layerPaths.map((path, index) => {
      const layer = (path.split('/').at(-1) ?? '').replace(/[^a-zA-Z0-9-_]/g, '-');
      const account = `arn:aws:lambda:${parts.region}:${parts.accountId}`;
      return { Arn: `${account}:layer:${layer}:${index + 1}`, CodeSize: 0 };
    }),
  };
}

function imageConfigOf({ definition }: Revision): object {
  const { imageConfig } = definition;
  if (imageConfig === undefined) return {};
  const { entryPoint, command, workingDirectory } = imageConfig;
  return {
    ImageConfigResponse: {
      ImageConfig: {
        ...(entryPoint === undefined ? {} : { EntryPoint: entryPoint }),
        ...(command === undefined ? {} : { Command: command }),
        ...(workingDirectory === undefined ? {} : { WorkingDirectory: workingDirectory }),
      },
    },
  };
}

function snapStartOf({ definition }: Revision, version: string): object {
  const applies = definition.snapStart === 'PublishedVersions';
  return {
    ApplyOn: applies ? 'PublishedVersions' : 'None',
    OptimizationStatus: applies && version !== LATEST ? 'On' : 'Off',
  };
}

function loggingOf({ definition }: Revision, name: string): object {
  const { logging } = definition;
  return {
    LogFormat: logging?.format ?? 'Text',
    ...(logging?.format === 'JSON'
      ? {
          ApplicationLogLevel: logging.applicationLevel ?? 'INFO',
          SystemLogLevel: logging.systemLevel ?? 'INFO',
        }
      : {}),
    LogGroup: logging?.group ?? `/aws/lambda/${name}`,
  };
}

/** As Lambda writes times of functions. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+0000');
}

export function latestOf(parts: ControlParts, name: string): ResolvedRevision | undefined {
  const revision = parts.registry.revision(name);
  if (revision === undefined) return undefined;
  return { revision, version: LATEST, arn: arnOf(parts, { name }) };
}
