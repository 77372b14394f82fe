/** Whether a stack has anything that is in the services. Pure. */

import type { Stack } from '../stack/stack.js';

const PARTS = [
  'buckets',
  'queues',
  'topics',
  'tables',
  'streams',
  'logGroups',
  'logSubscriptions',
  'mappings',
] as const satisfies readonly (keyof Stack)[];

export function needsServices(stack: Stack): boolean {
  return PARTS.some((part) => stack[part].length > 0);
}
