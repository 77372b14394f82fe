/** SAM's events of state machines (contract 12.4). */

import { isMap, map } from '../map.js';
import { nearestOf } from '../problems.js';
import { stateMachineArn } from '../../stack/arns.js';
import { placeOf, type OwnedEvent } from './event-bridge/parts.js';
import { readRuleEvent, readScheduleEvent } from './event-bridge/rules.js';
import { readScheduleV2Event } from './event-bridge/schedules.js';
import type { DeclaredResource } from './parts.js';

const READERS: ReadonlyMap<string, (event: OwnedEvent, arn: string) => void> = new Map([
  ['CloudWatchEvent', readRuleEvent],
  ['EventBridgeRule', readRuleEvent],
  ['Schedule', readScheduleEvent],
  ['ScheduleV2', readScheduleV2Event],
]);
const TYPES = ['Api', ...READERS.keys()];

export function readMachineEvents(resource: DeclaredResource, machine: string): void {
  const { path, logicalId, properties, context, scope } = resource;
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
  for (const [name, event] of Object.entries(events)) {
    const { Type: type, Properties: own } = map(event);
    const inner = `${where}.${name}`;
    const read = READERS.get(String(type));
    if (read !== undefined) {
      const about = { path: inner, name, type: String(type), owner: logicalId, context, scope };
      read({ ...about, properties: map(own) }, stateMachineArn(placeOf(scope), machine));
      continue;
    }
    if (TYPES.includes(String(type))) {
      const reason = 'nothing starts the state machine by it here; StartExecution does';
      context.notices.push({ path: inner, treatment: 'ignored', reason });
      continue;
    }
    const nearest = typeof type === 'string' ? nearestOf(type, TYPES) : undefined;
    context.problems.add({
      path: `${inner}.Type`,
      ...(type === undefined ? {} : { value: type }),
      expected: `one of ${TYPES.join(', ')}`,
      remedy: nearest === undefined ? 'Change it to one of these.' : `Did you mean '${nearest}'?`,
    });
  }
}
