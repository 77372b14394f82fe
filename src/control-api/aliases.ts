/** CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases (contract 8.9). */

import { LATEST, type AliasRecord } from '../registry/records.js';
import { conflict, invalid, notFound, wrongRevision } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import { pageOf, type PageInput } from './paging.js';
import type { ControlParts } from './parts.js';
import { arnOf, existingFunction } from './target.js';

interface RoutingInput {
  readonly AdditionalVersionWeights?: Readonly<Record<string, number>>;
}

interface AliasInput {
  readonly FunctionName: string;
  readonly Name: string;
}

interface CreateInput extends AliasInput {
  readonly FunctionVersion: string;
  readonly Description?: string;
  readonly RoutingConfig?: RoutingInput;
}

interface UpdateInput extends AliasInput {
  readonly FunctionVersion?: string;
  readonly Description?: string;
  readonly RoutingConfig?: RoutingInput;
  readonly RevisionId?: string;
}

export function createAlias({ parts, input }: ControlRequest<CreateInput>): Answer {
  const { registry } = parts;
  const { name } = existingFunction(parts, input.FunctionName);
  const weights = input.RoutingConfig?.AdditionalVersionWeights ?? {};
  checkTarget(parts, name, input.FunctionVersion, weights);
  if (registry.alias(name, input.Name) !== undefined) {
    throw conflict(`Alias already exists: ${aliasArn(parts, name, input.Name)}`);
  }
  const alias: AliasRecord = {
    name: input.Name,
    version: input.FunctionVersion,
    description: input.Description ?? '',
    weights,
    revisionId: registry.newRevisionId(),
  };
  registry.change(name, (record) => {
    record.aliases[alias.name] = alias;
  });
  return { body: aliasOf(parts, name, alias) };
}

export function getAlias({ parts, input }: ControlRequest<AliasInput>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  const alias = parts.registry.record(name).aliases[input.Name];
  if (alias === undefined) {
    throw notFound(`Cannot find alias arn: ${aliasArn(parts, name, input.Name)}`);
  }
  return { body: aliasOf(parts, name, alias) };
}

export function updateAlias({ parts, input }: ControlRequest<UpdateInput>): Answer {
  const { registry } = parts;
  const { name } = existingFunction(parts, input.FunctionName);
  const before = registry.record(name).aliases[input.Name];
  if (before === undefined) {
    throw notFound(`Alias not found: ${aliasArn(parts, name, input.Name)}`);
  }
  if (input.RevisionId !== undefined && input.RevisionId !== before.revisionId) {
    throw wrongRevision('GetFunction/GetAlias');
  }
  const weights =
    input.RoutingConfig === undefined
      ? before.weights
      : (input.RoutingConfig.AdditionalVersionWeights ?? {});
  const version = input.FunctionVersion ?? before.version;
  checkTarget(parts, name, version, weights);
  const alias: AliasRecord = {
    name: before.name,
    version,
    description: input.Description ?? before.description,
    weights,
    revisionId: registry.newRevisionId(),
  };
  registry.change(name, (record) => {
    record.aliases[alias.name] = alias;
  });
  return { body: aliasOf(parts, name, alias) };
}

/** What hangs on the alias goes with it. One that is not there is gone already. */
export function deleteAlias({ parts, input }: ControlRequest<AliasInput>): Answer {
  const { registry } = parts;
  const { name } = existingFunction(parts, input.FunctionName);
  if (registry.record(name).aliases[input.Name] === undefined) return {};
  registry.change(name, (record) => {
    const { aliases, provisioned, eventInvoke, urls, policies } = record;
    for (const perQualifier of [aliases, provisioned, eventInvoke, urls, policies]) {
      delete perQualifier[input.Name];
    }
  });
  return {};
}

interface ListInput extends PageInput {
  readonly FunctionName: string;
  readonly FunctionVersion?: string;
}

const PAGE = 10_000;

export function listAliases({ parts, input }: ControlRequest<ListInput>): Answer {
  const { name } = existingFunction(parts, input.FunctionName);
  const aliases = Object.values(parts.registry.record(name).aliases)
    .filter(
      ({ version, weights }) =>
        input.FunctionVersion === undefined ||
        version === input.FunctionVersion ||
        weights[input.FunctionVersion] !== undefined,
    )
    .map((alias) => ({ key: alias.name, alias }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page, next } = pageOf(aliases, input, PAGE);
  return { body: { Aliases: page.map(({ alias }) => aliasOf(parts, name, alias)), ...next } };
}

/** Contract 8.6, 8.9. */
function checkTarget(
  parts: ControlParts,
  name: string,
  version: string,
  weights: Readonly<Record<string, number>>,
): void {
  const additional = Object.keys(weights);
  if (additional.length > 1) {
    throw invalid('Number of items in AdditionalVersionWeights cannot be greater than 1');
  }
  if (additional.length > 0 && [version, ...additional].includes(LATEST)) {
    throw invalid('$LATEST is not supported for an alias pointing to more than 1 version');
  }
  if (additional.includes(version)) {
    throw invalid(
      `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
    );
  }
  for (const one of [version, ...additional]) {
    if (one !== LATEST && parts.registry.version(name, one) === undefined) {
      throw notFound(`Function not found: ${aliasArn(parts, name, one)}`);
    }
  }
  const [other] = additional;
  if (other !== undefined) checkAlike(parts, name, version, other);
}

/** Two versions behind one alias have the same role and the same dead-letter queue. */
function checkAlike(parts: ControlParts, name: string, one: string, other: string): void {
  const [a, b] = [parts.registry.version(name, one), parts.registry.version(name, other)];
  if (a === undefined || b === undefined) return;
  if (a.details.role !== b.details.role) {
    throw invalid(`Versions ${one} and ${other} must have the same role to share an alias.`);
  }
  if (a.definition.deadLetterTargetArn !== b.definition.deadLetterTargetArn) {
    throw invalid(
      `Versions ${one} and ${other} must have the same dead letter configuration to share an alias.`,
    );
  }
}

function aliasOf(parts: ControlParts, functionName: string, alias: AliasRecord): object {
  const { name, version, description, weights, revisionId } = alias;
  return {
    AliasArn: aliasArn(parts, functionName, name),
    Name: name,
    FunctionVersion: version,
    Description: description,
    ...(Object.keys(weights).length === 0
      ? {}
      : { RoutingConfig: { AdditionalVersionWeights: weights } }),
    RevisionId: revisionId,
  };
}

function aliasArn(parts: ControlParts, name: string, alias: string): string {
  return arnOf(parts, { name, qualifier: alias });
}
