/** The trace that the flags of `trace` and `simulate` describe. */

import { OrchestratorError } from '../errors.js';
import { loadFigures } from '../simulate/figures.js';
import { generate, type Generated } from '../simulate/generate.js';
import type { CommandContext } from './command.js';

const LIMITS = {
  functions: { least: 1, most: 1_000_000, otherwise: 1000 },
  events: { least: 0, most: 100_000_000, otherwise: 1_000_000 },
  days: { least: 1, most: 30, otherwise: 1 },
  seed: { least: 0, most: Number.MAX_SAFE_INTEGER, otherwise: 1 },
} as const;

export interface Made extends Generated {
  readonly seed: number;
}

/** The trace that the flags describe; a note tells of what was held back in it. */
export function madeTrace({ args, report }: CommandContext): Made {
  const [functions, events, days, seed] = (['functions', 'events', 'days', 'seed'] as const).map(
    (name) => {
      const { least, most, otherwise } = LIMITS[name];
      const value = args.number(name) ?? otherwise;
      if (value >= least && value <= most) return value;
      throw new OrchestratorError('config-invalid', `--${name} cannot be ${value}`, {
        remedy: `It is from ${least} to ${most}.`,
      });
    },
  ) as [number, number, number, number];
  if (events === 0 && functions * days > 5000) {
    throw new OrchestratorError(
      'config-invalid',
      '--events 0 is for up to 5000 functions and days',
      {
        remedy:
          'Each function has some 13,000 invocations a day on average. Give --events, or fewer.',
      },
    );
  }
  const figures = loadFigures();
  const made = generate(figures, { functions, days, seed, ...(events === 0 ? {} : { events }) });
  if (made.heldTo !== undefined) {
    const held = made.profiles.filter(({ dailyRate }) => dailyRate === made.heldTo).length;
    const rate = made.heldTo.toLocaleString('en', {
      maximumFractionDigits: made.heldTo < 10 ? 1 : 0,
    });
    report.note(
      report.paintError.dim(`The ${held} most popular functions are held to ${rate} events a day.`),
    );
  }
  return { ...made, seed };
}
