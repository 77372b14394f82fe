/** Layers: publishing, reading, deleting, and who may use them (contract 3.5, 8.2, 8.11). */

import type { LayerRecord, LayerVersionRecord, StoredPackage } from '../registry/records.js';
import { noObject, takeZip, type CodeInput } from './code.js';
import { timestamp } from './configuration.js';
import { layerLocation } from './download.js';
import { conflict, invalid, notFound, wrongRevision } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';
import type { ControlParts } from './parts.js';
import { statementOf, type StatementInput } from './statement.js';

interface PublishInput {
  readonly LayerName: string;
  readonly Content: CodeInput;
  readonly Description?: string;
  readonly LicenseInfo?: string;
  readonly CompatibleRuntimes?: readonly string[];
  readonly CompatibleArchitectures?: readonly string[];
}

export async function publishLayerVersion({
  parts,
  input,
  call,
}: ControlRequest<PublishInput>): Promise<Answer> {
  const name = layerName(parts, input.LayerName);
  const { ZipFile, S3Bucket, S3Key } = input.Content;
  if (ZipFile === undefined) {
    if ((S3Bucket ?? S3Key) !== undefined) throw noObject();
    throw invalid('Please provide a source for layer content.');
  }
  const { code, done } = await takeZip(parts, ZipFile);
  try {
    const layer = parts.registry.changeLayer(name, (draft) => {
      draft.lastVersion += 1;
      draft.versions.push(versionOf(parts, input, draft.lastVersion, code));
    });
    const version = layer.versions.at(-1) as LayerVersionRecord;
    return { body: detail(parts, name, version, call.request.headers.host ?? '') };
  } finally {
    done();
  }
}

function versionOf(
  parts: ControlParts,
  input: PublishInput,
  version: number,
  content: StoredPackage,
): LayerVersionRecord {
  const { LicenseInfo, CompatibleRuntimes, CompatibleArchitectures } = input;
  return {
    version,
    description: input.Description ?? '',
    ...(LicenseInfo === undefined ? {} : { licenseInfo: LicenseInfo }),
    ...(CompatibleRuntimes === undefined ? {} : { compatibleRuntimes: CompatibleRuntimes }),
    ...(CompatibleArchitectures === undefined
      ? {}
      : { compatibleArchitectures: CompatibleArchitectures }),
    content,
    createdAtMs: parts.now(),
  };
}

interface VersionInput {
  readonly LayerName: string;
  readonly VersionNumber: number;
}

export function getLayerVersion({ parts, input, call }: ControlRequest<VersionInput>): Answer {
  const { name, version } = existingVersion(parts, input);
  return { body: detail(parts, name, version, call.request.headers.host ?? '') };
}

export function getLayerVersionByArn({
  parts,
  input,
  call,
}: ControlRequest<{ readonly Arn: string }>): Answer {
  const { Arn } = input;
  const [, name = '', number = ''] = /:layer:([^:]+):(\d+)$/.exec(Arn) ?? [];
  const target = { LayerName: Arn.replace(/:\d+$/, ''), VersionNumber: Number(number) };
  if (name === '') throw layerMissing();
  const found = existingVersion(parts, target);
  return { body: detail(parts, found.name, found.version, call.request.headers.host ?? '') };
}

/** Functions that use it keep it; it is gone for new ones. */
export function deleteLayerVersion({ parts, input }: ControlRequest<VersionInput>): Answer {
  const name = layerName(parts, input.LayerName);
  checkNumber(input.VersionNumber);
  if (parts.registry.layer(name) !== undefined) {
    parts.registry.changeLayer(name, (draft) => {
      draft.versions = draft.versions.filter(({ version }) => version !== input.VersionNumber);
    });
    void parts.packages.collect(() => parts.registry.packages());
  }
  return {};
}

interface ListInput extends PageInput {
  readonly LayerName: string;
  readonly CompatibleRuntime?: string;
  readonly CompatibleArchitecture?: string;
}

const PAGE = 50;

export function listLayerVersions({ parts, input }: ControlRequest<ListInput>): Answer {
  const name = layerName(parts, input.LayerName);
  const versions = (parts.registry.layer(name)?.versions ?? [])
    .filter((version) => suits(version, input))
    .reverse()
    .map((version) => ({ key: descending(version.version), version }));
  const { page, next } = pageOf(versions, input, PAGE);
  return {
    body: { LayerVersions: page.map(({ version }) => summary(parts, name, version)), ...next },
  };
}

export function listLayers({ parts, input }: ControlRequest<Omit<ListInput, 'LayerName'>>): Answer {
  const layers = parts.registry.layers().flatMap((layer) => {
    const latest = layer.versions.filter((version) => suits(version, input)).at(-1);
    return latest === undefined ? [] : [{ key: layer.name, latest }];
  });
  const { page, next } = pageOf(layers, input, PAGE);
  return {
    body: {
      Layers: page.map(({ key, latest }) => ({
        LayerName: key,
        LayerArn: layerArn(parts, key),
        LatestMatchingVersion: summary(parts, key, latest),
      })),
      ...next,
    },
  };
}

interface PermissionInput extends VersionInput, StatementInput {
  readonly OrganizationId?: string;
  readonly RevisionId?: string;
}

export function addLayerVersionPermission({
  parts,
  input,
}: ControlRequest<PermissionInput>): Answer {
  const { name, version } = existingVersion(parts, input);
  checkPolicyRevision(version, input.RevisionId);
  const before = version.policy?.statements ?? [];
  if (before.some(({ Sid }) => Sid === input.StatementId)) {
    throw conflict(
      `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  const { OrganizationId } = input;
  const statement = {
    ...statementOf(input, versionArn(parts, name, version.version)),
    ...(OrganizationId === undefined
      ? {}
      : { Condition: { StringEquals: { 'aws:PrincipalOrgID': OrganizationId } } }),
  };
  const revisionId = parts.registry.newRevisionId();
  changeVersion(parts, name, version.version, (draft) => {
    draft.policy = { statements: [...before, statement], revisionId };
  });
  return { body: { Statement: JSON.stringify(statement), RevisionId: revisionId } };
}

interface RemovalInput extends VersionInput {
  readonly StatementId: string;
  readonly RevisionId?: string;
}

export function removeLayerVersionPermission({
  parts,
  input,
}: ControlRequest<RemovalInput>): Answer {
  const { name, version } = existingVersion(parts, input);
  checkPolicyRevision(version, input.RevisionId);
  const before = version.policy?.statements ?? [];
  const left = before.filter(({ Sid }) => Sid !== input.StatementId);
  if (left.length === before.length) {
    throw notFound(`Statement ${input.StatementId} is not found in resource policy.`);
  }
  const revisionId = parts.registry.newRevisionId();
  changeVersion(parts, name, version.version, (draft) => {
    if (left.length === 0) delete draft.policy;
    else draft.policy = { statements: left, revisionId };
  });
  return {};
}

export function getLayerVersionPolicy({ parts, input }: ControlRequest<VersionInput>): Answer {
  const { version } = existingVersion(parts, input);
  if (version.policy === undefined) {
    throw notFound('No policy is associated with the given resource.');
  }
  const { statements, revisionId } = version.policy;
  const policy = { Version: '2012-10-17', Id: 'default', Statement: statements };
  return { body: { Policy: JSON.stringify(policy), RevisionId: revisionId } };
}

function checkPolicyRevision({ policy }: LayerVersionRecord, given: string | undefined): void {
  if (given !== undefined && given !== policy?.revisionId) throw wrongRevision('GetLayerPolicy');
}

function changeVersion(
  parts: ControlParts,
  name: string,
  number: number,
  edit: (version: LayerVersionRecord) => void,
): LayerRecord {
  return parts.registry.changeLayer(name, (draft) => {
    const version = draft.versions.find((one) => one.version === number);
    if (version !== undefined) edit(version);
  });
}

/** A layer's name, written alone or as an ARN. */
function layerName(parts: ControlParts, text: string): string {
  if (!text.startsWith('arn:')) return text;
  const [, , , region = '', account, , name = ''] = text.split(':');
  if (region !== parts.region) {
    throw invalid(
      `Layers are not in the same region as the function. Layers are expected to be in region ${parts.region}.`,
    );
  }
  if (account !== parts.accountId) throw layerMissing();
  return name;
}

function existingVersion(parts: ControlParts, { LayerName, VersionNumber }: VersionInput) {
  const name = layerName(parts, LayerName);
  checkNumber(VersionNumber);
  const version = parts.registry.layer(name)?.versions.find((one) => one.version === VersionNumber);
  if (version === undefined) throw layerMissing();
  return { name, version };
}

function checkNumber(number: number): void {
  if (number < 1) throw invalid('Layer Version Cannot be less than 1.');
}

function layerMissing() {
  return notFound('The resource you requested does not exist.');
}

function suits(
  { compatibleRuntimes, compatibleArchitectures }: LayerVersionRecord,
  wanted: Pick<ListInput, 'CompatibleRuntime' | 'CompatibleArchitecture'>,
): boolean {
  const { CompatibleRuntime: runtime, CompatibleArchitecture: architecture } = wanted;
  return (
    (runtime === undefined || compatibleRuntimes?.includes(runtime) === true) &&
    (architecture === undefined || compatibleArchitectures?.includes(architecture) === true)
  );
}

function summary(parts: ControlParts, name: string, version: LayerVersionRecord): object {
  const { compatibleRuntimes, compatibleArchitectures, licenseInfo } = version;
  return {
    LayerVersionArn: versionArn(parts, name, version.version),
    Version: version.version,
    Description: version.description,
    CreatedDate: timestamp(version.createdAtMs),
    ...(compatibleRuntimes === undefined ? {} : { CompatibleRuntimes: compatibleRuntimes }),
    ...(licenseInfo === undefined ? {} : { LicenseInfo: licenseInfo }),
    ...(compatibleArchitectures === undefined
      ? {}
      : { CompatibleArchitectures: compatibleArchitectures }),
  };
}

function detail(
  parts: ControlParts,
  name: string,
  version: LayerVersionRecord,
  host: string,
): object {
  const { sha256, size } = version.content;
  return {
    Content: {
      Location: layerLocation(name, version.version, host),
      CodeSha256: sha256,
      CodeSize: size,
    },
    LayerArn: layerArn(parts, name),
    ...summary(parts, name, version),
  };
}

function layerArn({ region, accountId }: ControlParts, name: string): string {
  return `arn:aws:lambda:${region}:${accountId}:layer:${name}`;
}

function versionArn(parts: ControlParts, name: string, version: number): string {
  return `${layerArn(parts, name)}:${version}`;
}

/** Newest first, in the order of keys. */
function descending(version: number): string {
  return String(10 ** 12 - version).padStart(13, '0');
}
