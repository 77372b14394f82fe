/** What the operations of the Step Functions API are made of. */

import type { Clock } from '../../async/clock.js';
import type { Place } from '../../stack/arns.js';
import type { CallbackDesk } from '../callbacks.js';
import type { Executions } from '../executions.js';
import type { Effects } from '../interpreter/effects.js';
import type { Machines } from '../machines.js';
import type { ExecutionStore } from '../store.js';
import type { Input } from './input.js';

export interface ApiParts {
  readonly place: Place;
  readonly store: ExecutionStore;
  readonly machines: Machines;
  readonly executions: Executions;
  readonly desk: CallbackDesk;
  readonly effects: Effects;
  /** Real time: how long a request may wait. */
  readonly clock: Clock;
}

export type Operation = (
  parts: ApiParts,
  input: Input,
  /** Aborted when the caller has gone. */
  signal: AbortSignal,
) => object | Promise<object>;
