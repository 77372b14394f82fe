/** SAM's events of state machines (contract 12.4). */

import { stateMachineArn } from '../../stack/arns.js';
import { isMap, map } from '../map.js';
import { nearestOf } from '../problems.js';
import { placeOf, type OwnedEvent } from './event-bridge/parts.js';
import { readRuleEvent, readScheduleEvent } from './event-bridge/rules.js';
import { readScheduleV2Event } from './event-bridge/schedules.js';
import type { DeclaredResource } from './parts.js';

const READERS: Readonly<Record<string, (event: OwnedEvent, arn: string) => void>> = {
  CloudWatchEvent: readRuleEvent,
  EventBridgeRule: readRuleEvent,
  Schedule: readScheduleEvent,
  ScheduleV2: readScheduleV2Event,
};
const TYPES = ['Api', ...Object.keys(READERS)];

/** `machine` is the physical name. */
export function readMachineEvents(resource: DeclaredResource, machine: string): void {
  const { path, properties, context, scope, logicalId } = resource;
  const { Events: events } = properties;
  if (events === undefined) return;
  const where = `${path}.Properties.Events`;
  if (!isMap(events)) {
    context.problems.add({
      path: where,
      expected: 'a map from names of events to their Type and Properties',
      remedy: 'Write each event as a map below a name of its own.',
    });
    return;
  }
  const arn = stateMachineArn(placeOf(scope), machine);
  for (const [name, event] of Object.entries(events)) {
    const { Type: type, Properties: own } = map(event);
    const inner = `${where}.${name}`;
    const read = Object.hasOwn(READERS, String(type)) ? READERS[String(type)] : undefined;
    if (read !== undefined) {
      const owned = { name, type: String(type), properties: map(own), owner: logicalId };
      read({ ...owned, path: inner, context, scope }, arn);
    } else if (type === 'Api') {
      const reason = 'no route leads to a state machine here; StartExecution starts it';
      context.notices.push({ path: inner, treatment: 'ignored', reason });
    } else refuseType(inner, type, resource);
  }
}

function refuseType(path: string, type: unknown, { context }: DeclaredResource): void {
  const nearest = typeof type === 'string' ? nearestOf(type, TYPES) : undefined;
  context.problems.add({
    path: `${path}.Type`,
    ...(type === undefined ? {} : { value: type }),
    expected: `one of ${TYPES.join(', ')}`,
    remedy: nearest === undefined ? 'Change it to one of these.' : `Did you mean '${nearest}'?`,
  });
}
