/** What every kind of resource is to the provisioner. */

import { messageOf, OrchestratorError } from '../errors.js';
import type { ServiceClients } from '../services/clients.js';

export interface Named {
  readonly path: string;
  readonly name: string;
}

export interface MakingContext {
  readonly clients: ServiceClients;
  readonly region: string;
  readonly accountId: string;
  /** Told as approximated. */
  warn(message: string): void;
  /** A moment, while something is being made. */
  pause(): Promise<void>;
}

export interface ResourceMaker<Definition extends Named> {
  /** Such as `queue`, for people. */
  readonly kind: string;
  /**
   * Makes it, or makes what is there match; what is as it should be stays undisturbed. `before` is
   * what this run last made it from.
   */
  make(
    definition: Definition,
    context: MakingContext,
    before: Definition | undefined,
  ): Promise<void>;
}

/** What the endpoint answered, with AWS's name for it. */
export function answerOf(error: unknown): string {
  const isPlain = !(error instanceof Error) || error.name === 'Error';
  return isPlain ? messageOf(error) : `${error.name}: ${error.message}`;
}

/** `failures` say each where it stands in the template, and what was answered. */
export function refused(failures: readonly string[]): OrchestratorError {
  const text = failures.map((failure) => `  ${failure}`).join('\n');
  return new OrchestratorError(
    'resource-refused',
    `not everything of the template could be made at the services endpoint:\n${text}`,
    { remedy: 'Correct these in the template, or what is there already.' },
  );
}

/** Attributes that are JSON come back with other white space. */
export function sameAttribute(one = '', other = ''): boolean {
  return one === other || compact(one) === compact(other);
}

function compact(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** A failure of an AWS client by its name, such as `ResourceNotFoundException`. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
