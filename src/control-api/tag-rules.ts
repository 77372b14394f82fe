/** Contract 8.8: what tags a function may have. */

import { invalid } from './failure.js';

const MOST_TAGS = 50;

export function checkTags(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > MOST_TAGS) {
    throw invalid('Number of tags exceeds resource tag limit.');
  }
}
