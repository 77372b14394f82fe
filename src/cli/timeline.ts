/** What an execution did, line by line, each with its time since the start. Pure. */

import type { ExecutionStory } from '../step-functions/api/shown.js';
import type { HistoryEvent } from '../step-functions/records.js';
import { duration } from './format.js';
import type { Paint } from './paint.js';

const WIDEST = 100;

export function timeline({ execution, events, nowMs }: ExecutionStory, paint: Paint): string[] {
  const { startedAtMs, stoppedAtMs, status } = execution;
  const took = (stoppedAtMs ?? nowMs) - startedAtMs;
  const bad = status !== 'SUCCEEDED' && status !== 'RUNNING';
  const style = bad ? paint.red : paint.green;
  const head = [
    `${execution.arn}`,
    `${style(status)} ${status === 'RUNNING' ? 'for' : 'after'} ${duration(took)}`,
    `input   ${short(execution.input)}`,
    ...(execution.output === undefined ? [] : [`output  ${short(execution.output)}`]),
    ...(execution.error === undefined ? [] : [`error   ${paint.red(execution.error)}`]),
    ...(execution.cause === undefined ? [] : [`cause   ${short(execution.cause)}`]),
    '',
  ];
  const depths = depthsOf(events);
  const lines = events.map((event) => {
    const at = `+${duration(event.atMs - startedAtMs)}`.padStart(12);
    const indent = '  '.repeat(depths.get(event.id) ?? 0);
    const text = `${indent}${event.type}${told(event)}`;
    const isBad = /(?:Failed|TimedOut|Aborted)$/.test(event.type);
    return `${paint.dim(at)}  ${isBad ? paint.red(text) : text}`;
  });
  if (events.length === 0) lines.push(paint.dim('Its events are kept when it is over.'));
  return [...head, ...lines];
}

/** Branches and items stand deeper than the state they are part of. */
function depthsOf(events: readonly HistoryEvent[]): ReadonlyMap<number, number> {
  const depths = new Map<number, number>();
  const openings = new Set<number>();
  for (const { id, type, previousEventId } of events) {
    const before = depths.get(previousEventId) ?? 0;
    const closes = /^(?:Parallel|Map)State(?:Succeeded|Failed)$/.test(type);
    const deeper = openings.has(previousEventId) && !closes;
    depths.set(
      id,
      Math.max(0, before + (deeper ? 1 : 0) - (closes && !openings.has(previousEventId) ? 1 : 0)),
    );
    if (type === 'ParallelStateStarted' || type === 'MapStateStarted') openings.add(id);
  }
  return depths;
}

/** What is worth knowing of an event, in a few words. */
function told({ details }: HistoryEvent): string {
  const [fields = {}] = Object.values(details);
  const parts = [
    fields['name'],
    fields['index'] === undefined ? undefined : `#${String(fields['index'])}`,
    fields['resourceType'] === undefined
      ? fields['resource']
      : `${String(fields['resourceType'])}:${String(fields['resource'])}`,
    fields['length'] === undefined ? undefined : `${String(fields['length'])} items`,
    fields['error'],
    fields['cause'] ?? fields['output'] ?? fields['parameters'] ?? fields['input'],
  ].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? '' : `  ${short(parts.map(String).join('  '))}`;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > WIDEST ? `${line.slice(0, WIDEST - 1)}…` : line;
}
