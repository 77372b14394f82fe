/** The graph as a state diagram of Mermaid. Pure. */

import { COLOURS, TEXT } from './colours.js';
import { OUTCOMES, type Graph, type GraphState, type Outcome } from './graph.js';

/** What stands behind the name of a state that holds others: those take no colours. */
const MARKS: Readonly<Record<Outcome, string>> = {
  succeeded: ' ✓',
  caught: ' ⚠',
  failed: ' ✗',
  running: ' …',
  aborted: ' ⊘',
  untouched: '',
};

export function mermaid(graph: Graph): string {
  const classes = OUTCOMES.map(
    (outcome) =>
      `  classDef ${outcome} fill:${COLOURS[outcome].fill},stroke:${COLOURS[outcome].line},color:${TEXT}`,
  );
  return ['stateDiagram-v2', ...lines(graph, '  '), ...classes, ...colours(graph), ''].join('\n');
}

function lines({ states, edges }: Graph, indent: string): string[] {
  return [
    ...states.flatMap((state) => stateLines(state, indent)),
    ...edges.map(({ from = '[*]', to = '[*]', label }) => {
      const told = label === undefined ? '' : `: ${plain(label)}`;
      return `${indent}${from} --> ${to}${told}`;
    }),
  ];
}

function stateLines({ id, name, visits, outcome, inside }: GraphState, indent: string): string[] {
  const times = visits > 1 ? ` ×${visits}` : '';
  const mark = inside.length === 0 ? '' : MARKS[outcome];
  const head = `${indent}state "${plain(name)}${times}${mark}" as ${id}`;
  if (inside.length === 0) return [head];
  const branches = inside.flatMap((graph, index) => [
    ...(index === 0 ? [] : [`${indent}  --`]),
    ...lines(graph, `${indent}  `),
  ]);
  return [`${head} {`, ...branches, `${indent}}`];
}

function colours({ states }: Graph): string[] {
  return states.flatMap(({ id, outcome, inside }) =>
    inside.length === 0 ? [`  class ${id} ${outcome}`] : inside.flatMap(colours),
  );
}

/** Without what means something to Mermaid. */
function plain(text: string): string {
  return text
    .replaceAll('"', "'")
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll(':', '∶')
    .replace(/[\n;#{}]/g, ' ');
}
