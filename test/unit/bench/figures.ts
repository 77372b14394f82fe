/** Figures of benches that never ran. */

import { judge, type Figure, type Judged } from '../../bench/tools/statistics.js';

/** Ratios as given, one for each round, against a floor of one. */
export function figure(ratios: readonly number[], more: Partial<Figure> = {}): Figure {
  return {
    name: 'warm p50, node',
    unit: 'ms',
    against: 'floor',
    ours: ratios,
    theirs: ratios.map(() => 1),
    ...more,
  };
}

export function judged(ratios: readonly number[], more: Partial<Figure> = {}): Judged {
  return judge(figure(ratios, more));
}
