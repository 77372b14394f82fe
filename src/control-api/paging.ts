/** Lists in pages: `Marker` and `MaxItems` in, `NextMarker` out. */

export interface PageInput {
  readonly Marker?: string;
  readonly MaxItems?: number;
}

/** `items` in the order of their keys; a marker is the key of the last item before the page. */
export function pageOf<T extends { readonly key: string }>(
  items: readonly T[],
  { Marker, MaxItems }: PageInput,
  most: number,
): { readonly page: readonly T[]; readonly next: { readonly NextMarker?: string } } {
  const left = Marker === undefined ? items : items.filter(({ key }) => key > Marker);
  const page = left.slice(0, Math.min(MaxItems ?? most, most));
  const last = page.at(-1);
  const more = last !== undefined && left.length > page.length;
  return { page, next: more ? { NextMarker: last.key } : {} };
}
