/** Which function, version or alias a request means, or the error AWS answers (contract 8.1). */

import { functionArn, readFunctionReference } from '../function/arn.js';
import {
  constraintsViolated,
  functionNotFound,
  nameTooLong,
  qualifierMismatch,
  regionMismatch,
} from '../invoke-api/errors.js';
import { LATEST, type PublishedVersion, type Revision } from '../registry/records.js';
import { ApiFailure, invalid } from './failure.js';
import type { ControlParts } from './parts.js';

export interface Target {
  readonly name: string;
  readonly qualifier?: string;
}

/** The name in any form and its qualifier; whether there is such a function is not looked at. */
export function readTarget(parts: ControlParts, text: string, qualifier?: string): Target {
  // Already decoded: what still holds a `%` is no name.
  const reference = readFunctionReference(encodeURIComponent(text), qualifier, 'control');
  if ('kind' in reference) {
    switch (reference.kind) {
      case 'constraints':
        throw new ApiFailure(constraintsViolated(reference.violations));
      case 'name-too-long':
        throw new ApiFailure(nameTooLong(reference.violation));
      case 'qualifier-mismatch':
        throw new ApiFailure(qualifierMismatch());
    }
  }
  const { name, region, accountId } = reference;
  if (region !== undefined && region !== parts.region) {
    throw new ApiFailure(regionMismatch(region, parts.region));
  }
  const target = {
    name,
    ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
  };
  if (accountId !== undefined && accountId !== parts.accountId) {
    const { qualifier: asked } = reference;
    const arn = functionArn({
      region: parts.region,
      accountId,
      name,
      ...(asked === undefined ? {} : { qualifier: asked }),
    });
    throw new ApiFailure(functionNotFound(arn));
  }
  return target;
}

/** The same, of a function that exists. */
export function existing(parts: ControlParts, text: string, qualifier?: string): Target {
  const target = readTarget(parts, text, qualifier);
  if (parts.registry.revision(target.name) === undefined) throw missing(parts, target);
  return target;
}

/** Operations that are for functions only, not for versions or aliases. */
export function existingFunction(parts: ControlParts, text: string): { readonly name: string } {
  const { name, qualifier } = existing(parts, text);
  if (qualifier !== undefined && qualifier !== LATEST) throw functionsOnly();
  return { name };
}

function functionsOnly(): ApiFailure {
  return invalid(
    'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
  );
}

export interface ResolvedRevision {
  readonly revision: Revision | PublishedVersion;
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly arn: string;
}

/** The revision that a target means; of an alias, that of its main version. */
export function revisionOf(parts: ControlParts, target: Target): ResolvedRevision {
  const { registry } = parts;
  const { name, qualifier = LATEST } = target;
  const arn = arnOf(parts, target);
  const version = registry.alias(name, qualifier)?.version ?? qualifier;
  const revision = version === LATEST ? registry.revision(name) : registry.version(name, version);
  if (revision === undefined) throw missing(parts, target);
  return { revision, version, arn };
}

export function missing(parts: ControlParts, target: Target): ApiFailure {
  return new ApiFailure(functionNotFound(arnOf(parts, target)));
}

export function arnOf(parts: ControlParts, target: Target): string {
  const { name, qualifier } = target;
  const { region, accountId } = parts;
  return functionArn({
    region,
    accountId,
    name,
    ...(qualifier === undefined ? {} : { qualifier }),
  });
}
