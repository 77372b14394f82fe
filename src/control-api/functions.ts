/** CreateFunction, GetFunction, GetFunctionConfiguration, DeleteFunction. */

import type { FunctionDefinition } from '../function/function-version.js';
import { LATEST, newRecord, type Revision } from '../registry/records.js';
import { checkCombinedSize, takeCode, type CodeInput, type TakenCode } from './code.js';
import { configurationOf } from './configuration.js';
import { codeLocation } from './download.js';
import { conflict, invalid } from './failure.js';
import { holdLayers } from './layer-use.js';
import type { Answer, ControlRequest } from './operation.js';
import type { ControlParts } from './parts.js';
import { publish } from './publish.js';
import { refuseUnserved, settled, type SettingsInput } from './settings.js';
import { checkTags } from './tag-rules.js';
import { arnOf, existing, readTarget, revisionOf } from './target.js';
import { DEFAULTS } from '../config/defaults.js';
import { whenBuilt } from './progress.js';

interface CreateInput extends SettingsInput {
  readonly FunctionName: string;
  readonly Code: CodeInput;
  readonly PackageType?: 'Zip' | 'Image';
  readonly Publish?: boolean;
  readonly Tags?: Readonly<Record<string, string>>;
}

export async function createFunction({
  parts,
  input,
}: ControlRequest<CreateInput>): Promise<Answer> {
  const { registry } = parts;
  const { name } = readTarget(parts, input.FunctionName);
  checkCreation(parts, name, input);
  const code = await takeCode(parts, input.Code);
  let release = (): void => undefined;
  try {
    const revision = registry.newRevision(firstRevision(parts, name, input, code));
    release = holdLayers(parts, revision.layers);
    await checkCombinedSize(parts, revision);
    // Somebody else may have made it while the package was unpacked.
    refuseExisting(parts, name);
    const end = registry.begin(name, 'creating');
    try {
      registry.change(name, (record) => {
        Object.assign(record, newRecord(name), { latest: revision, tags: { ...input.Tags } });
      });
    } catch (error) {
      end();
      throw error;
    }
    whenBuilt(parts, name, end, code.done);
  } catch (error) {
    code.done();
    throw error;
  } finally {
    release();
  }
  if (input.Publish === true) {
    const version = await publish(parts, name);
    const arn = arnOf(parts, { name, qualifier: version.version });
    const resolved = { revision: version, version: version.version, arn };
    return { body: { ...configurationOf(parts, name, resolved), ...PENDING } };
  }
  const resolved = revisionOf(parts, { name });
  return { body: { ...configurationOf(parts, name, resolved), ...PENDING } };
}

/** What the answer says however fast the function was made. */
const PENDING = {
  State: 'Pending',
  StateReason: 'The function is being created.',
  StateReasonCode: 'Creating',
} as const;

function checkCreation(parts: ControlParts, name: string, input: CreateInput): void {
  refuseUnserved(input as unknown as Record<string, unknown>);
  const isImage = input.PackageType === 'Image';
  if (isImage && (input.Code.ImageUri ?? '') === '') {
    throw invalid('Please provide ImageUri when creating a function with packageType Image.');
  }
  if (!isImage && input.Code.ImageUri !== undefined) {
    throw invalid("Please don't provide ImageUri when creating a function with packageType Zip.");
  }
  if (!isImage && (input.Runtime === undefined || input.Handler === undefined)) {
    throw invalid(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
  }
  refuseExisting(parts, name);
  checkTags(input.Tags ?? {});
  // What is wrong with the settings is told before the package is looked at.
  settled(parts, blank(parts, name, input), input);
}

function refuseExisting(parts: ControlParts, name: string): void {
  if (parts.registry.revision(name) !== undefined) {
    throw conflict(`Function already exist: ${name}`);
  }
}

function blank(parts: ControlParts, name: string, input: CreateInput) {
  const definition: FunctionDefinition = {
    name,
    logicalId: name,
    runtime: '',
    handler: '',
    codePath: '',
    layerPaths: [],
    memoryMb: DEFAULTS.memoryMb,
    timeoutSeconds: DEFAULTS.timeoutSeconds,
    ephemeralStorageMb: DEFAULTS.ephemeralStorageMb,
    environment: {},
    architecture: parts.architecture,
    description: '',
    ...(input.PackageType === 'Image' ? { image: { uri: input.Code.ImageUri ?? '' } } : {}),
  };
  return { definition, details: {}, layers: [] };
}

function firstRevision(
  parts: ControlParts,
  name: string,
  input: CreateInput,
  code: TakenCode,
): Omit<Revision, 'revisionId' | 'modifiedAtMs'> {
  const made = settled(parts, blank(parts, name, input), input);
  return withCode(parts, made, code);
}

/** The revision with other code. */
export function withCode(
  parts: ControlParts,
  revision: Omit<Revision, 'revisionId' | 'modifiedAtMs' | 'code'>,
  taken: TakenCode,
): Omit<Revision, 'revisionId' | 'modifiedAtMs'> {
  const { definition, details, layers } = revision;
  switch (taken.kind) {
    case 'package':
      return {
        definition: { ...definition, codePath: parts.packages.pathOf(taken.code.file) },
        details,
        layers,
        code: taken.code,
      };
    case 'folder':
      return { definition: { ...definition, codePath: taken.path }, details, layers };
    case 'image':
      return {
        definition: { ...definition, image: { uri: taken.uri } },
        details: { ...details, imageUri: taken.uri },
        layers,
      };
  }
}

interface FunctionInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

export function getFunction({ parts, input, call }: ControlRequest<FunctionInput>): Answer {
  const target = existing(parts, input.FunctionName, input.Qualifier);
  const resolved = revisionOf(parts, target);
  const { tags } = parts.registry.record(target.name);
  const reserved = parts.registry.reservedConcurrency(target.name);
  return {
    body: {
      Configuration: configurationOf(parts, target.name, resolved),
      Code: codeLocation(parts, target.name, resolved, call.request.headers.host ?? ''),
      ...(Object.keys(tags).length === 0 ? {} : { Tags: tags }),
      ...(reserved === undefined
        ? {}
        : { Concurrency: { ReservedConcurrentExecutions: reserved } }),
    },
  };
}

export function getFunctionConfiguration({ parts, input }: ControlRequest<FunctionInput>): Answer {
  const target = existing(parts, input.FunctionName, input.Qualifier);
  return { body: configurationOf(parts, target.name, revisionOf(parts, target)) };
}

export function deleteFunction({ parts, input }: ControlRequest<FunctionInput>): Answer {
  const { registry } = parts;
  const { name, qualifier } = existing(parts, input.FunctionName, input.Qualifier);
  if (qualifier === undefined) {
    const wasFromFile = registry.isFromFile(name);
    registry.remove(name);
    if (wasFromFile) {
      parts.tell(`${name} was deleted through the API; it comes back when its file changes`);
    }
  } else deleteVersion(parts, name, qualifier);
  void parts.packages.collect(() => registry.packages());
  return { status: 204 };
}

function deleteVersion(parts: ControlParts, name: string, qualifier: string): void {
  const { registry } = parts;
  if (qualifier === LATEST) {
    throw invalid('$LATEST version cannot be deleted without deleting the function.');
  }
  if (!/^\d+$/.test(qualifier)) {
    throw invalid('Deletion of functions by alias is not currently supported.');
  }
  if (registry.version(name, qualifier) === undefined) return;
  const using = Object.values(registry.record(name).aliases).filter(
    ({ version, weights }) => version === qualifier || weights[qualifier] !== undefined,
  );
  if (using.length > 0) {
    const aliases = using.map((alias) => alias.name).join(', ');
    throw conflict(
      `Unable to delete version because the following aliases reference it: [${aliases}]`,
    );
  }
  registry.change(name, (record) => {
    record.versions = record.versions.filter(({ version }) => version !== qualifier);
    for (const perQualifier of [record.provisioned, record.eventInvoke, record.policies]) {
      delete perQualifier[qualifier];
    }
  });
}
