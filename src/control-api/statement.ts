/** One statement of a resource policy, as AWS writes it (contract 8.11). */

export interface StatementInput {
  readonly StatementId: string;
  readonly Action: string;
  readonly Principal: string;
}

export function statementOf(
  { StatementId, Action, Principal }: StatementInput,
  resource: string,
): Record<string, unknown> {
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: principalOf(Principal),
    Action,
    Resource: resource,
  };
}

/** A service, an account or anybody. */
function principalOf(principal: string): unknown {
  if (principal === '*') return '*';
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  return principal.startsWith('arn:') ? { AWS: principal } : { Service: principal };
}
