/** Branches of Parallel states and items of Map states. */

import { argumentsOf, effectiveInput, field, numberField, value, type Place } from './data.js';
import { Aborted, Suspended } from './effects.js';
import { runtimeError, StateFailed } from './failure.js';
import { isJsonMap, type Json, type JsonMap } from './json.js';
import { fill, require } from './lookup.js';
import { processorOf, type Machine } from './machine.js';
import type { Running } from './running.js';
import { firstCursor, Thread } from './thread.js';

/** Contract 11.16: at most so many items at a time. */
const MOST_AT_A_TIME = 40;
const TOO_MANY_FAILED = 'States.ExceedToleratedFailureThreshold';

export async function runParallel(run: Running, thread: Thread, place: Place): Promise<Json> {
  const { Branches: branches = [] } = place.state;
  const input = await argumentsOf(place);
  begin(thread, 'ParallelStateStarted');
  const children = branches.map((machine, index) => ({ machine, index, input }));
  return settle(thread, 'Parallel', () => runAll(run, thread, { children, most: branches.length }));
}

export async function runMap(run: Running, thread: Thread, place: Place): Promise<Json> {
  const machine = processorOf(place.state);
  if (machine === undefined) throw runtimeError('The state has no ItemProcessor.');
  const items = await itemsOf(place);
  const written = (await numberField(place, 'MaxConcurrency')) ?? 0;
  const most = written === 0 ? MOST_AT_A_TIME : Math.min(written, MOST_AT_A_TIME);
  const tolerated = await toleratedOf(place, items.length);
  begin(thread, 'MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const children: Child[] = [];
  for (const [index, item] of items.entries()) {
    const element: JsonMap = { Index: index, Value: item };
    children.push({
      machine,
      index,
      input: await selected(place, element, item),
      item: element,
      name: place.name,
    });
  }
  return settle(thread, 'Map', () => runAll(run, thread, { children, most, tolerated }));
}

async function settle(
  thread: Thread,
  type: 'Parallel' | 'Map',
  work: () => Promise<Json>,
): Promise<Json> {
  try {
    const output = await work();
    thread.tell(`${type}StateSucceeded`);
    return output;
  } catch (error) {
    if (error instanceof StateFailed) {
      thread.tell(
        `${type}StateFailed`,
        type === 'Map' ? { mapStateFailedEventDetails: { ...error.failure } } : undefined,
      );
    }
    throw error;
  }
}

function begin(thread: Thread, type: string, details?: Parameters<Thread['tell']>[1]): void {
  if (thread.cursor.entered?.attempt?.started === true) return;
  thread.tell(type, details);
  thread.note((at) => ({ ...at, attempt: { started: true } }));
}

interface Child {
  readonly machine: Machine;
  readonly index: number;
  readonly input: Json;
  readonly item?: JsonMap;
  /** Of the Map state; tells of each item when it is there. */
  readonly name?: string;
}

interface Children {
  readonly children: readonly Child[];
  readonly most: number;
  readonly tolerated?: number;
}

/** Outputs in order; the first failure that is not tolerated ends the others. */
async function runAll(
  run: Running,
  parent: Thread,
  { children, most, tolerated = 0 }: Children,
): Promise<Json> {
  const ending = new AbortController();
  const signal = AbortSignal.any([parent.signal, ending.signal]);
  const { journal } = run.options;
  const { previous: started, variables } = parent.cursor;
  const outputs: Json[] = [];
  const waiting = [...children];
  let last = started;
  let failures = 0;
  let broken: unknown;
  const runOne = async (child: Child): Promise<void> => {
    const { machine, index, input, item, name } = child;
    const scope = parent.scope === '' ? String(index) : `${parent.scope}/${index}`;
    const start = firstCursor(machine, input, variables, started);
    const thread = new Thread({
      scope,
      machine,
      journal,
      signal,
      start,
      ...((item ?? parent.item) === undefined ? {} : { item: item ?? parent.item ?? {} }),
    });
    const told = (kind: string): void => {
      if (name === undefined) return;
      const details = { [`mapIteration${kind}EventDetails`]: { name, index } };
      thread.tell(`MapIteration${kind}`, details);
    };
    const isOver = thread.cursor.ended !== undefined;
    if (thread.cursor === start) told('Started');
    try {
      outputs[index] = await run.thread(thread);
      if (!isOver) told('Succeeded');
    } catch (error) {
      if (error instanceof StateFailed) told('Failed');
      else if (error instanceof Aborted) told('Aborted');
      failures += 1;
      if (error instanceof StateFailed && failures <= tolerated) outputs[index] = standIn(error);
      else if (broken === undefined || error instanceof Suspended) {
        broken = failures > 1 && tolerated > 0 && error instanceof StateFailed ? exceeded() : error;
        ending.abort();
      }
    } finally {
      last = Math.max(last, thread.previous);
    }
  };
  const worker = async (): Promise<void> => {
    for (let child = waiting.shift(); child !== undefined; child = waiting.shift()) {
      if (broken === undefined) await runOne(child);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, children.length) }, worker));
  parent.behind(last);
  if (broken !== undefined) throw broken;
  return outputs;
}

/** What stands for an item whose failure is tolerated. */
function standIn({ failure }: StateFailed): Json {
  return { Error: failure.error, Cause: failure.cause ?? '' };
}

function exceeded(): StateFailed {
  return new StateFailed(TOO_MANY_FAILED, 'The specified tolerated failure threshold was exceeded');
}

async function itemsOf(place: Place): Promise<readonly Json[]> {
  const { state, language } = place;
  const input = effectiveInput(place);
  const found =
    language === 'JSONata'
      ? await field(place, 'Items')
      : state.ItemsPath === undefined
        ? input
        : require(state.ItemsPath, 'ItemsPath', input, place);
  const items = found ?? input;
  if (Array.isArray(items)) return items as readonly Json[];
  if (isJsonMap(items) && language === 'JSONata') {
    return Object.entries(items).map(([Key, Value]) => ({ Key, Value }));
  }
  throw runtimeError(`Reference path "${state.ItemsPath ?? '$'}" must point to array.`);
}

/** What an item's first state is given. */
function selected(place: Place, element: JsonMap, item: Json): Json | Promise<Json> {
  const { state, language } = place;
  const selector = state.ItemSelector ?? (language === 'JSONPath' ? state.Parameters : undefined);
  if (selector === undefined) return item;
  const around = { ...place, context: { ...place.context, Map: { Item: element } } };
  return language === 'JSONata'
    ? value(around, 'ItemSelector', selector)
    : fill(selector, effectiveInput(place), around);
}

async function toleratedOf(place: Place, items: number): Promise<number> {
  const count = (await numberField(place, 'ToleratedFailureCount')) ?? 0;
  const percentage = (await numberField(place, 'ToleratedFailurePercentage')) ?? 0;
  return Math.max(count, Math.floor((items * percentage) / 100));
}
