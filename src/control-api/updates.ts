/** UpdateFunctionCode and UpdateFunctionConfiguration. */

import type { Revision } from '../registry/records.js';
import { checkCombinedSize, takeCode, type CodeInput, type TakenCode } from './code.js';
import { configurationOf } from './configuration.js';
import { invalid } from './failure.js';
import { holdLayers } from './layer-use.js';
import { withCode } from './functions.js';
import type { Answer, ControlRequest } from './operation.js';
import type { ControlParts } from './parts.js';
import { checkRevision, refuseIfChanged, refuseWhileBusy, whenBuilt } from './progress.js';
import { publish } from './publish.js';
import { refuseTenancyChange, refuseUnserved, settled, type SettingsInput } from './settings.js';
import { arnOf, existingFunction, revisionOf } from './target.js';

interface CodeUpdate extends CodeInput {
  readonly FunctionName: string;
  readonly Architectures?: readonly ('x86_64' | 'arm64')[];
  readonly Publish?: boolean;
  readonly DryRun?: boolean;
  readonly RevisionId?: string;
}

export async function updateFunctionCode({
  parts,
  input,
}: ControlRequest<CodeUpdate>): Promise<Answer> {
  const { registry } = parts;
  const { name } = existingFunction(parts, input.FunctionName);
  refuseUnserved(input as unknown as Record<string, unknown>);
  refuseWhileBusy(parts, name);
  checkRevision(parts, name, input.RevisionId);
  const before = registry.revision(name) as Revision;
  checkPackageType(before, input);
  const end = registry.begin(name, 'updating');
  let code: TakenCode | undefined;
  try {
    code = await takeCode(parts, input);
    const { Architectures } = input;
    const made = settled(parts, before, Architectures === undefined ? {} : { Architectures });
    const revision = registry.newRevision(withCode(parts, made, code));
    await checkCombinedSize(parts, revision);
    refuseIfChanged(parts, name, before);
    if (input.DryRun === true) {
      const arn = arnOf(parts, { name });
      const answer = configurationOf(parts, name, { revision, version: '$LATEST', arn });
      end();
      code.done();
      return { body: answer };
    }
    replace(parts, name, revision);
    // The name may be the same and mean another image now.
    if (code.kind === 'image') parts.router.deployment(name)?.codeChanged();
    whenBuilt(parts, name, end, code.done);
  } catch (error) {
    end();
    code?.done();
    // What was deleted meanwhile took its package with it.
    refuseIfChanged(parts, name, before);
    throw error;
  }
  return answerOf(parts, name, input.Publish === true);
}

/** Contract 8.6. */
function checkPackageType({ definition }: Revision, { ImageUri, ...rest }: CodeUpdate): void {
  const isImage = definition.image !== undefined;
  if (!isImage && ImageUri !== undefined) {
    throw invalid("Please don't provide ImageUri when updating a function with packageType Zip.");
  }
  const hasPackage = (rest.ZipFile ?? rest.S3Bucket ?? rest.S3Key) !== undefined;
  if (isImage && (ImageUri === undefined || hasPackage)) {
    throw invalid('Please provide ImageUri when updating a function with packageType Image.');
  }
}

interface ConfigurationUpdate extends SettingsInput {
  readonly FunctionName: string;
  readonly RevisionId?: string;
}

export async function updateFunctionConfiguration({
  parts,
  input,
}: ControlRequest<ConfigurationUpdate>): Promise<Answer> {
  const { registry } = parts;
  const { name } = existingFunction(parts, input.FunctionName);
  refuseUnserved(input as unknown as Record<string, unknown>);
  refuseTenancyChange(input);
  refuseWhileBusy(parts, name);
  checkRevision(parts, name, input.RevisionId);
  const before = registry.revision(name) as Revision;
  const made = settled(parts, before, input);
  const code = before.code === undefined ? {} : { code: before.code };
  const end = registry.begin(name, 'updating');
  const release = holdLayers(parts, made.layers);
  try {
    if (input.Layers !== undefined) await checkCombinedSize(parts, made);
    refuseIfChanged(parts, name, before);
    replace(parts, name, registry.newRevision({ ...made, ...code }));
    whenBuilt(parts, name, end);
  } catch (error) {
    end();
    refuseIfChanged(parts, name, before);
    throw error;
  } finally {
    release();
  }
  return { body: { ...configurationOf(parts, name, revisionOf(parts, { name })), ...IN_PROGRESS } };
}

/** What the answer says however fast the update was. */
const IN_PROGRESS = {
  State: 'Active',
  LastUpdateStatus: 'InProgress',
  LastUpdateStatusReason: 'The function is being created.',
  LastUpdateStatusReasonCode: 'Creating',
} as const;

function replace(parts: ControlParts, name: string, revision: Revision): void {
  const { registry } = parts;
  registry.setLatest(name, revision);
  void parts.packages.collect(() => registry.packages());
  if (registry.isFromFile(name)) {
    parts.tell(`${name} was changed through the API; this holds until its file changes`);
  }
}

async function answerOf(parts: ControlParts, name: string, published: boolean): Promise<Answer> {
  if (!published) {
    const resolved = revisionOf(parts, { name });
    return { body: { ...configurationOf(parts, name, resolved), ...IN_PROGRESS } };
  }
  const version = await publish(parts, name);
  const arn = arnOf(parts, { name, qualifier: version.version });
  const resolved = { revision: version, version: version.version, arn };
  return { body: configurationOf(parts, name, resolved) };
}
