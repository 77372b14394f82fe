/** What an environment is given, and whom it tells. */

import type { Clock } from '../async/clock.js';
import type { ContainerEngine } from '../engine/engine.js';
import type { OrchestratorError } from '../errors.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { InitializationType } from '../function/variables.js';
import type { Assignment } from './assignment.js';
import type { Channel } from './channel.js';
import type { BuildContainerSpec } from './container-spec.js';
import type { InvocationJournal } from './journal.js';
import type { EnvironmentState } from './lifecycle.js';

/** `E` is the environment itself; named so that neither file needs the other. */
export interface EnvironmentListener<E> {
  changed(environment: E, from: EnvironmentState, to: EnvironmentState): void;
  /** The event never reached running processes and may be given to another environment. */
  handBack(assignment: Assignment): void;
  /** The engine could not make or start the container. */
  startFailed(environment: E, error: OrchestratorError): void;
}

/** How an environment calls us. */
export interface EnvironmentAddress {
  /** `host:port`. */
  readonly runtimeApi: string;
  /** Host names it must be able to resolve, with their addresses. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Of the metadata endpoint, where there is one (contract 3.10). */
  readonly metadataToken?: string;
  /** Of the credentials it is given, where it has some of its own. */
  readonly sessionToken?: string;
}

/** Gives a channel its address on the Runtime API. */
export interface RuntimeDoor {
  open(channel: Channel, identity: string): EnvironmentAddress;
  close(identity: string): void;
}

/** All that an environment asks of an engine. */
export type EnvironmentEngine = Pick<ContainerEngine, 'create'>;

export interface EnvironmentParts {
  readonly clock: Clock;
  readonly engine: EnvironmentEngine;
  readonly door: RuntimeDoor;
  readonly buildSpec: BuildContainerSpec;
  readonly openJournal: (
    version: FunctionVersion,
    environmentId: string,
    initializationType: InitializationType,
  ) => InvocationJournal;
  /** 128 bits nobody else knows, hex; also unique. */
  readonly newIdentity: () => string;
  /** Of streamed responses; absent: Lambda's. */
  readonly streamingBytesPerSecond?: number | undefined;
  /** Tells people about an environment that the engine could not keep up. */
  readonly warn: (message: string) => void;
}
