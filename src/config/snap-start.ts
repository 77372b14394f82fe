/** Which functions of a file may have SnapStart (contract 7.6): told where the file says it. */

import { snapStartProblem, type SnapStartProblem } from '../function/snap-start.js';
import type { Problem } from './config.js';
import type { Problems } from './problems.js';
import type { FunctionSettings } from './schema.js';

export function checkSnapStart(
  settings: Pick<FunctionSettings, 'snapStart' | 'runtime' | 'ephemeralStorage'>,
  pathOf: (setting: string) => string,
  problems: Problems,
): void {
  if (settings.snapStart !== 'PublishedVersions') return;
  const { runtime = '', ephemeralStorage: ephemeralStorageMb } = settings;
  const packageType = runtime === '' ? 'Image' : 'Zip';
  const problem = snapStartProblem({ runtime, ephemeralStorageMb, packageType });
  if (problem === undefined) return;
  const path = pathOf('snapStart');
  problems.add({ path, value: settings.snapStart, ...TEXTS[problem](runtime) });
}

type Text = Pick<Problem, 'expected' | 'remedy'>;

const TEXTS: Readonly<Record<SnapStartProblem, (runtime: string) => Text>> = {
  runtime: (runtime) => ({
    expected: `None for ${runtime}: SnapStart is for Python 3.12, Java 11, .NET 8 and later`,
    remedy: 'Remove SnapStart, or choose such a runtime.',
  }),
  package: () => ({
    expected: 'None for a container image: SnapStart is for zip packages',
    remedy: 'Remove SnapStart, or package the code as a folder.',
  }),
  'ephemeral-storage': () => ({
    expected: 'None with a /tmp above 512 MB: Lambda does not snapshot larger ones',
    remedy: 'Remove SnapStart, or the setting for the size of /tmp.',
  }),
};
