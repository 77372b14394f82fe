/** What a Lambda authorizer answered, judged (contract 11.3). Pure. */

import { isObject } from '../../is-object.js';
import type { Outcome } from '../../invocation/outcome.js';
import type { GatewayError } from '../gateway-response.js';
import type { Authorized } from '../visit.js';
import { decide } from './policy.js';

/** Kept under its identity: a policy is about many methods. */
export type LambdaAnswer =
  | { readonly kind: 'simple'; readonly isAuthorized: boolean; readonly context: Authorized }
  | {
      readonly kind: 'policy';
      readonly principalId: string;
      readonly document: unknown;
      readonly context: Authorized;
      readonly apiKey?: string;
    }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface AnswerForm {
  readonly api: 'rest' | 'http';
  readonly simpleResponses: boolean;
}

export function lambdaAnswerOf(outcome: Outcome, form: AnswerForm): LambdaAnswer {
  if (outcome.kind === 'refused') return { kind: 'failed', reason: outcome.error.message };
  let output: unknown;
  try {
    output = JSON.parse(outcome.payload.toString('utf8'));
  } catch {
    return { kind: 'failed', reason: 'it returned no JSON' };
  }
  if (outcome.kind === 'function-failed') {
    const { errorMessage } = isObject(output) ? output : {};
    // By these words an authorizer says so.
    if (errorMessage === 'Unauthorized') return { kind: 'unauthorized' };
    return { kind: 'failed', reason: `it failed: ${String(errorMessage)}` };
  }
  if (!isObject(output)) return { kind: 'failed', reason: 'it returned no object' };
  const { context = {} } = output;
  if (!isObject(context)) return { kind: 'failed', reason: 'its context is no object' };
  if (form.api === 'http' && form.simpleResponses) {
    const { isAuthorized } = output;
    if (typeof isAuthorized !== 'boolean') {
      return { kind: 'failed', reason: 'its isAuthorized is neither true nor false' };
    }
    return { kind: 'simple', isAuthorized, context };
  }
  return policyAnswer(output, context, form);
}

function policyAnswer(
  output: Record<string, unknown>,
  context: Record<string, unknown>,
  { api }: AnswerForm,
): LambdaAnswer {
  const { principalId, policyDocument, usageIdentifierKey } = output;
  if (typeof principalId !== 'string' && typeof principalId !== 'number') {
    return { kind: 'failed', reason: 'it returned no principalId' };
  }
  if (decide(policyDocument, '') === undefined) {
    return { kind: 'failed', reason: 'it returned no policyDocument with statements' };
  }
  const nested = Object.entries(context).find(
    ([, value]) => typeof value === 'object' && value !== null,
  );
  if (api === 'rest' && nested !== undefined) {
    return { kind: 'failed', reason: `its context has ${nested[0]}, which is no plain value` };
  }
  return {
    kind: 'policy',
    principalId: String(principalId),
    document: policyDocument,
    context: api === 'rest' ? asTexts(context) : context,
    ...(typeof usageIdentifierKey === 'string' ? { apiKey: usageIdentifierKey } : {}),
  };
}

export type Judged =
  | { readonly kind: 'authorized'; readonly answer: LambdaAnswer & { kind: 'simple' | 'policy' } }
  | { readonly kind: 'refused'; readonly error: GatewayError };

/** For one request. */
export function judge(answer: LambdaAnswer, methodArn: string, api: 'rest' | 'http'): Judged {
  switch (answer.kind) {
    case 'unauthorized':
      return { kind: 'refused', error: { type: 'UNAUTHORIZED' } };
    case 'failed':
      return { kind: 'refused', error: { type: 'AUTHORIZER_FAILURE' } };
    case 'simple':
      if (answer.isAuthorized) return { kind: 'authorized', answer };
      return { kind: 'refused', error: { type: 'ACCESS_DENIED' } };
    case 'policy': {
      const decision = decide(answer.document, methodArn);
      if (decision === 'allowed') return { kind: 'authorized', answer };
      const explicitly = decision === 'denied-explicitly' && api === 'rest';
      const message = 'User is not authorized to access this resource with an explicit deny';
      return {
        kind: 'refused',
        error: { type: 'ACCESS_DENIED', ...(explicitly ? { message } : {}) },
      };
    }
  }
}

function asTexts(context: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(context).map(([name, value]) => [name, String(value)]));
}
