/** SAM's events of state machines (contract 12.4). */

import { isMap, map } from '../map.js';
import { nearestOf } from '../problems.js';
import type { DeclaredResource } from './parts.js';

const TYPES = ['Api', 'CloudWatchEvent', 'EventBridgeRule', 'Schedule', 'ScheduleV2'];

export function readMachineEvents(resource: DeclaredResource, _name: string): void {
  const { path, properties, context } = resource;
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
    const { Type: type } = map(event);
    const inner = `${where}.${name}`;
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
