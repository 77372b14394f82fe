/** From paths in a template that nobody wrote to those a person wrote. Pure. */

/** The longest known beginning of the path is replaced. */
export function placedBy(path: string, places: ReadonlyMap<string, string>): string {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const known = places.get(path.slice(0, end));
    if (known !== undefined) return `${known}${path.slice(end).replace(/^\.Properties/, '')}`;
  }
  return path;
}
