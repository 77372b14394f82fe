/** Errors about function names, with the name that was probably meant. */

import { OrchestratorError } from '../errors.js';
import { didYouMean } from './nearest.js';

export function functionNotFound(name: string, known: readonly string[]): OrchestratorError {
  const [unqualified = '', qualifier] = name.split(/:(?=[^:]*$)/);
  if (qualifier !== undefined && known.includes(unqualified)) {
    return new OrchestratorError(
      'function-not-found',
      `the function ${unqualified} has no version or alias ${qualifier}`,
      {
        remedy: `There is only $LATEST here: leave :${qualifier} out.`,
        details: { functions: known },
      },
    );
  }
  const list = known.length === 0 ? 'None is loaded.' : `Functions here: ${known.join(', ')}.`;
  return new OrchestratorError('function-not-found', `there is no function ${name}`, {
    remedy: `${didYouMean(name, known)}${list}`,
    details: { functions: known },
  });
}
