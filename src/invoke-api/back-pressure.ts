/** Writing to a client at its own pace. */

import type { ServerResponse } from 'node:http';

/** Whether more may follow at once; else `ready` is called when it may, or the client has gone. */
export function writeAtPace(
  response: ServerResponse,
  bytes: Uint8Array,
  ready: () => void,
): boolean {
  // Nobody listens any more: the function runs to its end all the same.
  if (response.destroyed || response.write(bytes)) return true;
  const goOn = (): void => {
    response.off('drain', goOn);
    response.off('close', goOn);
    ready();
  };
  response.once('drain', goOn);
  response.once('close', goOn);
  return false;
}
