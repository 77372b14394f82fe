/** An execution as a graph: states, where they lead, and what became of each. Pure. */

import { isJsonMap, type JsonMap } from '../interpreter/json.js';
import type { HistoryEvent } from '../records.js';

export const OUTCOMES = [
  'succeeded',
  'caught',
  'failed',
  'running',
  'aborted',
  'untouched',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface GraphState {
  /** Such as `s3`. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly outcome: Outcome;
  /** How often it was entered. */
  readonly visits: number;
  /** What is inside: branches of a Parallel state, the processor of a Map state. */
  readonly inside: readonly Graph[];
}

export interface GraphEdge {
  /** Undefined: the start. */
  readonly from: string | undefined;
  /** Undefined: the end. */
  readonly to: string | undefined;
  readonly label?: string;
  readonly taken: boolean;
}

export interface Graph {
  readonly states: readonly GraphState[];
  readonly edges: readonly GraphEdge[];
}

export interface Story {
  readonly definition: unknown;
  readonly events: readonly HistoryEvent[];
  /** Whether the execution is still under way. */
  readonly running: boolean;
}

export function graphOf({ definition, events, running }: Story): Graph {
  const steps = stepsOf(events, running);
  let last = 0;
  const nextId = (): string => {
    last += 1;
    return `s${last}`;
  };
  const read = (machine: JsonMap): Graph => {
    const states = Object.entries(isJsonMap(machine['States']) ? machine['States'] : {}).flatMap(
      ([name, state]) => (isJsonMap(state) ? [[name, state, nextId()] as const] : []),
    );
    const ids = new Map(states.map(([name, , id]) => [name, id]));
    const start = ids.get(String(machine['StartAt']));
    return {
      states: states.map(([name, state, id]) => {
        const visited = steps.visits.get(name);
        return {
          id,
          name,
          type: String(state['Type']),
          outcome: visited?.outcome ?? 'untouched',
          visits: visited?.count ?? 0,
          inside: machinesIn(state).map(read),
        };
      }),
      edges: [
        ...(start === undefined
          ? []
          : [
              {
                from: undefined,
                to: start,
                taken: steps.visits.has(String(machine['StartAt'])),
              },
            ]),
        ...states.flatMap(([name, state, id]) =>
          leadsOf(state).map(({ to, label }) => ({
            from: id,
            to: to === undefined ? undefined : ids.get(to),
            ...(label === undefined ? {} : { label }),
            taken:
              to === undefined
                ? ['succeeded', 'failed'].includes(steps.visits.get(name)?.outcome ?? '')
                : steps.taken.has(`${name}\n${to}`),
          })),
        ),
      ],
    };
  };
  return read(isJsonMap(definition) ? definition : {});
}

interface Steps {
  readonly visits: ReadonlyMap<string, { readonly outcome: Outcome; readonly count: number }>;
  /** Pairs of names, with a new line between. */
  readonly taken: ReadonlySet<string>;
}

/** Worse ones hide better ones where a state was entered more than once. */
const WORST: readonly Outcome[] = ['failed', 'running', 'aborted', 'caught', 'succeeded'];

function stepsOf(events: readonly HistoryEvent[], running: boolean): Steps {
  const byId = new Map(events.map((event) => [event.id, event]));
  const outcomes = new Map<number, { readonly name: string; outcome: Outcome }>();
  const taken = new Set<string>();
  for (const event of events) {
    const { id, type, details, previousEventId } = event;
    const entered = details['stateEnteredEventDetails']?.['name'];
    if (typeof entered === 'string') {
      outcomes.set(id, { name: entered, outcome: running ? 'running' : 'failed' });
      const before = byId.get(previousEventId)?.details['stateExitedEventDetails']?.['name'];
      if (typeof before === 'string') taken.add(`${before}\n${entered}`);
    }
    const exited = details['stateExitedEventDetails']?.['name'];
    if (typeof exited === 'string' || type.endsWith('StateAborted')) {
      const entry = entryOf(event, { byId, outcomes, name: exited });
      const failed = /(?:Failed|TimedOut)$/.test(byId.get(previousEventId)?.type ?? '');
      const done = failed ? 'caught' : 'succeeded';
      if (entry !== undefined) entry.outcome = exited === undefined ? 'aborted' : done;
    }
  }
  const visits = new Map<string, { outcome: Outcome; count: number }>();
  for (const { name, outcome } of outcomes.values()) {
    const known = visits.get(name);
    const worst = WORST.find((each) => each === outcome || each === known?.outcome) ?? outcome;
    visits.set(name, { outcome: worst, count: (known?.count ?? 0) + 1 });
  }
  return { visits, taken };
}

/** The entry that an exit or an abort belongs to: the nearest one behind it. */
function entryOf(
  event: HistoryEvent,
  {
    byId,
    outcomes,
    name,
  }: {
    readonly byId: ReadonlyMap<number, HistoryEvent>;
    readonly outcomes: ReadonlyMap<number, { readonly name: string; outcome: Outcome }>;
    readonly name: unknown;
  },
): { outcome: Outcome } | undefined {
  let at: HistoryEvent | undefined = byId.get(event.previousEventId);
  while (at !== undefined) {
    const entry = outcomes.get(at.id);
    if (entry !== undefined && (name === undefined || entry.name === name)) return entry;
    at = byId.get(at.previousEventId);
  }
  return undefined;
}

interface Lead {
  /** Undefined: the end. */
  readonly to: string | undefined;
  readonly label?: string;
}

function leadsOf(state: JsonMap): Lead[] {
  const { Next: next, End: end, Default: fallback, Choices: choices, Catch: catchers } = state;
  const type = String(state['Type']);
  const leads: Lead[] = [];
  if (typeof next === 'string') leads.push({ to: next });
  if (end === true || type === 'Succeed' || type === 'Fail') leads.push({ to: undefined });
  for (const [index, rule] of listOf(choices).entries()) {
    if (typeof rule['Next'] === 'string')
      leads.push({ to: rule['Next'], label: ruleText(rule, index) });
  }
  if (typeof fallback === 'string') leads.push({ to: fallback, label: 'default' });
  for (const catcher of listOf(catchers)) {
    const names = catcher['ErrorEquals'];
    const label = Array.isArray(names) ? names.join(', ') : '';
    if (typeof catcher['Next'] === 'string') leads.push({ to: catcher['Next'], label });
  }
  return leads;
}

/** A rule in a few words. */
function ruleText(rule: JsonMap, index: number): string {
  const { Comment: comment, Condition: condition, Variable: variable } = rule;
  if (typeof comment === 'string') return comment;
  if (typeof condition === 'string') return condition.replace(/^\{%\s*|\s*%\}$/g, '');
  if (typeof variable !== 'string') return `rule ${index + 1}`;
  const operator = Object.keys(rule).find((key) => key !== 'Variable' && key !== 'Next') ?? '';
  const [, sign = ''] = SIGNS.find(([ending]) => operator.endsWith(ending)) ?? [];
  const value = JSON.stringify(rule[operator]) ?? '';
  return sign === '' ? `${variable} ${operator} ${value}` : `${variable} ${sign} ${value}`;
}

const SIGNS: readonly (readonly [string, string])[] = [
  ['GreaterThanEquals', '≥'],
  ['LessThanEquals', '≤'],
  ['GreaterThan', '>'],
  ['LessThan', '<'],
  ['Matches', '~'],
  ['Equals', '='],
];

function machinesIn(state: JsonMap): JsonMap[] {
  const { Branches: branches, ItemProcessor: processor, Iterator: iterator } = state;
  return [...listOf(branches), processor, iterator].filter(isJsonMap);
}

function listOf(value: unknown): JsonMap[] {
  return Array.isArray(value) ? (value as readonly unknown[]).filter(isJsonMap) : [];
}
