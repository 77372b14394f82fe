/**
 * The container of an environment: one of the engine's, or none where none could run; and whether
 * people hear of what the engine refuses to do with it.
 */

import type { Container, ContainerObserver } from '../engine/engine.js';
import type { OrchestratorError } from '../errors.js';
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

/**
 * An engine that is away says so itself, once and not for each environment; processes that ended
 * before they could be frozen or woken were ended by somebody who knows.
 */
export function isNews(failure: OrchestratorError, starting: boolean): boolean {
  const ended = failure.code === 'engine-not-found' && !starting;
  return failure.code !== 'engine-unreachable' && !ended;
}
