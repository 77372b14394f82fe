/** What is kept of functions and layers. Plain data: it is written as JSON. */

import type { EventInvokeConfig, FunctionDefinition } from '../function/function-version.js';

/** Code or a layer in our keeping. Never changes. */
export interface StoredPackage {
  /** Name inside the folder of packages: a zip, or a folder that was published. */
  readonly file: string;
  /** Base64, as AWS reports it. */
  readonly sha256: string;
  /** Bytes of the zip. */
  readonly size: number;
}

/** Settings that are told to clients and change nothing about how a function runs here. */
export interface Details {
  readonly role?: string;
  readonly tracing?: 'Active' | 'PassThrough';
  readonly vpc?: Readonly<Record<string, unknown>>;
  readonly kmsKeyArn?: string;
  readonly fileSystems?: readonly unknown[];
  /** Of image functions, as they were named. */
  readonly imageUri?: string;
  /** Of their published versions. */
  readonly imageSha256?: string;
  readonly resolvedImageUri?: string;
}

export interface LayerUse {
  readonly arn: string;
  readonly size: number;
  /** The layer's package; it outlives the layer version as long as it is used. */
  readonly file: string;
}

/** One state of a function's code and configuration: `$LATEST` now, or a published version. */
export interface Revision {
  readonly definition: FunctionDefinition;
  readonly details: Details;
  readonly layers: readonly LayerUse[];
  /** Absent: the code is in the user's own folder, or in an image. */
  readonly code?: StoredPackage;
  readonly revisionId: string;
  readonly modifiedAtMs: number;
}

export interface PublishedVersion extends Revision {
  readonly version: string;
  /** Equal fingerprints: publishing again would change nothing. */
  readonly fingerprint: string;
  /** Published by itself, and dropped by itself when enough newer ones are there. */
  readonly automatic?: true;
}

export interface AliasRecord {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Version → share of the invocations; the rest go to `version`. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string;
}

export interface EventInvokeRecord extends EventInvokeConfig {
  readonly modifiedAtMs: number;
}

export interface UrlRecord {
  readonly urlId: string;
  readonly authType: 'NONE' | 'AWS_IAM';
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors?: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
}

export interface PolicyRecord {
  readonly statements: readonly Readonly<Record<string, unknown>>[];
  readonly revisionId: string;
}

export interface ProvisionedRecord {
  readonly requested: number;
  readonly modifiedAtMs: number;
}

export interface RuntimeManagementRecord {
  readonly updateOn: 'Auto' | 'Manual' | 'FunctionUpdate';
  readonly versionArn?: string;
}

/**
 * Keyed by qualifier; `$LATEST` stands for the unqualified function. Without a prototype: an alias
 * may be called `constructor`.
 */
export type PerQualifier<T> = Record<string, T>;

export interface FunctionRecord {
  name: string;
  /** Of a function made through the API; those from files have theirs in the file. */
  latest?: Revision;
  /** Number of the last version that was published; numbers are never used again. */
  lastVersion: number;
  versions: PublishedVersion[];
  aliases: PerQualifier<AliasRecord>;
  reservedConcurrency?: number;
  provisioned: PerQualifier<ProvisionedRecord>;
  eventInvoke: PerQualifier<EventInvokeRecord>;
  urls: PerQualifier<UrlRecord>;
  policies: PerQualifier<PolicyRecord>;
  runtimeManagement: PerQualifier<RuntimeManagementRecord>;
  tags: Record<string, string>;
  recursion: 'Allow' | 'Terminate';
}

export interface LayerVersionRecord {
  readonly version: number;
  readonly description: string;
  readonly licenseInfo?: string;
  readonly compatibleRuntimes?: readonly string[];
  readonly compatibleArchitectures?: readonly string[];
  readonly content: StoredPackage;
  readonly createdAtMs: number;
  policy?: PolicyRecord;
}

export interface LayerRecord {
  name: string;
  lastVersion: number;
  versions: LayerVersionRecord[];
}

export const LATEST = '$LATEST';

export function newRecord(name: string): FunctionRecord {
  return {
    name,
    lastVersion: 0,
    versions: [],
    aliases: bare({}),
    provisioned: bare({}),
    eventInvoke: bare({}),
    urls: bare({}),
    policies: bare({}),
    runtimeManagement: bare({}),
    tags: {},
    recursion: 'Terminate',
  };
}

/** A copy that shares nothing with the record, and has what newer versions of it have. */
export function copyOf(record: FunctionRecord): FunctionRecord {
  const copy = { ...newRecord(record.name), ...structuredClone(record) };
  return {
    ...copy,
    aliases: bare(copy.aliases),
    provisioned: bare(copy.provisioned),
    eventInvoke: bare(copy.eventInvoke),
    urls: bare(copy.urls),
    policies: bare(copy.policies),
    runtimeManagement: bare(copy.runtimeManagement),
  };
}

function bare<T>(entries: PerQualifier<T>): PerQualifier<T> {
  return Object.assign(Object.create(null) as PerQualifier<T>, entries);
}

/** The definition that runs a published version. */
export function definitionOf(version: PublishedVersion): FunctionDefinition {
  return { ...version.definition, publishedVersion: version.version };
}
