/** What CreateFunction and UpdateFunctionConfiguration set (contract 8.7), laid over what there is. */

import { snapStartProblem } from '../function/snap-start.js';
import { environmentProblems } from '../function/variables.js';
import type {
  FunctionDefinition,
  ImageConfig,
  LoggingConfig,
} from '../function/function-version.js';
import type { Details, LayerUse, Revision } from '../registry/records.js';
import { invalid } from './failure.js';
import { usedLayers } from './layer-use.js';
import type { ControlParts } from './parts.js';
import { runtimeProblem } from './runtime-check.js';

export interface SettingsInput {
  readonly Runtime?: string;
  readonly Handler?: string;
  readonly Role?: string;
  readonly Description?: string;
  readonly Timeout?: number;
  readonly MemorySize?: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly Layers?: readonly string[];
  readonly EphemeralStorage?: { readonly Size: number };
  readonly Architectures?: readonly ('x86_64' | 'arm64')[];
  readonly ImageConfig?: {
    readonly EntryPoint?: readonly string[];
    readonly Command?: readonly string[];
    readonly WorkingDirectory?: string;
  };
  readonly LoggingConfig?: {
    readonly LogFormat?: 'Text' | 'JSON';
    readonly ApplicationLogLevel?: LoggingConfig['applicationLevel'];
    readonly SystemLogLevel?: LoggingConfig['systemLevel'];
    readonly LogGroup?: string;
  };
  readonly SnapStart?: { readonly ApplyOn?: 'PublishedVersions' | 'None' };
  /** At creation only (contract 7.9). */
  readonly TenancyConfig?: { readonly TenantIsolationMode?: 'PER_TENANT' };
  readonly TracingConfig?: { readonly Mode?: 'Active' | 'PassThrough' };
  readonly DeadLetterConfig?: { readonly TargetArn?: string };
  readonly KMSKeyArn?: string;
  readonly VpcConfig?: Readonly<Record<string, unknown>>;
  readonly FileSystemConfigs?: readonly unknown[];
}

/** What only some clients ask for and nothing here does: told instead of passed over. */
const NOT_SERVED = [
  'CodeSigningConfigArn',
  'CapacityProviderConfig',
  'DurableConfig',
  'PublishTo',
] as const;

export function refuseUnserved(input: Readonly<Record<string, unknown>>): void {
  const asked = NOT_SERVED.find((name) => input[name] !== undefined && input[name] !== '');
  if (asked !== undefined) throw invalid(`${asked} is not supported by Orchestrator.`);
}

type Settled = Pick<Revision, 'definition' | 'details' | 'layers'>;

/** Raises what AWS answers about settings it does not take. */
export function settled(parts: ControlParts, before: Settled, input: SettingsInput): Settled {
  const isImage = before.definition.image !== undefined;
  checkPackageSettings(input, isImage);
  if (input.Environment?.Variables !== undefined) checkVariables(input.Environment.Variables);
  const layers = input.Layers === undefined ? before.layers : usedLayers(parts, input.Layers);
  if (isImage && layers.length > 0) {
    throw invalid("Please don't provide layers when packageType is Image.");
  }
  const definition = definitionWith(before.definition, input, layersChanged(input, layers, parts));
  checkSnapStart(definition);
  checkTenancy(definition);
  return { definition, details: detailsWith(before.details, input), layers };
}

function layersChanged(
  { Layers }: SettingsInput,
  layers: readonly LayerUse[],
  { packages }: ControlParts,
): Pick<FunctionDefinition, 'layerPaths'> | undefined {
  if (Layers === undefined) return undefined;
  return { layerPaths: layers.map(({ file }) => packages.pathOf(file)) };
}

function definitionWith(
  before: FunctionDefinition,
  input: SettingsInput,
  layers: Pick<FunctionDefinition, 'layerPaths'> | undefined,
): FunctionDefinition {
  const { image, imageConfig, logging, snapStart, deadLetterTargetArn, ...rest } = before;
  const target = input.DeadLetterConfig?.TargetArn ?? deadLetterTargetArn ?? '';
  const snap = input.SnapStart?.ApplyOn ?? snapStart;
  const overrides =
    input.ImageConfig === undefined ? imageConfig : imageConfigOf(input.ImageConfig);
  const log = input.LoggingConfig === undefined ? logging : loggingOf(input.LoggingConfig);
  return {
    ...rest,
    ...layers,
    runtime: input.Runtime ?? before.runtime,
    handler: input.Handler ?? before.handler,
    memoryMb: input.MemorySize ?? before.memoryMb,
    timeoutSeconds: input.Timeout ?? before.timeoutSeconds,
    ephemeralStorageMb: input.EphemeralStorage?.Size ?? before.ephemeralStorageMb,
    environment:
      input.Environment === undefined ? before.environment : (input.Environment.Variables ?? {}),
    architecture: input.Architectures?.[0] ?? before.architecture,
    description: input.Description ?? before.description,
    ...(image === undefined ? {} : { image }),
    ...(overrides === undefined ? {} : { imageConfig: overrides }),
    ...(log === undefined ? {} : { logging: log }),
    ...(snap === 'PublishedVersions' ? { snapStart: snap } : {}),
    ...(input.TenancyConfig === undefined ? {} : { tenancy: 'per-tenant' as const }),
    ...(target === '' ? {} : { deadLetterTargetArn: target }),
  };
}

function detailsWith(before: Details, input: SettingsInput): Details {
  const { kmsKeyArn, vpc, ...rest } = before;
  const key = input.KMSKeyArn ?? kmsKeyArn ?? '';
  const network = input.VpcConfig ?? vpc;
  return {
    ...rest,
    ...(input.Role === undefined ? {} : { role: input.Role }),
    ...(input.TracingConfig?.Mode === undefined ? {} : { tracing: input.TracingConfig.Mode }),
    ...(network === undefined ? {} : { vpc: network }),
    ...(key === '' ? {} : { kmsKeyArn: key }),
    ...(input.FileSystemConfigs === undefined ? {} : { fileSystems: input.FileSystemConfigs }),
  };
}

function imageConfigOf(input: NonNullable<SettingsInput['ImageConfig']>): ImageConfig | undefined {
  const { EntryPoint, Command, WorkingDirectory } = input;
  if (EntryPoint === undefined && Command === undefined && WorkingDirectory === undefined) {
    return undefined;
  }
  return {
    ...(EntryPoint === undefined ? {} : { entryPoint: EntryPoint }),
    ...(Command === undefined ? {} : { command: Command }),
    ...(WorkingDirectory === undefined ? {} : { workingDirectory: WorkingDirectory }),
  };
}

function loggingOf(input: NonNullable<SettingsInput['LoggingConfig']>): LoggingConfig {
  const { LogFormat = 'Text', ApplicationLogLevel, SystemLogLevel, LogGroup } = input;
  if (LogFormat === 'Text' && (ApplicationLogLevel ?? SystemLogLevel) !== undefined) {
    throw invalid(
      'Application and System log level can not be set when log format is set to Text. Please set log format to JSON.',
    );
  }
  return {
    format: LogFormat,
    ...(ApplicationLogLevel === undefined ? {} : { applicationLevel: ApplicationLogLevel }),
    ...(SystemLogLevel === undefined ? {} : { systemLevel: SystemLogLevel }),
    ...(LogGroup === undefined ? {} : { group: LogGroup }),
  };
}

function checkPackageSettings(
  { Runtime, Handler, ImageConfig }: SettingsInput,
  isImage: boolean,
): void {
  if (isImage) {
    if (Runtime !== undefined || Handler !== undefined) {
      throw invalid(
        "Please don't provide handler or runtime or layer when the intent is to create a function by using container image.",
      );
    }
    return;
  }
  if (ImageConfig !== undefined) {
    throw invalid("Please don't provide ImageConfig when packageType is Zip.");
  }
  const problem = Runtime === undefined ? undefined : runtimeProblem(Runtime);
  if (problem !== undefined) throw problem;
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const problems = environmentProblems(variables);
  const reserved = problems.flatMap((problem) =>
    problem.kind === 'reserved' ? [problem.name] : [],
  );
  if (reserved.length > 0) {
    throw invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  if (problems.some(({ kind }) => kind === 'size')) {
    throw invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${JSON.stringify(variables)}`,
    );
  }
}

/** Contract 7.9. */
function checkTenancy({ tenancy, snapStart }: FunctionDefinition): void {
  if (tenancy === undefined || snapStart === undefined) return;
  throw invalid('SnapStart is not supported for functions with tenant isolation.');
}

/** It is set at creation and stays (contract 7.9). */
export function refuseTenancyChange({ TenancyConfig }: SettingsInput): void {
  if (TenancyConfig === undefined) return;
  throw invalid('TenancyConfig is set when a function is created and cannot be changed.');
}

/** Contract 7.6. */
function checkSnapStart(definition: FunctionDefinition): void {
  const { snapStart, runtime, image, ephemeralStorageMb } = definition;
  if (snapStart === undefined) return;
  const packageType = image === undefined ? 'Zip' : 'Image';
  switch (snapStartProblem({ runtime, ephemeralStorageMb, packageType })) {
    case 'package':
      throw invalid('SnapStart is not supported for functions with package type Image.');
    case 'runtime':
      throw invalid(`${runtime} is not supported for SnapStart enabled functions.`);
    case 'ephemeral-storage':
      throw invalid(
        'SnapStart does not support ephemeral storage larger than 512 MB. Set EphemeralStorage.Size to 512.',
      );
    case undefined:
      return;
  }
}
