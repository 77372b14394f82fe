/** The container of an environment that is expected, for what can be made ahead of it. Pure. */

import type { ContainerSpec } from '../engine/engine.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { BuildContainerSpec, EnvironmentIdentity } from './container-spec.js';

const NOBODY: EnvironmentIdentity = {
  environmentId: 'expected',
  runtimeApi: '',
  hosts: {},
  logMarker: undefined,
  logStreamName: '',
  initializationType: 'on-demand',
};

export function expectedSpec(version: FunctionVersion, build: BuildContainerSpec): ContainerSpec {
  const supervised = (version.extensions ?? []).length > 0;
  return build(version, { ...NOBODY, ...(supervised ? { supervisorToken: '' } : {}) });
}
