/** Which settings of a function go together: code needs a runtime, and a handler where it has one. */

import { isCustom } from '../function/runtimes.js';
import type { FunctionDraft } from './draft.js';
import type { Problems } from './problems.js';

/** What `_HANDLER` says of a custom runtime whose function names no handler. */
export const UNNAMED_HANDLER = 'bootstrap';

/** Adds a problem for each setting that is missing. */
export function checkPackage(
  { settings }: FunctionDraft,
  pathOf: (setting: string) => string,
  problems: Problems,
): void {
  const { runtime, handler } = settings;
  const missing = (setting: string, what: string): void =>
    problems.add({ path: pathOf(setting), expected: `a value here (${what})`, remedy: 'Add it.' });
  if (runtime === undefined) {
    missing('runtime', 'a runtime identifier such as nodejs22.x or python3.13');
  }
  if (handler === undefined && !isCustom(String(runtime))) {
    missing('handler', 'the handler, such as index.handler');
  }
}
