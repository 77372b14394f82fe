/** The flags that `trace` and `simulate` share: the day that is made. */

import type { OptionSpec } from './command.js';

export const TRACE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  functions: { type: 'number', describe: 'Functions in the made trace (default: 1000)' },
  events: {
    type: 'number',
    describe:
      'About so many invocations, by holding the most popular functions to one rate; 0: as many ' +
      'as come by themselves, some 13,000 a function and day (default: 1000000)',
  },
  days: { type: 'number', describe: 'Days it lasts (default: 1)' },
  seed: { type: 'number', describe: 'The same trace for the same seed (default: 1)' },
};
