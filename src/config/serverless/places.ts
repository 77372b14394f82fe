/** From paths in a template that nobody wrote to those a person wrote. */

import type { Events } from './event-place.js';

/** The longest known beginning of the path is replaced. */
export function placedBy(path: string, places: ReadonlyMap<string, string>): string {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const known = places.get(path.slice(0, end));
    if (known !== undefined) return `${known}${path.slice(end).replace(/^\.Properties/, '')}`;
  }
  return path;
}

interface PlacedEvents {
  /** Logical id of the function. */
  readonly id: string;
  /** Of the list of its events. */
  readonly path: string;
  readonly read: Events;
}

/** Takes the resources that a function's events have made, and where all of them are written. */
export function placeEvents(
  places: Map<string, string>,
  resources: Record<string, unknown>,
  { id, path, read }: PlacedEvents,
): void {
  for (const [name, place] of Object.entries(read.places)) {
    const [, made] = /^rule (.+)$/.exec(name) ?? [];
    places.set(`Resources.${made ?? `${id}.Properties.Events.${name}`}`, place);
  }
  for (const [made, resource] of Object.entries(read.resources)) {
    if (!places.has(`Resources.${made}`)) places.set(`Resources.${made}`, path);
    resources[made] = resource;
  }
}
