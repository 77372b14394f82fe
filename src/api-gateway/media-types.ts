/** Binary media types of a REST API (contract 11.1). Pure. */

/** Whether the media type of a `Content-Type` or `Accept` is one of the binary ones. */
export function isBinary(header: string | undefined, binary: readonly string[]): boolean {
  if (binary.length === 0) return false;
  const type = mediaType(header);
  return binary.some((one) => matches(type, one.trim().toLowerCase().replace('~1', '/')));
}

/** The first of several, without parameters. */
function mediaType(header: string | undefined): string {
  return (header ?? '').split(/[,;]/)[0]?.trim().toLowerCase() ?? '';
}

function matches(type: string, binary: string): boolean {
  if (binary === '*/*' || binary === type) return true;
  return binary.endsWith('/*') && type.startsWith(binary.slice(0, -1));
}
