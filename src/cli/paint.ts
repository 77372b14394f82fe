/** Colours for one output; they change nothing where there are none. */

import colors from 'picocolors';

import type { Host, OutputStream } from './host.js';

export type Paint = ReturnType<typeof colors.createColors>;

/** As https://no-color.org and common practice have it. */
export function paintFor(stream: OutputStream, environment: Host['environment']): Paint {
  return colors.createColors(isColoured(stream, environment));
}

function isColoured(stream: OutputStream, environment: Host['environment']): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  if ((environment['FORCE_COLOR'] ?? '0') !== '0') return true;
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}
