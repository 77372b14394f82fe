/** The version of this package, as package.json has it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

let known: string | undefined;

export function packageVersion(): string {
  return (known ??= read());
}

function read(): string {
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
