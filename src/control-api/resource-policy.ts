/** PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: a function's policy as one text. */

import { isObject } from '../is-object.js';
import { LATEST, type PolicyRecord } from '../registry/records.js';
import { invalid, notFound, wrongRevision } from './failure.js';
import type { Answer, ControlRequest } from './operation.js';
import type { ControlParts } from './parts.js';
import { existing, revisionOf } from './target.js';

interface ResourceInput {
  readonly ResourceArn: string;
  readonly RevisionId?: string;
}

export function putResourcePolicy({
  parts,
  input,
}: ControlRequest<ResourceInput & { readonly Policy: string }>): Answer {
  const { name, qualifier } = resource(parts, input.ResourceArn);
  checkRevision(parts.registry.record(name).policies[qualifier], input.RevisionId);
  const policy = {
    statements: statementsOf(input.Policy),
    revisionId: parts.registry.newRevisionId(),
  };
  parts.registry.change(name, ({ policies }) => {
    policies[qualifier] = policy;
  });
  return { body: shown(policy) };
}

export function getResourcePolicy({ parts, input }: ControlRequest<ResourceInput>): Answer {
  const { name, qualifier } = resource(parts, input.ResourceArn);
  return { body: shown(stored(parts, name, qualifier)) };
}

export function deleteResourcePolicy({ parts, input }: ControlRequest<ResourceInput>): Answer {
  const { name, qualifier } = resource(parts, input.ResourceArn);
  checkRevision(stored(parts, name, qualifier), input.RevisionId);
  parts.registry.change(name, ({ policies }) => {
    delete policies[qualifier];
  });
  return {};
}

function resource(parts: ControlParts, arn: string) {
  const target = existing(parts, arn);
  revisionOf(parts, target);
  return { name: target.name, qualifier: target.qualifier ?? LATEST };
}

function stored({ registry }: ControlParts, name: string, qualifier: string): PolicyRecord {
  const policy = registry.record(name).policies[qualifier];
  if (policy === undefined) throw notFound('The resource you requested does not exist.');
  return policy;
}

function statementsOf(text: string): PolicyRecord['statements'] {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    policy = undefined;
  }
  const statements = isObject(policy) ? policy['Statement'] : undefined;
  const list: unknown[] = Array.isArray(statements) ? statements : [statements];
  if (!list.every(isObject)) {
    throw invalid('Policy must be a JSON object with a Statement: an object or a list of them.');
  }
  return list;
}

function checkRevision(policy: PolicyRecord | undefined, given: string | undefined): void {
  if (given !== undefined && given !== policy?.revisionId) throw wrongRevision('GetPolicy');
}

function shown({ statements, revisionId }: PolicyRecord): object {
  const policy = { Version: '2012-10-17', Statement: statements };
  return { Policy: JSON.stringify(policy), RevisionId: revisionId };
}
