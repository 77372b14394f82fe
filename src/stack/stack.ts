/**
 * What a project declares besides its functions: the one internal model that every kind of file is
 * read into and every event source runs from. Plain, read-only data; names are physical names.
 */

import type { ApiDefinition, LoadBalancerDefinition } from './http.js';
import type {
  BusDefinition,
  RuleDefinition,
  ScheduleDefinition,
  ScheduleGroupDefinition,
} from './event-bridge.js';
import type { MappingDefinition } from './mappings.js';
import type { ServiceResources } from './service-resources.js';
import type { ActivityDefinition, StateMachineDefinition } from './state-machines.js';
import type { WebSocketApiDefinition } from './web-socket.js';

export interface Stack extends ServiceResources {
  readonly apis: readonly ApiDefinition[];
  readonly loadBalancers: readonly LoadBalancerDefinition[];
  readonly webSocketApis: readonly WebSocketApiDefinition[];
  readonly buses: readonly BusDefinition[];
  readonly rules: readonly RuleDefinition[];
  readonly schedules: readonly ScheduleDefinition[];
  readonly scheduleGroups: readonly ScheduleGroupDefinition[];
  readonly mappings: readonly MappingDefinition[];
  readonly stateMachines: readonly StateMachineDefinition[];
  readonly activities: readonly ActivityDefinition[];
}

/** A stack while a file is read into it. */
export type StackDraft = { readonly [Part in keyof Stack]: Stack[Part][number][] };

export function emptyStack(): StackDraft {
  return {
    apis: [],
    loadBalancers: [],
    webSocketApis: [],
    buses: [],
    rules: [],
    schedules: [],
    scheduleGroups: [],
    mappings: [],
    stateMachines: [],
    activities: [],
    buckets: [],
    queues: [],
    topics: [],
    tables: [],
    streams: [],
    logGroups: [],
    logSubscriptions: [],
  };
}

/** Whether there is nothing in it that has to be run. */
export function isEmpty(stack: Stack): boolean {
  return Object.values(stack).every((part: readonly unknown[]) => part.length === 0);
}
