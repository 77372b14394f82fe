/**
 * A comparison as a picture: what each policy wastes for its cold starts, and how they fare with
 * the memory of the first one. SVG that follows the reader's light or dark. Pure.
 */

import { CLAIRVOYANT, type Comparison, type Place, type Row } from './compare.js';

const WIDTH = 960;
const HEIGHT = 440;
const TOP = 72;
const BOTTOM = 368;
const LEFT_PANEL = { from: 76, to: 520 };
const RIGHT_PANEL = { from: 690, to: 936 };

const STYLE = `
  svg { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --faint: #59636e; --grid: #d1d9e0;
    --fixed: #59636e; --greedy-dual: #9a6700; --hybrid: #8250df; --learned: #0969da; --clairvoyant: #1a7f37; }
  @media (prefers-color-scheme: dark) { svg { --page: #0d1117; --text: #f0f6fc; --faint: #9198a1; --grid: #3d444d;
    --fixed: #9198a1; --greedy-dual: #d29922; --hybrid: #ab7df8; --learned: #4493f8; --clairvoyant: #3fb950; } }
  text { font: 13px system-ui, sans-serif; fill: var(--text); }
  .title { font-weight: 600; font-size: 15px; }
  .faint { fill: var(--faint); font-size: 12px; }
  .grid { stroke: var(--grid); stroke-width: 1; }
`;

/** @param title what was replayed */
export function chartOf(comparison: Comparison, title: string): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--page)"/>`,
    text(24, 28, title, { class: 'title' }),
    ...places(comparison),
    ...bars(comparison),
    '</svg>',
    '',
  ].join('\n');
}

// On the left: waste across, cold starts up, the latter by powers of ten.

function places({ rows, curves, bound }: Comparison): string[] {
  const given = rows.filter(({ measure }) => measure === 'as-given');
  const all: Place[] = [...[...curves.values()].flat(), ...given.map(({ score }) => score), bound];
  const most = Math.max(...all.map(({ wastedGbSeconds }) => wastedGbSeconds), 1);
  const [low, high] = powersOfTen(all.map(({ coldRatio }) => coldRatio));
  const x = (value: number): number => LEFT_PANEL.from + (value / most) * span(LEFT_PANEL);
  const y = (value: number): number =>
    BOTTOM -
    (Math.log10(clamped(value, low, high) / low) / Math.log10(high / low)) * (BOTTOM - TOP);
  const at = ({ wastedGbSeconds, coldRatio }: Place): [number, number] => [
    x(wastedGbSeconds),
    y(coldRatio),
  ];
  return [
    text(24, 54, 'Cold starts of all invocations', { class: 'faint' }),
    ...powers(low, high).flatMap((value) => [
      line(LEFT_PANEL.from, y(value), LEFT_PANEL.to, y(value)),
      text(LEFT_PANEL.from - 8, y(value) + 4, percent(value), { class: 'faint', anchor: 'end' }),
    ]),
    ...roundSteps(most).flatMap((value) => [
      text(x(value), BOTTOM + 20, short(value), { class: 'faint', anchor: 'middle' }),
    ]),
    text(middle(LEFT_PANEL), BOTTOM + 42, 'Wasted memory over the trace, GB·s', {
      class: 'faint',
      anchor: 'middle',
    }),
    ...[...curves].map(([name, curve]) => path(colour(name), curve.map(at))),
    ...labelled([
      ...given.map(({ policy, score }) => ({ name: policy, place: at(score) })),
      { name: `${CLAIRVOYANT} bound`, place: at(bound) },
    ]),
  ];
}

/**
 * Dots with their names, in their colour: curves fall to the right, so there is room above to the right, and below to
 * the left for what saves most. Each name is clear of those before it.
 */
function labelled(dots: readonly { name: string; place: [number, number] }[]): string[] {
  const taken: [number, number][] = [];
  return dots.flatMap(({ name, place: [x, y] }) => {
    const below = /^(learned|clairvoyant)/.test(name);
    const left = below || x > LEFT_PANEL.to - 110;
    let height = below ? y + 16 : left ? y - 28 : y - 8;
    while (taken.some(([ox, oy]) => Math.abs(ox - x) < 130 && Math.abs(oy - height) < 15)) {
      height += below ? 15 : -15;
    }
    taken.push([x, height]);
    return [
      `<circle cx="${round(x)}" cy="${round(y)}" r="5" fill="${colour(name)}"/>`,
      text(left ? x - 9 : x + 9, height, name, {
        anchor: left ? 'end' : 'start',
        fill: colour(name),
      }),
    ];
  });
}

// On the right: with the memory of the first policy, a bar for each of the others.

function bars({ rows, bound }: Comparison): string[] {
  const first = rows[0] as Row;
  const same = rows.filter(({ measure }) => measure !== 'as-given');
  const shown: [name: string, note: string, ratio: number][] = [
    [first.policy, '', first.score.coldRatio],
    ...(same.length > 0 ? same : rows.slice(1)).map(
      ({ policy, measure, score }): [string, string, number] => [
        policy,
        measure === 'same-waste' ? 'as much wasted' : measure === 'same-room' ? 'same room' : '',
        score.coldRatio,
      ],
    ),
    [`${CLAIRVOYANT} bound`, 'as much wasted', bound.coldRatio],
  ];
  const most = Math.max(...shown.map(([, , ratio]) => ratio), 1e-9);
  const step = (BOTTOM - TOP) / shown.length;
  const height = Math.min(22, step * 0.6);
  return [
    text(RIGHT_PANEL.from - 130, 54, `Cold starts with the memory of ${first.policy}`, {
      class: 'faint',
    }),
    ...shown.flatMap(([name, note, ratio], index) => {
      const y = TOP + index * step + (step - height) / 2;
      const width = Math.max(1, (ratio / most) * (span(RIGHT_PANEL) - 50));
      return [
        `<rect x="${RIGHT_PANEL.from}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="2" fill="${colour(name)}"/>`,
        text(RIGHT_PANEL.from - 8, y + height / 2 + (note === '' ? 4 : -1), name, {
          anchor: 'end',
        }),
        ...(note === ''
          ? []
          : [
              text(RIGHT_PANEL.from - 8, y + height / 2 + 13, note, {
                class: 'faint',
                anchor: 'end',
              }),
            ]),
        text(RIGHT_PANEL.from + width + 6, y + height / 2 + 4, percent(ratio), {}),
      ];
    }),
  ];
}

function colour(name: string): string {
  return `var(--${/^[a-z]+(-[a-z]+)?/.exec(name)?.[0] ?? 'fixed'})`;
}

function text(
  x: number,
  y: number,
  content: string,
  look: { class?: string; anchor?: string; fill?: string },
): string {
  const kind = look.class === undefined ? '' : ` class="${look.class}"`;
  const anchor = look.anchor === undefined ? '' : ` text-anchor="${look.anchor}"`;
  const fill = look.fill === undefined ? '' : ` style="fill:${look.fill}"`;
  return `<text x="${round(x)}" y="${round(y)}"${kind}${anchor}${fill}>${escaped(content)}</text>`;
}

function line(fromX: number, fromY: number, toX: number, toY: number): string {
  return `<line class="grid" x1="${round(fromX)}" y1="${round(fromY)}" x2="${round(toX)}" y2="${round(toY)}"/>`;
}

function path(stroke: string, points: readonly (readonly [number, number])[]): string {
  const d = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`);
  return `<path d="${d.join('')}" fill="none" stroke="${stroke}" stroke-width="2" stroke-linejoin="round"/>`;
}

function span({ from, to }: { from: number; to: number }): number {
  return to - from;
}

function middle({ from, to }: { from: number; to: number }): number {
  return (from + to) / 2;
}

function clamped(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Powers of ten around the values; those that are zero stand at the bottom. */
function powersOfTen(values: readonly number[]): [number, number] {
  const above = values.filter((value) => value > 0);
  if (above.length === 0) return [0.001, 1];
  const low = 10 ** Math.floor(Math.log10(Math.min(...above)));
  return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(...above))))];
}

function powers(low: number, high: number): number[] {
  const count = Math.round(Math.log10(high / low));
  return Array.from({ length: count + 1 }, (_, index) => low * 10 ** index);
}

/** Four to nine round numbers up to `most`. */
function roundSteps(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most));
  const step = most / power < 2 ? power / 4 : most / power < 5 ? power / 2 : power;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(2))} %`;
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  return value >= 1e3
    ? `${Number((value / 1e3).toPrecision(3))} k`
    : `${Number(value.toPrecision(3))}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
