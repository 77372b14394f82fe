/** A function is pending, or its update in progress, until what runs it has been built. */

import { functionArn } from '../function/arn.js';
import { conflict, updateInProgress, wrongRevision } from './failure.js';
import { currentRevisionId } from './configuration.js';
import type { Revision } from '../registry/records.js';
import type { ControlParts } from './parts.js';
import { missing } from './target.js';

/** Calls both once the present version of `$LATEST` has been built, or could not be. */
export function whenBuilt(
  parts: ControlParts,
  name: string,
  ...ends: readonly (() => void)[]
): void {
  const built = parts.router.deployment(name)?.ready() ?? Promise.resolve();
  void built.then(() => {
    for (const end of ends) end();
  });
}

/** Raises what AWS answers while something is being done to the function (contract 8.6). */
export function refuseWhileBusy(parts: ControlParts, name: string): void {
  const progress = parts.registry.progress(name);
  if (progress === 'creating') {
    throw conflict(
      'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    );
  }
  if (progress === 'updating') {
    const { region, accountId } = parts;
    throw updateInProgress(functionArn({ region, accountId, name }));
  }
}

/**
 * Raises what the caller is told when the function is not the one any more that the operation began
 * with: packages are unpacked and read meanwhile, and others delete functions and save files.
 */
export function refuseIfChanged(parts: ControlParts, name: string, before: Revision): void {
  const present = parts.registry.revision(name);
  if (present?.revisionId === before.revisionId) return;
  if (present === undefined) throw missing(parts, { name });
  const { region, accountId } = parts;
  throw updateInProgress(functionArn({ region, accountId, name }));
}

export function checkRevision(parts: ControlParts, name: string, given: string | undefined): void {
  if (given !== undefined && given !== currentRevisionId(parts, name)) {
    throw wrongRevision('GetFunction/GetAlias');
  }
}
