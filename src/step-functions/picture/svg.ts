/** The graph as a drawing: laid out by dagre, drawn as SVG without scripts or fonts of its own. */

import type * as dagre from '@dagrejs/dagre';
import { COLOURS, TEXT } from './colours.js';
import { OUTCOMES, type Graph, type GraphEdge, type GraphState, type Outcome } from './graph.js';

export interface Caption {
  readonly title: string;
  readonly subtitle: string;
}

const FONT = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif';
const LETTER = 7.2;
const SMALL_LETTER = 5.8;
const HEIGHT = 44;
const DOT = 16;
const BAR = 5;
const MARGIN = 24;
const HEAD = 58;
const LEGEND = 34;
const TITLE = 24;
const LONGEST_NAME = 42;
const LONGEST_LABEL = 34;

interface Drawn {
  readonly state?: GraphState;
  readonly dot?: 'start' | 'end';
  /** Where edges enter or leave this state. */
  readonly bar?: GraphState;
}

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly (Drawn & Box)[];
  readonly clusters: readonly (Box & { readonly state: GraphState })[];
  readonly edges: readonly {
    readonly edge: GraphEdge;
    readonly points: readonly Point[];
    readonly label: Point | undefined;
  }[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export async function svg(graph: Graph, caption: Caption): Promise<string> {
  const layout = laidOut(graph, await import('@dagrejs/dagre'));
  const width = Math.max(layout.width, legendWidth(), caption.title.length * 10) + 2 * MARGIN;
  const height = layout.height + HEAD + LEGEND + 2 * MARGIN;
  const left = Math.max(MARGIN, (width - layout.width) / 2);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="${FONT}" font-size="13">`,
    `<title>${escape(caption.title)}</title>`,
    arrowHeads(),
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    textAt({ x: MARGIN, y: MARGIN + 16 }, caption.title, 'font-size="18" font-weight="600"'),
    textAt({ x: MARGIN, y: MARGIN + 36 }, caption.subtitle, 'fill="#5f6368"'),
    `<g transform="translate(${round(left)} ${HEAD + MARGIN})">`,
    ...[...layout.clusters].sort((one, other) => area(other) - area(one)).map(clusterOf),
    ...[...layout.edges].sort((one) => (one.edge.taken ? 1 : -1)).map(edgeOf),
    ...layout.nodes.map(nodeOf),
    ...layout.clusters.map(clusterTitle),
    '</g>',
    legend(height - MARGIN),
    '</svg>',
    '',
  ].join('\n');
}

interface Door {
  readonly first: string;
  readonly last: string;
}

interface NamedEdge {
  readonly from: string;
  readonly to: string;
  readonly name: string;
  readonly edge: GraphEdge;
}

/** The graph as dagre takes it: one level, with parents. */
class Plan {
  readonly drawn = new Map<string, Drawn & { readonly width: number; readonly height: number }>();
  readonly clusters = new Map<string, GraphState>();
  readonly parents = new Map<string, string>();
  readonly edges: NamedEdge[] = [];

  /** The whole: from one dot to another. */
  whole(graph: Graph): void {
    const door = { first: 'start', last: 'end' };
    this.#add(door.first, { dot: 'start', width: DOT, height: DOT }, undefined);
    this.#add(door.last, { dot: 'end', width: DOT, height: DOT }, undefined);
    this.#read(graph, 'm', { door });
  }

  #read(
    graph: Graph,
    key: string,
    { door, parent }: { readonly door: Door; readonly parent?: string },
  ): void {
    const doors = new Map(graph.states.map((state) => [state.id, this.#state(state, parent)]));
    for (const [index, edge] of graph.edges.entries()) {
      const from = edge.from === undefined ? door.first : doors.get(edge.from)?.last;
      const to = edge.to === undefined ? door.last : doors.get(edge.to)?.first;
      if (from === undefined || to === undefined) continue;
      this.edges.push({ from, to, name: `${key}${index}`, edge });
    }
  }

  #state(state: GraphState, parent: string | undefined): Door {
    if (state.inside.length === 0) {
      this.#add(state.id, { state, width: widthOf(state), height: HEIGHT }, parent);
      return { first: state.id, last: state.id };
    }
    this.clusters.set(state.id, state);
    if (parent !== undefined) this.parents.set(state.id, parent);
    // Edges lead to states, never to what holds them: one bar where they come in, one where they go.
    const door = { first: `${state.id}in`, last: `${state.id}out` };
    const bar = { bar: state, width: Math.max(72, widthOf(state) - 48), height: BAR };
    this.#add(door.first, bar, state.id);
    this.#add(door.last, bar, state.id);
    for (const [index, inner] of state.inside.entries()) {
      this.#read(inner, `${state.id}b${index}`, { door, parent: state.id });
    }
    return door;
  }

  #add(
    id: string,
    what: Drawn & { readonly width: number; readonly height: number },
    parent: string | undefined,
  ): void {
    this.drawn.set(id, what);
    if (parent !== undefined) this.parents.set(id, parent);
  }
}

function laidOut(graph: Graph, library: typeof dagre): Layout {
  const plan = new Plan();
  plan.whole(graph);
  const g = new library.Graph({ compound: true, multigraph: true });
  g.setGraph({ rankdir: 'TB', nodesep: 36, ranksep: 46, marginx: 4, marginy: 4 });
  for (const id of plan.clusters.keys()) g.setNode(id, {});
  for (const [id, { width, height }] of plan.drawn) g.setNode(id, { width, height });
  for (const [id, parent] of plan.parents) g.setParent(id, parent);
  for (const { from, to, name, edge } of plan.edges) {
    const label = edge.label === undefined ? '' : shortened(edge.label, LONGEST_LABEL);
    const size = { width: label.length * SMALL_LETTER + 8, height: 16, labelpos: 'c' as const };
    g.setEdge(from, to, label === '' ? {} : size, name);
  }
  library.layout(g);
  const whole = g.graph() as { width?: number; height?: number };
  const boxOf = (id: string): Box => pick(g.node(id) as unknown as Box);
  return {
    width: whole.width ?? 0,
    height: whole.height ?? 0,
    nodes: [...plan.drawn].map(([id, what]) => ({ ...what, ...boxOf(id) })),
    clusters: [...plan.clusters].map(([id, state]) => ({ state, ...boxOf(id) })),
    edges: plan.edges.map(({ from, to, name, edge }) => {
      const found = g.edge({ v: from, w: to, name }) as unknown as Partial<Point> & {
        points: Point[];
      };
      const { points, x, y } = found;
      return { edge, points, label: x === undefined || y === undefined ? undefined : { x, y } };
    }),
  };
}

function pick({ x, y, width, height }: Box): Box {
  return { x, y, width, height };
}

function widthOf({ name, visits, type }: GraphState): number {
  const letters = Math.max(Math.min(name.length, LONGEST_NAME) + (visits > 1 ? 4 : 0), type.length);
  return Math.max(96, letters * LETTER + 32);
}

function nodeOf(node: Drawn & Box): string {
  const { state, dot, bar, x, y } = node;
  if (bar !== undefined) return rect(node, `rx="2" fill="${COLOURS[bar.outcome].line}"`);
  if (dot !== undefined) {
    const inner =
      dot === 'end' ? `<circle cx="${round(x)}" cy="${round(y)}" r="4" fill="#5f6368"/>` : '';
    const fill = dot === 'end' ? '#ffffff' : '#5f6368';
    return `<circle cx="${round(x)}" cy="${round(y)}" r="7" fill="${fill}" stroke="#5f6368"/>${inner}`;
  }
  if (state === undefined) return '';
  const { fill, line } = COLOURS[state.outcome];
  const dashed = state.outcome === 'untouched' ? ' stroke-dasharray="4 3"' : '';
  const box = rect(node, `rx="8" fill="${fill}" stroke="${line}" stroke-width="1.6"${dashed}`);
  const times = state.visits > 1 ? ` ×${state.visits}` : '';
  const name = `${shortened(state.name, LONGEST_NAME)}${times}`;
  const middle = 'text-anchor="middle"';
  return `<g>${box}${textAt({ x, y: y - 2 }, name, `${middle} font-weight="600"`)}${textAt({ x, y: y + 14 }, state.type, `${middle} font-size="11" fill="#5f6368"`)}</g>`;
}

function clusterOf(cluster: Box & { readonly state: GraphState }): string {
  const { fill, line } = COLOURS[cluster.state.outcome];
  const dashed = cluster.state.outcome === 'untouched' ? ' stroke-dasharray="4 3"' : '';
  const look = `rx="12" fill="${fill}" fill-opacity="0.35" stroke="${line}" stroke-width="1.4"${dashed}`;
  return rect(withTitle(cluster), look);
}

/** Above the edges that cross it. */
function clusterTitle(cluster: Box & { readonly state: GraphState }): string {
  const { state } = cluster;
  const { x, y, width, height } = withTitle(cluster);
  const times = state.visits > 1 ? ` ×${state.visits}` : '';
  const name = `${shortened(state.name, LONGEST_NAME)}${times} · ${state.type}`;
  const halo = 'font-weight="600" paint-order="stroke" stroke="#ffffff" stroke-width="4"';
  return textAt({ x: x - width / 2 + 12, y: y - height / 2 + 18 }, name, halo);
}

function withTitle({ x, y, width, height }: Box): Box {
  return { x, y: y - TITLE / 2, width, height: height + TITLE };
}

function edgeOf({ edge, points, label }: Layout['edges'][number]): string {
  const colour = edge.taken ? '#3c4043' : '#b8bcc2';
  const width = edge.taken ? 1.8 : 1.2;
  const head = edge.taken ? 'taken' : 'left';
  const path = `<path d="${curve(points)}" fill="none" stroke="${colour}" stroke-width="${width}" marker-end="url(#${head})"/>`;
  if (edge.label === undefined || label === undefined) return path;
  const text = shortened(edge.label, LONGEST_LABEL);
  const box = { ...label, width: text.length * SMALL_LETTER + 6, height: 15 };
  const under = rect(box, 'rx="3" fill="#ffffff" fill-opacity="0.9"');
  return `${path}${under}${textAt({ x: label.x, y: label.y + 4 }, text, `text-anchor="middle" font-size="11" fill="${edge.taken ? TEXT : '#80868b'}"`)}`;
}

/** Through the middle of each two points, bent at the points. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const pieces = rest.map((point, index) => {
    const next = rest[index + 1];
    if (next === undefined) return `L${round(point.x)} ${round(point.y)}`;
    const middle = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${round(point.x)} ${round(point.y)} ${round(middle.x)} ${round(middle.y)}`;
  });
  return `M${round(first.x)} ${round(first.y)}${pieces.join('')}`;
}

function arrowHeads(): string {
  const head = (id: string, colour: string): string =>
    `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8Z" fill="${colour}"/></marker>`;
  return `<defs>${head('taken', '#3c4043')}${head('left', '#b8bcc2')}</defs>`;
}

const LEGEND_WIDTHS = OUTCOMES.map((outcome) => outcome.length * 7 + 34);

function legendWidth(): number {
  return LEGEND_WIDTHS.reduce((sum, width) => sum + width, 0);
}

function legend(y: number): string {
  const items = OUTCOMES.map((outcome: Outcome, index) => {
    const x = MARGIN + LEGEND_WIDTHS.slice(0, index).reduce((sum, width) => sum + width, 0);
    const { fill, line } = COLOURS[outcome];
    const dashed = outcome === 'untouched' ? ' stroke-dasharray="3 2"' : '';
    return `<rect x="${x}" y="${round(y - 11)}" width="14" height="14" rx="3" fill="${fill}" stroke="${line}"${dashed}/>${textAt({ x: x + 20, y }, outcome, 'font-size="12" fill="#5f6368"')}`;
  });
  return items.join('');
}

function rect({ x, y, width, height }: Box, more: string): string {
  return `<rect x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${round(width)}" height="${round(height)}" ${more}/>`;
}

function textAt({ x, y }: Point, text: string, more: string): string {
  const fill = more.includes('fill=') ? '' : ` fill="${TEXT}"`;
  return `<text x="${round(x)}" y="${round(y)}" ${more}${fill}>${escape(text)}</text>`;
}

function area({ width, height }: Box): number {
  return width * height;
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
