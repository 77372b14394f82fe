/** What is wrong with a definition, and where. Pure. */

import type { JsonMap } from './json.js';

export type DiagnosticCode =
  | 'SCHEMA_VALIDATION_FAILED'
  | 'MISSING_TRANSITION_TARGET'
  | 'UNREACHABLE_STATE'
  | 'INVALID_JSON_DESCRIPTION'
  | 'NOT_SUPPORTED_HERE';

export interface Diagnostic {
  readonly severity: 'ERROR' | 'WARNING';
  readonly code: DiagnosticCode;
  /** What is wrong, such as `there is no such state`. */
  readonly message: string;
  /** Below the definition, such as `States.Pay.Next`. */
  readonly path: string;
  readonly value?: unknown;
  readonly expected: string;
  readonly remedy: string;
}

export type Report = (
  diagnostic: Omit<Diagnostic, 'severity' | 'code'> & Partial<Diagnostic>,
) => void;

export function checkTarget(
  target: unknown,
  path: string,
  { states, report }: { readonly states: JsonMap; readonly report: Report },
): void {
  if (typeof target === 'string' && Object.hasOwn(states, target)) return;
  report({
    path,
    value: target,
    code: 'MISSING_TRANSITION_TARGET',
    message: `there is no state of this name`,
    expected: `one of ${Object.keys(states).join(', ')}`,
    remedy: 'Correct the name, or add the state.',
  });
}
