/** The settings of an event source mapping in requests, laid over what there was. Pure. */

import type { MappingDefinition } from '../stack/mappings.js';
import { brokenRules } from '../stack/mapping-rules.js';
import { invalid } from './failure.js';

export interface SettingsInput {
  readonly Enabled?: boolean;
  readonly BatchSize?: number;
  readonly MaximumBatchingWindowInSeconds?: number;
  readonly FilterCriteria?: { readonly Filters?: readonly { readonly Pattern?: string }[] };
  readonly FunctionResponseTypes?: readonly string[];
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  readonly ProvisionedPollerConfig?: {
    readonly MinimumPollers?: number;
    readonly MaximumPollers?: number;
  };
  readonly StartingPosition?: MappingDefinition['startingPosition'];
  readonly StartingPositionTimestamp?: number | string;
  readonly BisectBatchOnFunctionError?: boolean;
  readonly MaximumRetryAttempts?: number;
  readonly MaximumRecordAgeInSeconds?: number;
  readonly ParallelizationFactor?: number;
  readonly TumblingWindowInSeconds?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } };
  readonly [member: string]: unknown;
}

/** Kept and told, of no effect here. */
const TOLD = ['KMSKeyArn', 'MetricsConfig', 'LoggingConfig'];

/** What is absent stays as it was; what is empty goes. */
export function definitionOf(input: SettingsInput, before: MappingDefinition): MappingDefinition {
  const draft: Record<string, unknown> = { ...before };
  const set = (setting: keyof MappingDefinition, value: unknown, isEmpty = false): void => {
    if (isEmpty) delete draft[setting];
    else if (value !== undefined) draft[setting] = value;
  };
  const { FilterCriteria, ScalingConfig, ProvisionedPollerConfig: pollers } = input;
  const { FunctionResponseTypes: responses, DestinationConfig } = input;
  set('enabled', input.Enabled);
  set('batchSize', input.BatchSize);
  set('batchingWindowSeconds', input.MaximumBatchingWindowInSeconds);
  const filters = FilterCriteria?.Filters?.flatMap(({ Pattern }) => Pattern ?? []);
  set('filters', filters, FilterCriteria !== undefined && (filters?.length ?? 0) === 0);
  set('reportBatchItemFailures', responses?.includes('ReportBatchItemFailures'));
  const most = ScalingConfig?.MaximumConcurrency;
  set('maximumConcurrency', most, ScalingConfig !== undefined && most === undefined);
  const { MinimumPollers: minimum, MaximumPollers: maximum } = pollers ?? {};
  set(
    'pollers',
    pollers === undefined
      ? undefined
      : {
          ...(minimum === undefined ? {} : { minimum }),
          ...(maximum === undefined ? {} : { maximum }),
        },
    pollers !== undefined && minimum === undefined && maximum === undefined,
  );
  set('startingPosition', input.StartingPosition);
  set('startingTimestamp', secondsOf(input.StartingPositionTimestamp));
  set('bisectOnError', input.BisectBatchOnFunctionError);
  set('maximumRetryAttempts', input.MaximumRetryAttempts);
  set('maximumRecordAgeSeconds', input.MaximumRecordAgeInSeconds);
  set('parallelizationFactor', input.ParallelizationFactor);
  set('tumblingWindowSeconds', input.TumblingWindowInSeconds);
  const destination = DestinationConfig?.OnFailure?.Destination;
  set('onFailureArn', destination, DestinationConfig !== undefined && (destination ?? '') === '');
  return draft as unknown as MappingDefinition;
}

export function toldOf(
  input: SettingsInput,
  before: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const given = TOLD.filter((member) => input[member] !== undefined);
  return { ...before, ...Object.fromEntries(given.map((member) => [member, input[member]])) };
}

/** Raises the first rule that is broken, in AWS's words. */
export function checkMapping(definition: MappingDefinition): void {
  const [broken] = brokenRules(definition);
  if (broken !== undefined) throw invalid(broken.text);
}

/** Clients send seconds, or a date as text. */
function secondsOf(value: number | string | undefined): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) throw invalid(`StartingPositionTimestamp ${value} is no date.`);
  return ms / 1000;
}
