/** The published figures traces are made from: `models/azure-functions-2019.json`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../package-root.js';
import type { Curve, Point } from './quantiles.js';

export const TRIGGERS = ['http', 'timer', 'queue', 'orchestration', 'event', 'others'] as const;

export type Trigger = (typeof TRIGGERS)[number];

export interface Figures {
  readonly source: string;
  readonly dailyInvocations: { readonly perFunction: Curve; readonly perApp: Curve };
  /** [share of functions, the most popular first, share of all invocations they have]. */
  readonly popularity: readonly Point[];
  /** Standard deviation over mean of the times between invocations. */
  readonly variationOfGaps: { readonly timers: Curve; readonly others: Curve };
  readonly durationSeconds: { readonly least: Curve; readonly mean: Curve; readonly most: Curve };
  readonly memoryMbPerApp: Curve;
  /** Shares. */
  readonly triggers: Readonly<
    Record<'functions' | 'invocations', Readonly<Record<Trigger, number>>>
  >;
  readonly functionsPerApp: readonly SizeClass[];
  /** Rate in each hour of a day over the mean rate. */
  readonly hours: readonly number[];
}

/** Apps of so many functions; without `to` there are `meanBeyond` more than `from` on average. */
export interface SizeClass {
  readonly from: number;
  readonly to?: number;
  readonly meanBeyond?: number;
  readonly share: number;
}

export function loadFigures(): Figures {
  const file = join(packageRoot(), 'models', 'azure-functions-2019.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Figures;
}
