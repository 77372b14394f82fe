/** Ids of availability zones, such as `use1-az1` of `us-east-1`. Pure. */

const DIRECTIONS: Readonly<Record<string, string>> = {
  north: 'n',
  northeast: 'ne',
  east: 'e',
  southeast: 'se',
  south: 's',
  southwest: 'sw',
  west: 'w',
  northwest: 'nw',
  central: 'c',
};

/** There is one zone here: the first. */
export function availabilityZoneId(region: string): string {
  const [area = '', ...rest] = region.split('-');
  // Of `gov`, `iso` and the like the first letter.
  const short = rest.map((part) => DIRECTIONS[part] ?? (/^\d/.test(part) ? part : part.charAt(0)));
  return `${area}${short.join('')}-az1`;
}
