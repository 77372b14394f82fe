/** Whether a URL that asks for no signature is open: its function's policy says so (contract 8.10). */

type Statement = Readonly<Record<string, unknown>>;

const ACTIONS: ReadonlySet<unknown> = new Set(['lambda:InvokeFunctionUrl', 'lambda:*', '*']);

export function isOpen(statements: readonly Statement[]): boolean {
  return statements.some(
    ({ Effect, Action, Principal, Condition }) =>
      Effect === 'Allow' &&
      (Array.isArray(Action) ? Action : [Action]).some((one) => ACTIONS.has(one)) &&
      isEverybody(Principal) &&
      (authTypeOf(Condition) ?? 'NONE') === 'NONE',
  );
}

function isEverybody(principal: unknown): boolean {
  if (principal === '*') return true;
  return typeof principal === 'object' && principal !== null && 'AWS' in principal
    ? principal.AWS === '*'
    : false;
}

function authTypeOf(condition: unknown): unknown {
  const equals = (condition as { StringEquals?: Record<string, unknown> } | undefined)
    ?.StringEquals;
  return equals?.['lambda:FunctionUrlAuthType'];
}
