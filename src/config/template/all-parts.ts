/** The parts of a template that are no functions; `template.ts` calls them. */

import { HTTP_PART } from './http/part.js';
import { mappings } from './mappings.js';
import { eventBridge } from './event-bridge/part.js';
import { serviceResources } from './service-resources/part.js';
import { stateMachinesPart } from './state-machines.js';
import { webSocketApis } from './web-socket.js';
import type { DeclaredEvent, ResourceType, TemplatePart } from './parts.js';

export const PARTS: readonly TemplatePart[] = [
  serviceResources,
  mappings,
  stateMachinesPart,
  HTTP_PART,
  eventBridge,
  webSocketApis,
];

/** Several parts may read one type, such as the APIs of API Gateway v2: each takes what is its own. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = together(
  PARTS.map(({ resources }) => resources),
);

export const EVENT_TYPES: Readonly<Record<string, (event: DeclaredEvent) => void>> = Object.assign(
  Object.create(null) as object,
  ...PARTS.map(({ events }) => events),
) as Record<string, (event: DeclaredEvent) => void>;

function together(
  parts: readonly Readonly<Record<string, ResourceType>>[],
): Record<string, ResourceType> {
  // Without a prototype: a template may say `Type: constructor`.
  const types = Object.create(null) as Record<string, ResourceType>;
  for (const [name, type] of parts.flatMap((part) => Object.entries(part))) {
    const other = types[name];
    if (other === undefined) {
      types[name] = type;
      continue;
    }
    const identify = other.identify ?? type.identify;
    types[name] = {
      ...(identify === undefined ? {} : { identify }),
      read(resource) {
        other.read(resource);
        type.read(resource);
      },
    };
  }
  return types;
}
