/** Whether the policy of a Lambda authorizer lets a request through (contract 11.3). Pure. */

import { isObject } from '../../is-object.js';
import { like } from '../../http-events/like.js';

export type Decision = 'allowed' | 'denied' | 'denied-explicitly';

const ACTION = 'execute-api:invoke';

/** Undefined: it is no policy. */
export function decide(document: unknown, methodArn: string): Decision | undefined {
  if (!isObject(document)) return undefined;
  const { Statement: written } = document;
  const statements: unknown[] = Array.isArray(written) ? written : [written];
  if (!statements.every(isStatement)) return undefined;
  const applying = statements.filter((statement) => applies(statement, methodArn));
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'denied-explicitly';
  return applying.some(({ Effect }) => Effect === 'Allow') ? 'allowed' : 'denied';
}

type Statement = Readonly<Record<string, unknown>> & { readonly Effect: 'Allow' | 'Deny' };

function isStatement(value: unknown): value is Statement {
  if (!isObject(value)) return false;
  return (
    (value['Effect'] === 'Allow' || value['Effect'] === 'Deny') &&
    ('Action' in value || 'NotAction' in value) &&
    ('Resource' in value || 'NotResource' in value)
  );
}

function applies(statement: Statement, methodArn: string): boolean {
  const { Action, NotAction, Resource, NotResource } = statement;
  const action =
    Action === undefined
      ? !texts(NotAction).some((one) => like(one.toLowerCase(), ACTION))
      : texts(Action).some((one) => like(one.toLowerCase(), ACTION));
  const resource =
    Resource === undefined
      ? !texts(NotResource).some((one) => like(one, methodArn))
      : texts(Resource).some((one) => like(one, methodArn));
  return action && resource;
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}
