/** `Retry` and `Catch` of a state. Pure. */

import { checkTarget, type Report } from './diagnostics.js';
import { isJsonMap, type JsonMap } from './json.js';
import type { QueryLanguage } from './machine.js';
import { checkExpressions, checkPath } from './validate-values.js';

interface Around {
  readonly report: Report;
  readonly language: QueryLanguage;
  readonly states: JsonMap;
}

export function checkErrorRules(state: JsonMap, path: string, around: Around): void {
  for (const kind of ['Retry', 'Catch'] as const) {
    const rules = state[kind];
    if (rules === undefined) continue;
    if (!Array.isArray(rules)) {
      around.report({
        path: `${path}.${kind}`,
        value: rules,
        message: 'the field is no list',
        expected: 'a list of rules with ErrorEquals',
        remedy: 'Write it as a list.',
      });
      continue;
    }
    for (const [index, rule] of rules.entries()) {
      checkErrorRule(rule, `${path}.${kind}.${index}`, {
        ...around,
        kind,
        isLast: index === rules.length - 1,
      });
    }
  }
}

const RETRY_NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  IntervalSeconds: [1, 99_999_999],
  MaxAttempts: [0, 99_999_999],
  BackoffRate: [1, Number.MAX_SAFE_INTEGER],
  MaxDelaySeconds: [1, 31_622_400],
};

function checkErrorRule(
  rule: unknown,
  path: string,
  around: Around & { readonly kind: 'Retry' | 'Catch'; readonly isLast: boolean },
): void {
  const { report, kind, isLast, language } = around;
  const { ErrorEquals: names } = isJsonMap(rule) ? rule : { ErrorEquals: undefined };
  if (!isJsonMap(rule) || !Array.isArray(names) || names.length === 0) {
    report({
      path: `${path}.ErrorEquals`,
      ...(names === undefined ? {} : { value: names }),
      message: 'the field is missing or no list',
      expected: 'a list of error names',
      remedy: 'Name at least one error, such as States.ALL.',
    });
    return;
  }
  if (names.includes('States.ALL') && (names.length > 1 || !isLast)) {
    report({
      path: `${path}.ErrorEquals`,
      value: names,
      message: 'States.ALL must stand alone, in the last rule',
      expected: 'States.ALL alone and last',
      remedy: 'Move it into a last rule of its own.',
    });
  }
  if (kind === 'Catch') {
    checkTarget(rule['Next'], `${path}.Next`, around);
    if (language === 'JSONPath')
      checkPath(rule['ResultPath'], `${path}.ResultPath`, { report, reference: true });
    else checkExpressions(rule, path, report);
    return;
  }
  for (const [key, [least, most]] of Object.entries(RETRY_NUMBERS)) {
    const value = rule[key];
    if (value === undefined || (typeof value === 'number' && value >= least && value <= most))
      continue;
    report({
      path: `${path}.${key}`,
      value,
      message: 'the number is out of range',
      expected: `a number from ${least} to ${most}`,
      remedy: 'Change it.',
    });
  }
}
