/** The rules of Choice states. Pure. */

import { isOperator, operandProblem, takesPath } from './choice.js';
import { checkTarget, type Report } from './diagnostics.js';
import { isJsonMap, type JsonMap } from './json.js';
import type { QueryLanguage } from './machine.js';
import { checkExpressions, checkPath, checkTemplate } from './validate-values.js';

interface Around {
  readonly report: Report;
  readonly language: QueryLanguage;
  readonly states: JsonMap;
}

export function checkChoices(state: JsonMap, path: string, around: Around): void {
  const { Choices: rules } = state;
  if (rules === undefined) return;
  if (!Array.isArray(rules) || rules.length === 0) {
    around.report({
      path: `${path}.Choices`,
      value: rules,
      message: 'there are no rules',
      expected: 'a list of rules, each with a Next',
      remedy: 'Add at least one rule.',
    });
    return;
  }
  for (const [index, rule] of rules.entries()) {
    const inner = `${path}.Choices.${index}`;
    checkTarget(isJsonMap(rule) ? rule['Next'] : undefined, `${inner}.Next`, around);
    if (around.language === 'JSONata') checkCondition(rule, inner, around);
    else checkRule(rule, inner, around);
  }
}

function checkCondition(rule: unknown, path: string, { report }: Around): void {
  const condition = isJsonMap(rule) ? rule['Condition'] : undefined;
  if (
    condition === undefined ||
    (typeof condition !== 'string' && typeof condition !== 'boolean')
  ) {
    report({
      path: `${path}.Condition`,
      ...(condition === undefined ? {} : { value: condition }),
      message: 'the condition is missing',
      expected: 'a JSONata expression between {% and %}',
      remedy: 'Add it.',
    });
  }
  checkExpressions(rule, path, report);
}

function checkRule(rule: unknown, path: string, around: Around): void {
  const { report } = around;
  if (!isJsonMap(rule)) {
    report({
      path,
      value: rule,
      message: 'the rule is no object',
      expected: 'a Variable with a comparison, or And, Or, Not',
      remedy: 'Write it so.',
    });
    return;
  }
  const { And: and, Or: or, Not: not, Variable: variable, Assign: assign } = rule;
  checkTemplate(assign, `${path}.Assign`, report);
  for (const [name, list] of Object.entries({ And: and, Or: or })) {
    if (!Array.isArray(list)) continue;
    for (const [index, inner] of list.entries())
      checkRule(inner, `${path}.${name}.${index}`, around);
  }
  if (not !== undefined) checkRule(not, `${path}.Not`, around);
  if (and !== undefined || or !== undefined || not !== undefined) return;
  if (variable === undefined) {
    report({
      path: `${path}.Variable`,
      message: 'the field is missing',
      expected: 'the path of what is compared',
      remedy: 'Add it.',
    });
  } else checkPath(variable, `${path}.Variable`, { report });
  checkOperator(rule, path, report);
}

function checkOperator(rule: JsonMap, path: string, report: Report): void {
  const operators = Object.keys(rule).filter(
    (key) => !['Variable', 'Next', 'Comment', 'Assign', 'Output'].includes(key),
  );
  const [operator] = operators;
  const unknown = operators.find((name) => !isOperator(name));
  if (operator === undefined || operators.length > 1 || unknown !== undefined) {
    report({
      path: unknown === undefined ? path : `${path}.${unknown}`,
      message:
        unknown === undefined ? 'a rule has exactly one comparison' : 'the comparison is not known',
      expected: 'one comparison such as StringEquals or NumericGreaterThanPath',
      remedy: 'Correct the rule.',
    });
    return;
  }
  const operand = rule[operator];
  const expected = operandProblem(operator, operand);
  if (expected !== undefined) {
    report({
      path: `${path}.${operator}`,
      value: operand,
      message: 'the value does not fit the comparison',
      expected,
      remedy: 'Change it.',
    });
  } else if (takesPath(operator)) checkPath(operand, `${path}.${operator}`, { report });
}
