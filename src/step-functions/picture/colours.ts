/** Colours of outcomes, light enough for dark text. */

import type { Outcome } from './graph.js';

export interface Colours {
  readonly fill: string;
  readonly line: string;
}

export const COLOURS: Readonly<Record<Outcome, Colours>> = {
  succeeded: { fill: '#d5f2dc', line: '#2e8b57' },
  caught: { fill: '#ffe8c2', line: '#c77700' },
  failed: { fill: '#fbd5d5', line: '#c62828' },
  running: { fill: '#d6e8fb', line: '#1565c0' },
  aborted: { fill: '#e4e1ec', line: '#6b5b95' },
  untouched: { fill: '#ffffff', line: '#9aa0a6' },
};

export const TEXT = '#202124';
