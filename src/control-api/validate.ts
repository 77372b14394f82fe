/**
 * A request held against the service model: every broken rule in AWS's words (contract 8.6). Pure.
 */

import { isObject } from '../is-object.js';
import type { ConstraintViolation } from '../function/arn.js';
import type { Model, Shape } from './model.js';

/** A value of another kind than the model says: AWS refuses it before it looks at any rule. */
export class WrongKind extends Error {}

/** What is checked elsewhere, in its own words: forms of names and their qualifiers. */
const CHECKED_APART: ReadonlySet<string> = new Set([
  'FunctionName',
  'NamespacedFunctionName',
  'UnqualifiedFunctionName',
  'FunctionUrlFunctionName',
  'NameSpacedFunctionArn',
  'Qualifier',
  'NumericLatestPublishedOrAliasQualifier',
  'Runtime',
]);

/** Every broken rule of `input`, in the order of the model. Raises `WrongKind`. */
export function violationsOf(
  model: Model,
  shapeName: string,
  input: unknown,
  field = '',
): ConstraintViolation[] {
  const shape = model.shapes[shapeName];
  if (shape === undefined) return [];
  switch (shape.type) {
    case 'structure':
      return structure(model, shape, input, field);
    case 'list':
      return list(model, shape, input, field);
    case 'map':
      return map(model, shape, input, field);
    case 'string':
      if (typeof input !== 'string') throw new WrongKind(`${field} must be a string`);
      return CHECKED_APART.has(shapeName) ? [] : text(shape, input, field);
    case 'integer':
    case 'long':
      if (!Number.isInteger(input)) throw new WrongKind(`${field} must be a whole number`);
      return number(shape, input as number, field);
    case 'double':
      if (typeof input !== 'number') throw new WrongKind(`${field} must be a number`);
      return number(shape, input, field);
    case 'boolean':
      if (typeof input !== 'boolean') throw new WrongKind(`${field} must be true or false`);
      return [];
    case 'blob':
      if (typeof input !== 'string') throw new WrongKind(`${field} must be text in Base64`);
      return [];
    case 'timestamp':
      return [];
  }
}

function structure(
  model: Model,
  { members = {}, required = [] }: Shape,
  input: unknown,
  field: string,
): ConstraintViolation[] {
  if (!isObject(input)) throw new WrongKind(`${field || 'the request'} must be an object`);
  return Object.entries(members).flatMap(([name, member]) => {
    const path = field === '' ? lowerFirst(name) : `${field}.${lowerFirst(name)}`;
    const value = input[name];
    if (value !== undefined && value !== null) {
      return violationsOf(model, member.shape, value, path);
    }
    if (!required.includes(name)) return [];
    return [{ value: null, field: path, rule: 'Member must not be null' }];
  });
}

function list(model: Model, shape: Shape, input: unknown, field: string): ConstraintViolation[] {
  if (!Array.isArray(input)) throw new WrongKind(`${field} must be a list`);
  const { member = '' } = shape;
  return [
    ...lengthViolations(shape, input.length, `[${input.join(', ')}]`, field),
    ...input.flatMap((value: unknown, index) =>
      violationsOf(model, member, value, `${field}.${index + 1}.member`),
    ),
  ];
}

function map(model: Model, shape: Shape, input: unknown, field: string): ConstraintViolation[] {
  if (!isObject(input)) throw new WrongKind(`${field} must be an object`);
  const { key = '', value: valueShape = '' } = shape;
  const entries = Object.entries(input);
  return [
    ...lengthViolations(shape, entries.length, JSON.stringify(input), field),
    ...entries.flatMap(([name, value]) => [
      ...mapKey(model, key, name, field),
      ...violationsOf(model, valueShape, value, `${field}.${name}.member`),
    ]),
  ];
}

/** The rules for keys stand inside the one for the map. */
function mapKey(model: Model, shape: string, name: string, field: string): ConstraintViolation[] {
  const broken = violationsOf(model, shape, name, field);
  if (broken.length === 0) return [];
  const rules = broken.map(({ rule }) => rule).join(', ');
  const rule = `Map keys must satisfy constraint: [${rules}]`;
  return [{ value: name, field, rule }];
}

function text(shape: Shape, value: string, field: string): ConstraintViolation[] {
  const violations = lengthViolations(shape, value.length, value, field);
  if (shape.pattern !== undefined && !patternOf(shape.pattern).test(value)) {
    const rule = `Member must satisfy regular expression pattern: ${shape.pattern}`;
    violations.push({ value, field, rule });
  }
  if ((shape.enum?.length ?? 0) > 0 && shape.enum?.includes(value) === false) {
    const rule = `Member must satisfy enum value set: [${shape.enum.join(', ')}]`;
    violations.push({ value, field, rule });
  }
  return violations;
}

function lengthViolations(
  { min, max }: Shape,
  length: number,
  value: string,
  field: string,
): ConstraintViolation[] {
  if (max !== undefined && length > max) {
    return [{ value, field, rule: `Member must have length less than or equal to ${max}` }];
  }
  if (min !== undefined && length < min) {
    return [{ value, field, rule: `Member must have length greater than or equal to ${min}` }];
  }
  return [];
}

function number({ min, max }: Shape, value: number, field: string): ConstraintViolation[] {
  const told = String(value);
  if (max !== undefined && value > max) {
    return [{ value: told, field, rule: `Member must have value less than or equal to ${max}` }];
  }
  if (min !== undefined && value < min) {
    return [{ value: told, field, rule: `Member must have value greater than or equal to ${min}` }];
  }
  return [];
}

const patterns = new Map<string, RegExp>();

function patternOf(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const made = new RegExp(`^(?:${pattern})$`, pattern.includes('\\p{') ? 'u' : '');
  patterns.set(pattern, made);
  return made;
}

/** `FunctionName` → `functionName`, as messages write fields. */
function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
