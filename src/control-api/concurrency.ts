/** Reserved and provisioned concurrency (contract 8.6, 8.11, 10.1). */

import { LATEST, type ProvisionedRecord } from '../registry/records.js';
import { unreserved } from './account.js';
import { timestamp } from './configuration.js';
import { invalid, provisionedMissing } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';
import type { ControlParts } from './parts.js';
import { arnOf, existing, existingFunction, missing, revisionOf, type Target } from './target.js';

interface FunctionInput {
  readonly FunctionName: string;
}

export function putFunctionConcurrency({
  parts,
  input,
}: ControlRequest<FunctionInput & { readonly ReservedConcurrentExecutions: number }>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  const { ReservedConcurrentExecutions: reserved } = input;
  const minimum = parts.unreservedMinimum;
  if (unreserved(parts, name) - reserved < minimum) {
    throw invalid(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${minimum}].`,
    );
  }
  const provisioned = provisionedSum(parts, name);
  if (reserved < provisioned) {
    throw invalid(
      `ReservedConcurrentExecutions ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`,
    );
  }
  parts.registry.change(name, (record) => {
    record.reservedConcurrency = reserved;
  });
  return { body: { ReservedConcurrentExecutions: reserved } };
}

export function getFunctionConcurrency({ parts, input }: ControlRequest<FunctionInput>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  const reserved = parts.registry.reservedConcurrency(name);
  return { body: reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved } };
}

export function deleteFunctionConcurrency({ parts, input }: ControlRequest<FunctionInput>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  parts.registry.change(name, (record) => {
    delete record.reservedConcurrency;
  });
  // What a file reserves is hidden, until the file changes.
  const revision = parts.registry.revision(name);
  if (revision?.definition.reservedConcurrency !== undefined) {
    const { reservedConcurrency: _gone, ...definition } = revision.definition;
    parts.registry.setLatest(name, { ...revision, definition });
  }
  return {};
}

interface ProvisionedInput extends FunctionInput {
  readonly Qualifier: string;
}

export function putProvisionedConcurrencyConfig({
  parts,
  input,
}: ControlRequest<
  ProvisionedInput & { readonly ProvisionedConcurrentExecutions: number }
>): Answer {
  const target = provisionable(parts, input);
  const { name, qualifier } = target;
  if (revisionOf(parts, target).revision.definition.tenancy !== undefined) {
    throw invalid('Provisioned Concurrency is not supported for functions with tenant isolation.');
  }
  const { ProvisionedConcurrentExecutions: requested } = input;
  refuseWithSnapStart(parts, name, qualifier);
  checkRoom(parts, name, qualifier, requested);
  const record: ProvisionedRecord = { requested, modifiedAtMs: parts.now() };
  parts.registry.change(name, ({ provisioned }) => {
    provisioned[qualifier] = record;
  });
  return {
    body: { ...settings(record), ...NOTHING_YET, Status: 'IN_PROGRESS' },
  };
}

export function getProvisionedConcurrencyConfig({
  parts,
  input,
}: ControlRequest<ProvisionedInput>): Answer {
  const { name, qualifier } = provisionable(parts, input);
  const record = parts.registry.record(name).provisioned[qualifier];
  if (record === undefined) throw provisionedMissing();
  return { body: { ...settings(record), ...statusOf(parts, name, qualifier) } };
}

export function deleteProvisionedConcurrencyConfig({
  parts,
  input,
}: ControlRequest<ProvisionedInput>): Answer {
  const { name, qualifier } = provisionable(parts, input);
  parts.registry.change(name, ({ provisioned }) => {
    delete provisioned[qualifier];
  });
  return {};
}

const PAGE = 50;

export function listProvisionedConcurrencyConfigs({
  parts,
  input,
}: ControlRequest<FunctionInput & PageInput>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  const configs = Object.entries(parts.registry.record(name).provisioned)
    .map(([qualifier, record]) => ({ key: qualifier, record }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page, next } = pageOf(configs, input, PAGE);
  return {
    body: {
      ProvisionedConcurrencyConfigs: page.map(({ key, record }) => ({
        FunctionArn: arnOf(parts, { name, qualifier: key }),
        ...settings(record),
        ...statusOf(parts, name, key),
      })),
      ...next,
    },
  };
}

/** Contract 7.6: a version has one or the other. */
function refuseWithSnapStart({ registry }: ControlParts, name: string, qualifier: string): void {
  const alias = registry.alias(name, qualifier);
  const versions =
    alias === undefined ? [qualifier] : [alias.version, ...Object.keys(alias.weights)];
  if (versions.every((one) => registry.published(name, one)?.snapStart === undefined)) return;
  throw invalid('Provisioned Concurrency is not supported for functions with SnapStart enabled.');
}

/** Contract 10.1: within the function's reserve, else within what the account leaves. */
function checkRoom(parts: ControlParts, name: string, qualifier: string, requested: number): void {
  const { registry } = parts;
  const others = provisionedSum(parts, name, qualifier);
  const reserved = registry.reservedConcurrency(name);
  if (reserved !== undefined) {
    if (others + requested <= reserved) return;
    throw invalid(
      `Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function`,
    );
  }
  const everywhere = registry
    .names()
    .filter((other) => other !== name && registry.reservedConcurrency(other) === undefined)
    .reduce((sum, other) => sum + provisionedSum(parts, other), others);
  if (everywhere + requested > unreserved(parts) - parts.unreservedMinimum) {
    throw invalid(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved(parts)}].`,
    );
  }
}

function provisionedSum({ registry }: ControlParts, name: string, without?: string): number {
  return Object.entries(registry.record(name).provisioned)
    .filter(([qualifier]) => qualifier !== without)
    .reduce((sum, [, { requested }]) => sum + requested, 0);
}

/** An alias or a published version that exists. */
function provisionable(
  parts: ControlParts,
  input: ProvisionedInput,
): Target & { readonly qualifier: string } {
  const target = existing(parts, input.FunctionName, input.Qualifier);
  const { name, qualifier } = target;
  if (qualifier === undefined) {
    throw invalid('The function resource provided must be an alias or a published version.');
  }
  if (qualifier === LATEST || parts.registry.alias(name, qualifier)?.version === LATEST) {
    throw invalid(
      'Provisioned Concurrency Configs cannot be applied to unpublished function versions.',
    );
  }
  if (!parts.registry.exists(name, qualifier)) throw missing(parts, target);
  return { name, qualifier };
}

const NOTHING_YET = {
  AvailableProvisionedConcurrentExecutions: 0,
  AllocatedProvisionedConcurrentExecutions: 0,
} as const;

function settings({ requested, modifiedAtMs }: ProvisionedRecord): object {
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    LastModified: timestamp(modifiedAtMs),
  };
}

/** What the pool of the version says. */
function statusOf(parts: ControlParts, name: string, qualifier: string): object {
  const status = parts.provisioned?.(name, qualifier);
  if (status === undefined) return { ...NOTHING_YET, Status: 'IN_PROGRESS' };
  return {
    AvailableProvisionedConcurrentExecutions: status.available,
    AllocatedProvisionedConcurrentExecutions: status.allocated,
    Status: status.status,
    ...(status.reason === undefined ? {} : { StatusReason: status.reason }),
  };
}
