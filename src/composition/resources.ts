/** The composition root's part for what a template declares in the services, and what is told to it. */

import { Resources } from '../provisioning/resources.js';
import type { Source, SourceParts } from '../sources/source.js';
import { destinationSender } from '../targets/destination-sender.js';
import { serveServices } from '../targets/service-targets.js';
import type { Events } from './events.js';

/** The first of all sources: the others read from what it makes. */
export function openResources(parts: SourceParts, events: Pick<Events, 'sender'>): Source {
  const { services, targets, queueClock } = parts;
  const now = (): number => queueClock.now();
  const resources = new Resources(parts);
  serveServices(targets, { services, now });
  events.sender = destinationSender({ targets, ready: () => resources.ready, now });
  return resources;
}
