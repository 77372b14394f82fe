import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../../src/package-root.js';
import { between, tables } from '../../bench/tools/documents.js';
import type { FigureResult, Results } from '../../bench/tools/results.js';
import type { Figure } from '../../bench/tools/statistics.js';
import { judged } from './figures.js';

const result = (name: string, ratio: number, more: Partial<Figure> = {}): FigureResult => ({
  ...judged([ratio - 0.1, ratio, ratio + 0.1], { name, ...more }),
  change: 'same',
});

const results: Results = {
  machine: {
    platform: 'linux',
    arch: 'x64',
    cpus: 2,
    kernel: '6.1.0',
    node: '20.20.2',
    engine: '20.10.24',
    cgroups: 'v1',
  },
  sections: {
    warm: {
      at: '2026-01-01T00:00:00.000Z',
      rounds: 3,
      figures: [
        result('warm p50, node, 1 in flight', 0.4, { atMost: 0.5 }),
        result('warm p50, python, 1 in flight', 0.6, { atMost: 0.5 }),
        result('warm p99, node, 1 in flight', 2),
      ],
    },
    short: {
      at: '2026-01-01T00:00:00.000Z',
      rounds: 3,
      figures: [result('p50, node', 0.5, { atMost: 3 })],
    },
    peers: {
      at: '2026-01-01T00:00:00.000Z',
      rounds: 3,
      figures: [
        result('p50, node', 3, { against: 'a peer' }),
        result('peer: p50, node', 1, { told: true }),
      ],
    },
  },
};

describe('The tables of the documents', () => {
  const order = ['warm', 'peers', 'short', 'cold'];
  const rows = (barsOnly: boolean): string[] =>
    tables(results, { barsOnly, order }).split('\n').slice(4);

  it('have one row for figures that differ in the language, and say which are missed', () => {
    expect(rows(false)).toEqual([
      '| Section | Figure | Against | Ratio | Rounds | Bar |',
      '|---|---|---|---|---|---|',
      '| warm | warm p50, 1 in flight: Node.js, Python | floor | 0.4, 0.6 | 0.3–0.5, 0.5–0.7 | ≤ 0.5, 1 missed |',
      '| warm | warm p99, 1 in flight: Node.js | floor | 2 | 1.9–2.1 |  |',
      '| peers | p50: Node.js | a peer | 3 | 2.9–3.1 |  |',
      '| peers | peer: p50: Node.js | floor | 1 | 0.9–1.1 |  |',
    ]);
  });

  it('have what there is a bar for and what peers do, where only that is asked for', () => {
    expect(rows(true).slice(2)).toEqual([
      expect.stringContaining('| warm p50'),
      expect.stringContaining('| peers | p50: Node.js | a peer |'),
    ]);
  });

  it('stand between the markers, and nothing else is touched', () => {
    const text = 'a\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nb\n';
    const once = between(text, 'new', 'README.md');
    expect(once).toBe('a\n<!-- figures: begin -->\nnew\n<!-- figures: end -->\nb\n');
    expect(between(once, 'new', 'README.md')).toBe(once);
    expect(() => between('no markers', 'new', 'README.md')).toThrow('README.md lacks the line');
  });

  it('have their place in README.md and ARCHITECTURE.md', () => {
    for (const file of ['README.md', 'ARCHITECTURE.md']) {
      const text = readFileSync(join(packageRoot(), file), 'utf8');
      expect(between(text, '| a |', file)).toContain('| a |');
    }
  });
});
