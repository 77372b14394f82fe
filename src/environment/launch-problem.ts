/** What the end of a container says about a runtime that never came to run. Pure. */

import type { ContainerExit } from '../engine/engine.js';
import type { FunctionVersion } from '../function/function-version.js';
import { refusedProgram, type LaunchProblem } from '../function/launch.js';

export function launchProblemOf(
  version: FunctionVersion,
  { launchError }: ContainerExit,
): LaunchProblem | undefined {
  if (launchError === undefined) return undefined;
  return version.launchProblem ?? refusedProgram('/var/runtime/bootstrap', launchError);
}
