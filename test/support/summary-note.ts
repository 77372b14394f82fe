/** A figure that belongs into the summary of a test run, beside the counts. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.js';

/** Where `scripts/test.sh` keeps results; a suite that is run by itself keeps none. */
const RESULTS = join(packageRoot(), 'dist/results');

/** `suite` is the jest project; one note for each `topic`. */
export function noteForSummary(suite: string, topic: string, text: string): void {
  console.log(text);
  if (existsSync(RESULTS)) writeFileSync(join(RESULTS, `${suite}.${topic}.note`), `${text}\n`);
}
