/** What a function of a file cannot have beside tenant isolation (contract 7.9). */

import type { Problems } from './problems.js';
import type { FunctionSettings } from './schema.js';

export function checkTenancy(
  settings: Pick<FunctionSettings, 'tenancy' | 'snapStart' | 'provisionedConcurrency' | 'url'>,
  pathOf: (setting: string) => string,
  problems: Problems,
): void {
  const { tenancy, snapStart, provisionedConcurrency, url } = settings;
  if (tenancy === undefined) return;
  const expected = 'a function without tenant isolation: Lambda has either, not both';
  const remedy = 'Remove one of the two.';
  if (snapStart === 'PublishedVersions') {
    problems.add({ path: pathOf('snapStart'), value: snapStart, expected, remedy });
  }
  if (provisionedConcurrency !== undefined) {
    const path = pathOf('provisionedConcurrency');
    problems.add({ path, value: provisionedConcurrency, expected, remedy });
  }
  if (url !== undefined) problems.add({ path: pathOf('url'), expected, remedy });
}
