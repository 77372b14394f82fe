/** Paths, templates, intrinsic functions and expressions of a definition. Pure. */

import { isIntrinsic, parseIntrinsic, type Expression } from './intrinsics.js';
import { isJsonMap } from './json.js';
import { pathProblem, segmentsOf } from './json-path.js';
import { expressionIn, expressionProblem } from './jsonata.js';
import type { Report } from './diagnostics.js';

const VARIABLE = /^\$[\p{L}_][\p{L}\p{N}_]*/u;

export function checkPath(
  value: unknown,
  path: string,
  { report, reference = false }: { readonly report: Report; readonly reference?: boolean },
): void {
  if (value === undefined || value === null) return;
  const problem = typeof value === 'string' ? problemOf(value, reference) : 'it is no string';
  if (problem === undefined) return;
  report({
    path,
    value,
    message: `the path cannot be used: ${problem}`,
    expected: reference ? 'a reference path such as $.order.id' : 'a JSONPath such as $.order.id',
    remedy: 'Correct the path.',
  });
}

function problemOf(text: string, reference: boolean): string | undefined {
  if (isIntrinsic(text)) return intrinsicProblem(text);
  if (reference) {
    return segmentsOf(text) === undefined ? 'it must lead to exactly one place' : undefined;
  }
  return pathProblem(plain(text));
}

/** `$$.…` and `$variable.…` are paths into something else than the input. */
function plain(text: string): string {
  return text.startsWith('$$') ? text.slice(1) : text.replace(VARIABLE, '$$');
}

function intrinsicProblem(text: string): string | undefined {
  try {
    return pathsIn(parseIntrinsic(text))
      .map((path) => pathProblem(plain(path)))
      .find((problem) => problem !== undefined);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function pathsIn(expression: Expression): string[] {
  if (expression.kind === 'path') return [expression.path];
  return expression.kind === 'call' ? expression.parts.flatMap(pathsIn) : [];
}

/** A payload template: fields that end in `.$` hold paths and functions. */
export function checkTemplate(template: unknown, path: string, report: Report): void {
  if (Array.isArray(template)) {
    for (const [index, item] of template.entries()) checkTemplate(item, `${path}.${index}`, report);
    return;
  }
  if (!isJsonMap(template)) return;
  for (const [key, value] of Object.entries(template)) {
    const inner = `${path}.${key}`;
    if (!key.endsWith('.$')) checkTemplate(value, inner, report);
    else if (typeof value === 'string') checkPath(value, inner, { report });
    else {
      report({
        path: inner,
        value,
        message: 'the name ends in .$ and the value is no string',
        expected: 'a path or an intrinsic function',
        remedy: 'Write a path, or leave the .$ out of the name.',
      });
    }
  }
}

/** Expressions at any depth. */
export function checkExpressions(value: unknown, path: string, report: Report): void {
  if (typeof value === 'string') {
    const expression = expressionIn(value);
    const problem = expression === undefined ? unclosed(value) : expressionProblem(expression);
    if (problem === undefined) return;
    report({
      path,
      value,
      message: `the JSONata expression cannot be used: ${problem}`,
      expected: 'a JSONata expression between {% and %}',
      remedy: 'Correct the expression.',
    });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) checkExpressions(item, `${path}.${key}`, report);
}

function unclosed(text: string): string | undefined {
  return text.startsWith('{%') ? 'it is not closed' : undefined;
}
