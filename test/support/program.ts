/**
 * What people run, for tests that start it as a process of its own: the launcher over the packed
 * program, which `scripts/setup.sh` builds before the suites.
 */

import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.js';

export const PROGRAM = join(packageRoot(), 'dist/src/launcher.cjs');

/** Compiled code is kept from test to test, and not among the user's own. */
export const KEPT_CODE = { XDG_CACHE_HOME: join(packageRoot(), 'dist/caches') } as const;
