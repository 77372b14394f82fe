/** What the end of a container says about a runtime that never came to run. Pure. */

import type { ContainerExit } from '../engine/engine.js';
import type { FunctionVersion } from '../function/function-version.js';
import { refusedProgram } from '../function/launch.js';
import type { LaunchProblem } from '../function/launch-problem.js';

export function launchProblemOf(
  version: FunctionVersion,
  { launchError }: ContainerExit,
): LaunchProblem | undefined {
  if (launchError === undefined) return undefined;
  const image = version.resolvedImage;
  const program = [...(image?.entryPoint ?? []), ...(image?.command ?? [])][0];
  return version.launchProblem ?? refusedProgram(program ?? '/var/runtime/bootstrap', launchError);
}

/** Contract 3.9: what the log of a container image says of a launch that failed. */
export function imageLaunchLine(version: FunctionVersion, problem: LaunchProblem): string[] {
  const image = version.resolvedImage;
  if (image === undefined) return [];
  if (problem.errorType === 'Runtime.InvalidTaskConfig') {
    return [`IMAGE\tInvalid task config: ${problem.reason}`];
  }
  const [program = '', ...rest] = [...image.entryPoint, ...image.command];
  const fields = [
    `Launch error: ${problem.reason}`,
    `Entrypoint: ${program}`,
    `Cmd: [${rest.join(',')}]`,
    `WorkingDir: [${image.workingDirectory}]`,
  ];
  return [`IMAGE\t${fields.join('\t')}`];
}
