/** What this machine runs, and so the engine on it. */

import { arch } from 'node:os';

export function hostArchitecture(): 'x86_64' | 'arm64' {
  return arch() === 'arm64' ? 'arm64' : 'x86_64';
}
