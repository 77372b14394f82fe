/** AddPermission, RemovePermission, GetPolicy (contract 8.2, 8.6, 8.11). */

import { LATEST, type PolicyRecord } from '../registry/records.js';
import { ApiFailure, conflict, invalid, notFound, wrongRevision } from './failure.js';
import { userError } from '../invoke-api/errors.js';
import type { Answer, ControlRequest } from './operation.js';
import type { ControlParts } from './parts.js';
import { statementOf, type StatementInput } from './statement.js';
import { arnOf, existing, revisionOf, type Target } from './target.js';

/** Contract 8.8. */
const MOST_BYTES = 20 * 1024;

interface PermissionInput extends StatementInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
  readonly SourceArn?: string;
  readonly SourceAccount?: string;
  readonly PrincipalOrgID?: string;
  readonly EventSourceToken?: string;
  readonly FunctionUrlAuthType?: string;
  readonly InvokedViaFunctionUrl?: boolean;
  readonly RevisionId?: string;
}

export function addPermission({ parts, input }: ControlRequest<PermissionInput>): Answer {
  const target = targetOf(parts, input);
  const { name } = target;
  const qualifier = target.qualifier ?? LATEST;
  if (target.qualifier === LATEST) {
    throw invalid('We currently do not support adding policies for $LATEST.');
  }
  const before = parts.registry.record(name).policies[qualifier];
  checkRevision(before, input.RevisionId);
  if (before?.statements.some(({ Sid }) => Sid === input.StatementId) === true) {
    throw conflict(
      `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  const condition = conditionOf(input);
  const statement = {
    ...statementOf(input, arnOf(parts, target)),
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  };
  const statements = [...(before?.statements ?? []), statement];
  if (Buffer.byteLength(policyText(statements)) > MOST_BYTES) {
    const text = `The final policy size (${Buffer.byteLength(policyText(statements))}) is bigger than the limit (${MOST_BYTES}).`;
    throw new ApiFailure(userError(400, 'PolicyLengthExceededException', text));
  }
  setPolicy(parts, name, qualifier, statements);
  return { body: { Statement: JSON.stringify(statement) } };
}

/** In the order AWS writes them. */
function conditionOf(input: PermissionInput): Record<string, Record<string, string>> {
  const { SourceArn, SourceAccount, PrincipalOrgID, EventSourceToken, FunctionUrlAuthType } = input;
  const equal = {
    ...(FunctionUrlAuthType === undefined
      ? {}
      : { 'lambda:FunctionUrlAuthType': FunctionUrlAuthType }),
    ...(PrincipalOrgID === undefined ? {} : { 'aws:PrincipalOrgID': PrincipalOrgID }),
    ...(SourceAccount === undefined ? {} : { 'AWS:SourceAccount': SourceAccount }),
    ...(EventSourceToken === undefined ? {} : { 'lambda:EventSourceToken': EventSourceToken }),
  };
  return {
    ...(Object.keys(equal).length === 0 ? {} : { StringEquals: equal }),
    ...(SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': SourceArn } }),
    ...(input.InvokedViaFunctionUrl === true
      ? { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }
      : {}),
  };
}

interface RemovalInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
  readonly StatementId: string;
  readonly RevisionId?: string;
}

export function removePermission({ parts, input }: ControlRequest<RemovalInput>): Answer {
  const target = targetOf(parts, input);
  const qualifier = target.qualifier ?? LATEST;
  const before = parts.registry.record(target.name).policies[qualifier];
  if (before === undefined) throw noPolicy();
  checkRevision(before, input.RevisionId);
  const left = before.statements.filter(({ Sid }) => Sid !== input.StatementId);
  if (left.length === before.statements.length) {
    throw notFound(`Statement ${input.StatementId} is not found in resource policy.`);
  }
  setPolicy(parts, target.name, qualifier, left);
  return {};
}

interface PolicyInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

export function getPolicy({ parts, input }: ControlRequest<PolicyInput>): Answer {
  const { name, qualifier = LATEST } = targetOf(parts, input);
  const policy = parts.registry.record(name).policies[qualifier];
  if (policy === undefined) throw noPolicy();
  return { body: { Policy: policyText(policy.statements), RevisionId: policy.revisionId } };
}

/** A qualifier must mean something. */
function targetOf(parts: ControlParts, input: PolicyInput): Target {
  const target = existing(parts, input.FunctionName, input.Qualifier);
  revisionOf(parts, target);
  return target;
}

function setPolicy(
  parts: ControlParts,
  name: string,
  qualifier: string,
  statements: PolicyRecord['statements'],
): void {
  const revisionId = parts.registry.newRevisionId();
  parts.registry.change(name, ({ policies }) => {
    if (statements.length === 0) delete policies[qualifier];
    else policies[qualifier] = { statements, revisionId };
  });
}

function policyText(statements: PolicyRecord['statements']): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });
}

function checkRevision(policy: PolicyRecord | undefined, given: string | undefined): void {
  if (given !== undefined && given !== policy?.revisionId) throw wrongRevision('GetPolicy');
}

function noPolicy() {
  return notFound('The resource you requested does not exist.');
}
