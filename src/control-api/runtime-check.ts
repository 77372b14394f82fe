/** Which runtimes a function may be given (contract 3.11, 8.6). */

import { findRuntime } from '../function/runtimes.js';
import { invalid, type ApiFailure } from './failure.js';
import { modelRuntimes } from './model.js';

/** Lambda makes no function with these any more. */
const RETIRED =
  /^(?:nodejs|nodejs4\.3|nodejs4\.3-edge|nodejs6\.10|nodejs(?:8\.10|1[0-8]\.x)|python(?:2\.7|3\.[6-8])|java8|dotnetcore\d\.\d|dotnet6|ruby2\.[57]|ruby3\.2|go1\.x|provided)$/;

/** The refusal, if it is one. */
export function runtimeProblem(runtime: string): ApiFailure | undefined {
  if (findRuntime(runtime) !== undefined) return undefined;
  const known = modelRuntimes();
  if (!known.includes(runtime)) {
    const offered = known.filter((id) => !RETIRED.test(id)).join(', ');
    return invalid(
      `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${offered}] or be a valid ARN`,
    );
  }
  if (!RETIRED.test(runtime)) return undefined;
  return invalid(
    `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
  );
}
