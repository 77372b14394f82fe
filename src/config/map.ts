/** Maps as files hold them: names, and anything as values. */

export type Map = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map, or an empty one where something else stands. */
export function map(value: unknown): Map {
  return isMap(value) ? value : {};
}

/** What a map holds itself under a name that a person chose; never what all objects have. */
export function own(map: Map, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
