/** What every kind of resource is to the provisioner. */

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
