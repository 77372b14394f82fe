/**
 * From a row of the service model to a route: reads the request, holds it against the model, hands
 * what is sound to the operation's handler and writes its answer.
 */

import { isObject } from '../is-object.js';
import { decoded } from '../decoded.js';
import { readFunctionReference, type ConstraintViolation } from '../function/arn.js';
import { isOrchestratorError, messageOf } from '../errors.js';
import { send, sendError, sendJson } from '../invoke-api/answer.js';
import type { ControlCall } from '../invoke-api/call.js';
import { constraintsViolated, serviceError } from '../invoke-api/errors.js';
import { INVOKE_LIMITS } from '../invoke-api/limits.js';
import type { Route } from '../invoke-api/routes.js';
import { ApiFailure, entityTooLarge, notSerialized, unsupported } from './failure.js';
import { model, type Located, type Model, type Operation } from './model.js';
import type { ControlParts } from './parts.js';
import { violationsOf, WrongKind } from './validate.js';

export interface ControlRequest<Input = Readonly<Record<string, unknown>>> {
  readonly parts: ControlParts;
  /** As the model describes it, checked. */
  readonly input: Input;
  readonly call: ControlCall;
}

export interface Answer {
  /** The model's when absent. */
  readonly status?: number;
  /** Nothing when absent. */
  readonly body?: object;
}

/** Each handler knows the shape that the model has promised it. */
export type Handler = (request: ControlRequest<never>) => Answer | Promise<Answer>;

/** Operations whose requests may hold a package. */
const WITH_PACKAGE: ReadonlySet<string> = new Set([
  'CreateFunction',
  'UpdateFunctionCode',
  'PublishLayerVersion',
]);

export function routeOf(name: string, handler: Handler | undefined, parts: ControlParts): Route {
  const operation = model().operations[name];
  if (operation === undefined) throw new Error(`the model knows no ${name}`);
  return new OperationRoute(name, operation, handler, parts);
}

/** What it is made of is made for who asks for it: of all, that takes longer than the first answer. */
class OperationRoute implements Route {
  readonly operation: string;
  readonly method: string;
  readonly begins: string;
  /** `/a/{B}/c?D=E` */
  readonly #template: string;
  readonly #row: Operation;
  readonly #handler: Handler | undefined;
  readonly #parts: ControlParts;
  #path: RegExp | undefined;

  constructor(
    name: string,
    operation: Operation,
    handler: Handler | undefined,
    parts: ControlParts,
  ) {
    this.operation = name;
    this.method = operation.method;
    this.#template = operation.path;
    this.begins = beginningOf(operation.path);
    this.#row = operation;
    this.#handler = handler;
    this.#parts = parts;
  }

  get path(): RegExp {
    return (this.#path ??= patternOf(this.#template));
  }

  get query(): { readonly name: string; readonly value: string } | undefined {
    const [, parameter] = this.#template.split('?', 2);
    if (parameter === undefined) return undefined;
    const [name = '', value = ''] = parameter.split('=', 2);
    return { name, value };
  }

  handle(call: ControlCall): void {
    const { operation: name } = this;
    const handler = this.#handler;
    if (handler === undefined) {
      sendError(call, unsupportedOperation(name).answer);
      return;
    }
    const limit = WITH_PACKAGE.has(name)
      ? INVOKE_LIMITS.codeRequestBytes
      : INVOKE_LIMITS.requestBytes;
    call.body(limit, (body) => {
      const answered = Buffer.isBuffer(body)
        ? run({ operation: this.#row, handler, parts: this.#parts }, call, body)
        : Promise.reject(
            entityTooLarge(
              `Request must be smaller than ${limit} bytes for the ${name} operation`,
              body.readToEnd,
            ),
          );
      answered.catch((error: unknown) => sendError(call, errorOf(error)));
    });
  }

  handleRead(call: ControlCall): void {
    this.handle(call);
  }
}

function unsupportedOperation(name: string): ApiFailure {
  return unsupported(
    `${name} is not served here: docs/fidelity.md lists what is. On AWS Lambda it is.`,
  );
}

interface Bound {
  readonly operation: Operation;
  readonly handler: Handler;
  readonly parts: ControlParts;
}

async function run(bound: Bound, call: ControlCall, body: Buffer): Promise<void> {
  const { operation, handler, parts } = bound;
  const input = readInput(model(), bound, call, body);
  const { status = operation.status, body: answer } = await handler({
    parts,
    input: input as never,
    call,
  });
  if (answer === undefined) send(call, status, [], status === 204 ? undefined : Buffer.alloc(0));
  else sendJson(call, status, answer);
}

function errorOf(error: unknown) {
  if (error instanceof ApiFailure) return error.answer;
  if (isOrchestratorError(error)) {
    return serviceError([error.message, error.remedy].filter(Boolean).join('. '));
  }
  return serviceError(messageOf(error));
}

function readInput(
  known: Model,
  bound: Bound,
  call: ControlCall,
  body: Buffer,
): Record<string, unknown> {
  const { operation } = bound;
  const captures = capturesOf(operation.path);
  const shapeName = operation.input;
  if (shapeName === undefined) return {};
  const input: Record<string, unknown> = readJson(body);
  for (const [name, member] of Object.entries(operation.located ?? {})) {
    const value = located(member, captures, call);
    if (value === undefined) delete input[name];
    else input[name] = value;
  }
  // Of nothing, nothing can be wrong: the shapes need not be read.
  if (operation.requires !== true && Object.keys(input).length === 0) return input;
  let violations: ConstraintViolation[];
  try {
    violations = [...nameViolations(input), ...violationsOf(known, shapeName, input)];
  } catch (error) {
    if (error instanceof WrongKind) throw notSerialized(`${error.message}.`);
    throw error;
  }
  if (violations.length > 0) throw new ApiFailure(constraintsViolated(violations));
  for (const [name, value] of Object.entries(input)) if (value === null) delete input[name];
  return input;
}

/** Names and qualifiers are told of together with all else. */
function nameViolations({ FunctionName, Qualifier }: Record<string, unknown>) {
  if (typeof FunctionName !== 'string') return [];
  const qualifier = typeof Qualifier === 'string' ? Qualifier : undefined;
  const read = readFunctionReference(encodeURIComponent(FunctionName), qualifier, 'control');
  return 'kind' in read && read.kind === 'constraints' ? read.violations : [];
}

function readJson(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw notSerialized(`Could not parse request body into json: ${messageOf(error)}`);
  }
  if (!isObject(value)) throw notSerialized('The request body must be a JSON object.');
  return value;
}

function located(
  { location, locationName, type }: Located,
  captures: readonly string[],
  call: ControlCall,
): unknown {
  if (location === 'uri') {
    const text = decoded(call.captured[captures.indexOf(locationName)] ?? '');
    return type === 'long' || type === 'integer' ? numberOr(text) : text;
  }
  if (location === 'header') {
    const value = call.request.headers[locationName.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  }
  if (type === 'list') return call.query.getAll(locationName);
  const text = call.query.get(locationName);
  // Clients write what is empty as they write what is there.
  if (text === null || text === '') return undefined;
  if (type === 'integer' || type === 'long') return numberOr(text);
  return type === 'boolean' ? text === 'true' : text;
}

/** What is no number stays text, for the model to refuse. */
function numberOr(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** Of a path with names of what varies: what stands before the first one. */
function beginningOf(template: string): string {
  const open = template.indexOf('{');
  return open < 0 ? pathOf(template) : template.slice(0, open);
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${pathOf(template).replace(/\{\w+\}/g, '([^/]+)')}/?$`);
}

function pathOf(template: string): string {
  const [path = ''] = template.split('?', 1);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The names of what varies, in the order in which they stand. */
function capturesOf(template: string): readonly string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
}
