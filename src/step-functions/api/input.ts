/** Members of a request, checked as they are read. */

import { isName, machineOf } from '../names.js';
import { invalidArn, invalidName, missing, StatesApiError, validation } from './failure.js';

export type Input = Readonly<Record<string, unknown>>;

/** Contract 11.16: of inputs and outputs. */
const MOST_BYTES = 256 * 1024;

export function text(input: Input, field: string): string {
  const value = input[field];
  if (value === undefined || value === null) throw missing(field);
  if (typeof value !== 'string') throw validation(field, value, 'Member must be a string');
  return value;
}

export function optionalText(input: Input, field: string): string | undefined {
  return input[field] === undefined || input[field] === null ? undefined : text(input, field);
}

/** Contract 11.16: errors hold 256 characters, causes 32,768. */
export function failureIn(input: Input): { readonly error?: string; readonly cause?: string } {
  const error = shortText(input, 'error', 256);
  const cause = shortText(input, 'cause', 32_768);
  return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}

function shortText(input: Input, field: string, most: number): string | undefined {
  const value = optionalText(input, field);
  if (value !== undefined && value.length > most) {
    throw validation(field, value, `Member must have length less than or equal to ${most}`);
  }
  return value;
}

export function nameIn(input: Input, field = 'name'): string {
  const name = text(input, field);
  if (!isName(name)) throw invalidName(name);
  return name;
}

export function machineIn(input: Input): string {
  const arn = text(input, 'stateMachineArn');
  const machine = machineOf(arn);
  if (machine === undefined) throw invalidArn(arn);
  return machine.arn;
}

export function pageSize(input: Input, most = 1000, usual = 100): number {
  const { maxResults: value = 0 } = input;
  if (typeof value !== 'number' || value < 0 || value > most) {
    throw validation('maxResults', value, `Member must be between 0 and ${most}`);
  }
  return value === 0 ? usual : value;
}

/** What a page token says: the last item of the page before. */
export function pageAfter(input: Input): number | undefined {
  const token = optionalText(input, 'nextToken');
  if (token === undefined) return undefined;
  const after = Number(Buffer.from(token, 'base64').toString('utf8'));
  if (Number.isSafeInteger(after)) return after;
  throw new StatesApiError('InvalidToken', `Invalid Token: 'Invalid token'`);
}

export function pageToken(last: number): string {
  return Buffer.from(String(last)).toString('base64');
}

/** JSON text of an execution's input. */
export function executionInput(input: Input): string {
  const written = optionalText(input, 'input') ?? '{}';
  if (Buffer.byteLength(written) > MOST_BYTES) {
    throw validation(
      'input',
      `${written.slice(0, 100)}…`,
      `Member must have length less than or equal to ${MOST_BYTES}`,
    );
  }
  try {
    JSON.parse(written);
  } catch (error) {
    throw new StatesApiError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${error instanceof Error ? error.message : String(error)}'`,
    );
  }
  return written;
}

/** JSON text of a task's output. */
export function taskOutput(input: Input): string {
  const written = text(input, 'output');
  try {
    if (Buffer.byteLength(written) > MOST_BYTES) throw new Error('it is too large');
    JSON.parse(written);
    return written;
  } catch (error) {
    throw new StatesApiError(
      'InvalidOutput',
      `Invalid Output: '${error instanceof Error ? error.message : String(error)}'`,
    );
  }
}

/** AWS's clients read seconds since 1970. */
export const seconds = (ms: number): number => ms / 1000;
