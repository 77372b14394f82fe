/** The container of an environment: one of the engine's, or none where none could run. */

import type { Container, ContainerObserver } from '../engine/engine.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { EnvironmentIdentity } from './container-spec.js';
import type { EnvironmentParts } from './parts.js';
import { UnlaunchableContainer } from './unlaunchable.js';

export function createContainer(
  { engine, buildSpec, clock }: EnvironmentParts,
  version: FunctionVersion,
  identity: EnvironmentIdentity,
  observer: ContainerObserver,
): Promise<Container> {
  const { launchProblem } = version;
  return launchProblem === undefined
    ? engine.create(buildSpec(version, identity), observer)
    : Promise.resolve(new UnlaunchableContainer(launchProblem.reason, clock, observer));
}
